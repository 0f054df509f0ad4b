//! Two schemas of one value, side by side.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::{
    direction::Change,
    form::{Annotations, Form, text},
    overlap::may_match_twice,
    walk::Walk,
};

impl Walk<'_> {
    pub(super) fn compare_forms(&mut self, path: &str, old: &Form, new: &Form) {
        if let (Some(before), Some(after)) = (&old.name, &new.name) {
            self.compare_null(path, old, new);
            self.compare_secrets(path, old.secret, new.secret);
            self.compare_annotations(path, &old.annotations, &new.annotations);
            self.enter(path, before, after);
            return;
        }
        self.compare_content(path, old, new);
        self.compare_secrets(path, old.secret, new.secret);
        self.compare_annotations(path, &old.all_annotations(), &new.all_annotations());
    }

    /// Compares which values there are.
    pub(super) fn compare_content(&mut self, path: &str, old: &Form, new: &Form) {
        let takes_anything = |form: &Form| form.is_any() && form.null && form.members.is_empty();
        match (takes_anything(old), takes_anything(new)) {
            _ if old.variants.is_empty() && new.variants.is_empty() => self.compare_values(path, old, new),
            (_, true) => self.say(Change::TypeWidened, path, Some(old.describe()), Some(new.describe())),
            (true, _) => self.say(Change::TypeNarrowed, path, Some(old.describe()), Some(new.describe())),
            (false, false) => self.compare_variants(path, old, new),
        }
    }

    pub(super) fn compare_secrets(&mut self, path: &str, old: bool, new: bool) {
        match (old, new) {
            (false, true) => self.say(Change::SecretAdded, path, None, None),
            (true, false) => self.say(Change::SecretRemoved, path, None, None),
            _ => {}
        }
    }

    fn compare_values(&mut self, path: &str, old: &Form, new: &Form) {
        let (mut narrowed, mut widened) = (false, false);
        match (&old.kinds, &new.kinds) {
            (None, None) => {}
            (None, Some(_)) => narrowed = true,
            (Some(_), None) => widened = true,
            (Some(before), Some(after)) => {
                narrowed = !covers(after, before);
                widened = !covers(before, after);
            }
        }
        match (&old.values, &new.values) {
            (None, Some(_)) => narrowed = true,
            (Some(_), None) => widened = true,
            _ => {}
        }
        let change = match (narrowed, widened) {
            (true, true) => Some(Change::TypeChanged),
            (true, false) => Some(Change::TypeNarrowed),
            (false, true) => Some(Change::TypeWidened),
            (false, false) => None,
        };
        if let Some(change) = change {
            self.say(change, path, Some(old.describe()), Some(new.describe()));
        }
        if change == Some(Change::TypeChanged) {
            return;
        }
        if !old.is_any() && !new.is_any() {
            self.compare_null(path, old, new);
        }
        if let (Some(old), Some(new)) = (&old.values, &new.values) {
            self.compare_enumerations(path, old, new);
        }
        self.compare_members(path, old, new);
    }

    pub(super) fn compare_null(&mut self, path: &str, old: &Form, new: &Form) {
        let change = match (old.null, new.null) {
            (false, true) => Change::NullableAdded,
            (true, false) => Change::NullableRemoved,
            _ => return,
        };
        self.say(change, path, Some(old.describe()), Some(new.describe()));
    }

    fn compare_enumerations(&mut self, path: &str, old: &[(Value, Annotations)], new: &[(Value, Annotations)]) {
        let find = |all: &[(Value, Annotations)], value: &Value| all.iter().position(|(other, _)| other == value);
        for (value, annotations) in old {
            let (path, value_text) = (format!("{path}={}", text(value)), text(value));
            match find(new, value) {
                None => self.say(Change::ValueRemoved, &path, Some(value_text), None),
                Some(place) => self.compare_annotations(&path, annotations, &new[place].1),
            }
        }
        for (value, _) in new.iter().filter(|(value, _)| find(old, value).is_none()) {
            self.say(Change::ValueAdded, &format!("{path}={}", text(value)), None, Some(text(value)));
        }
    }

    /// Variants are told apart by what tells them apart on the wire, not by their order.
    fn compare_variants(&mut self, path: &str, old: &Form, new: &Form) {
        let union = self.begin_union();
        let (pairs, removed, added) = matched(variants(old), variants(new));
        if pairs.is_empty() {
            self.say(Change::TypeChanged, path, Some(old.describe()), Some(new.describe()));
        } else {
            for ((label, variant), other) in &pairs {
                let is_values = variant.values.is_some() && other.values.is_some();
                let path = if is_values { path.to_owned() } else { format!("{path}[{label}]") };
                self.compare_forms(&path, variant, other);
            }
            for label in removed {
                self.say(Change::TypeNarrowed, &format!("{path}[{label}]"), Some(label), None);
            }
            for label in added {
                self.say(Change::TypeWidened, &format!("{path}[{label}]"), None, Some(label));
            }
        }
        if [old, new].into_iter().any(may_match_twice) {
            self.end_overlapping_union(&union, path, old.describe(), new.describe());
        }
        self.compare_null(path, old, new);
        let beside = |form: &Form| Form { variants: Vec::new(), ..form.as_variant() };
        match (old.union, new.union) {
            (Some(before), Some(after)) => {
                if before != after {
                    self.say(Change::Unknown, path, Some(before.to_owned()), Some(after.to_owned()));
                }
                self.compare_values(path, &beside(old), &beside(new));
            }
            (before, after) => {
                let union = if before.is_some() { beside(old) } else { beside(new) };
                if !union.is_any() || !union.members.is_empty() {
                    let word = |union: Option<&str>| union.map(str::to_owned);
                    self.say(Change::Unknown, path, word(before), word(after));
                }
            }
        }
    }

    pub(super) fn compare_annotations(&mut self, path: &str, old: &Annotations, new: &Annotations) {
        if old == new {
            return;
        }
        let missing = |from: &Annotations, others: &Annotations| {
            let first = from.iter().find(|annotation| !others.contains(annotation));
            first.map(|(word, value)| format!("{word}: {}", text(value)))
        };
        let (before, after) = (missing(old, new), missing(new, old));
        self.say(Change::Documentation, path, before, after);
    }
}

