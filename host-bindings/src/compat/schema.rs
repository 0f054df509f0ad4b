//! Two schemas of one value, side by side.

use std::collections::BTreeSet;

use serde_json::Value;

use super::overlap::may_match_twice;
use super::{
    direction::{Change, Direction},
    form::{Annotations, Form, text},
};
use crate::Contract;

/// One way in which two schemas differ, and where.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) change: Change,
    pub(super) path: String,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

/// A walk through the schemas of one value in two contracts.
pub(super) struct Walk<'a> {
    pub(super) old: &'a Contract,
    pub(super) new: &'a Contract,
    pub(super) direction: Direction,
    pub(super) differences: Vec<Difference>,
    /// What is being compared: a type that contains itself is compared once.
    stack: Vec<(Value, Value)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(old: &'a Contract, new: &'a Contract, direction: Direction) -> Self {
        Self { old, new, direction, differences: Vec::new(), stack: Vec::new() }
    }

    pub(super) fn compare(&mut self, path: &str, old: &Value, new: &Value) {
        let pair = (old.clone(), new.clone());
        if self.stack.contains(&pair) {
            return;
        }
        self.stack.push(pair);
        self.compare_forms(path, &Form::of(old, self.old), &Form::of(new, self.new));
        self.stack.pop();
    }

    pub(super) fn say(&mut self, change: Change, path: &str, old: Option<String>, new: Option<String>) {
        self.differences.push(Difference { change, path: path.to_owned(), old, new });
    }

    fn compare_forms(&mut self, path: &str, old: &Form, new: &Form) {
        let before = self.differences.len();
        if old.variants.is_empty() && new.variants.is_empty() {
            self.compare_values(path, old, new);
        } else {
            self.compare_variants(path, old, new);
        }
        if let (Some(old), Some(new)) = (&old.name, &new.name)
            && old != new
            && self.differences[before..].iter().all(|difference| difference.change == Change::Documentation)
        {
            self.say(Change::TypeRenamed, &format!("$defs.{old}"), Some(old.clone()), Some(new.clone()));
        }
        match (old.secret, new.secret) {
            (false, true) => self.say(Change::SecretAdded, path, None, None),
            (true, false) => self.say(Change::SecretRemoved, path, None, None),
            _ => {}
        }
        self.compare_annotations(path, &old.annotations, &new.annotations);
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
        self.compare_members(path, &old.members, &new.members);
    }

    fn compare_null(&mut self, path: &str, old: &Form, new: &Form) {
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
        let (before, after) = (variants(old), variants(new));
        let so_far = self.differences.len();
        let mut met = false;
        for (label, variant) in &before {
            if let Some((_, other)) = after.iter().find(|(other, _)| other == label) {
                met = true;
                let is_values = variant.values.is_some() && other.values.is_some();
                let path = if is_values { path.to_owned() } else { format!("{path}[{label}]") };
                self.compare_forms(&path, variant, other);
            }
        }
        if met {
            for (label, _) in before.iter().filter(|(label, _)| !after.iter().any(|(other, _)| other == label)) {
                self.say(Change::TypeNarrowed, &format!("{path}[{label}]"), Some(label.clone()), None);
            }
            for (label, _) in after.iter().filter(|(label, _)| !before.iter().any(|(other, _)| other == label)) {
                self.say(Change::TypeWidened, &format!("{path}[{label}]"), None, Some(label.clone()));
            }
        } else {
            self.say(Change::TypeChanged, path, Some(old.describe()), Some(new.describe()));
        }
        let is_changed = self.differences[so_far..].iter().any(|difference| difference.change != Change::Documentation);
        if is_changed && [old, new].into_iter().any(may_match_twice) {
            self.say(Change::Unknown, path, Some(old.describe()), Some(new.describe()));
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

    fn compare_annotations(&mut self, path: &str, old: &Annotations, new: &Annotations) {
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

/// The variants, or the one that it is, each with what tells it apart.
fn variants(form: &Form) -> Vec<(String, Form)> {
    let all = if form.variants.is_empty() { vec![form.as_variant()] } else { form.variants.clone() };
    let mut labels: Vec<(String, Form)> = Vec::new();
    for variant in all {
        let label = variant.label();
        let same = |label: &str| labels.iter().any(|(other, _)| other == label);
        let further = (2..).map(|count| format!("{label} {count}"));
        let free = std::iter::once(label.clone()).chain(further).find(|label| !same(label));
        labels.push((free.unwrap_or_default(), variant));
    }
    labels
}