/// Whether each type of `narrow` is one of `wide`, an integer being a number.
fn covers(wide: &BTreeSet<String>, narrow: &BTreeSet<String>) -> bool {
    narrow.iter().all(|kind| wide.contains(kind) || (kind == "integer" && wide.contains("number")))
}

type Labelled = (String, Form);

/// The variants of one union that are those of the other, and the labels of those that have no other.
fn matched(before: Vec<Labelled>, mut after: Vec<Labelled>) -> (Vec<(Labelled, Form)>, Vec<String>, Vec<String>) {
    let mut pairs = Vec::new();
    let mut rest = Vec::new();
    for variant in before {
        match after.iter().position(|(label, _)| *label == variant.0) {
            Some(place) => pairs.push((variant, after.remove(place).1)),
            None => rest.push(variant),
        }
    }
    // An integer is a number, and a constant text is a text, by whatever label.
    let mut removed = Vec::new();
    for variant in rest {
        match after.iter().position(|(_, other)| is_of_same_kind(&variant.1, other)) {
            Some(place) => pairs.push((variant, after.remove(place).1)),
            None => removed.push(variant.0),
        }
    }
    (pairs, removed, after.into_iter().map(|(label, _)| label).collect())
}

/// Whether all of one is of a type that the other has, where types tell variants apart.
fn is_of_same_kind(old: &Form, new: &Form) -> bool {
    let (Some(old), Some(new)) = (&old.kinds, &new.kinds) else { return false };
    let is_object = |kinds: &BTreeSet<String>| kinds.contains("object");
    !old.is_empty() && !new.is_empty() && !is_object(old) && !is_object(new) && (covers(old, new) || covers(new, old))
}

/// The variants, or the one that it is, each with what tells it apart.
fn variants(form: &Form) -> Vec<Labelled> {
    let all = if form.variants.is_empty() { vec![form.as_variant()] } else { form.variants.clone() };
    let mut labels: Vec<Labelled> = Vec::new();
    let (mut taken, mut counts) = (HashSet::new(), HashMap::new());
    for variant in all {
        let label = variant.label();
        let count: &mut usize = counts.entry(label.clone()).or_default();
        let mut free = label.clone();
        while !taken.insert(free.clone()) {
            *count = (*count).max(1) + 1;
            free = format!("{label} {count}");
        }
        labels.push((free, variant));
    }
    labels
}
