//! What a schema says beside the type: fields, items, formats, limits.

use std::{cmp::Ordering, collections::BTreeSet};

use hostfn_runtime::{ANY_STRING_PATTERN, NO_NUL_PATTERN};
use serde_json::{Map, Value, json};

use super::{
    direction::{Change, Direction},
    form::text,
    plain::plain,
    schema::Walk,
};

type Members = Map<String, Value>;

/// Limits that a smaller number loosens, and what leaving them out means.
const LOWER: [(&str, Option<u64>); 5] = [
    ("minLength", Some(0)),
    ("minItems", Some(0)),
    ("minProperties", Some(0)),
    ("minimum", None),
    ("exclusiveMinimum", None),
];

/// Limits that a larger number loosens.
const UPPER: [&str; 5] = ["maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"];

/// Formats of numbers, each one wider than what is before it.
const WIDTHS: [[&str; 2]; 2] = [["int32", "int64"], ["float", "double"]];

/// What an object may have beside its named fields.
#[derive(Clone, Debug, PartialEq)]
enum Others {
    Refused,
    Any,
    Of(Value),
}

impl Walk<'_> {
    pub(super) fn compare_members(&mut self, path: &str, old: &Members, new: &Members) {
        let is_there = |words: &[&str]| words.iter().any(|word| old.contains_key(*word) || new.contains_key(*word));
        if is_there(&["properties", "required", "additionalProperties"]) {
            self.compare_fields(path, old, new);
        }
        if is_there(&["items", "prefixItems"]) {
            self.compare_items(path, old, new);
        }
        let words: BTreeSet<_> = old.keys().chain(new.keys()).map(String::as_str).collect();
        for word in words {
            match word {
                "properties" | "required" | "additionalProperties" | "items" | "prefixItems" => {}
                "format" => self.compare_format(path, old.get(word), new.get(word)),
                "pattern" => self.compare_pattern(path, old.get(word), new.get(word)),
                _ if UPPER.contains(&word) || LOWER.iter().any(|(lower, _)| *lower == word) => {
                    self.compare_limit(path, word, old.get(word), new.get(word));
                }
                _ => self.compare_unknown(path, word, old.get(word), new.get(word)),
            }
        }
    }

    fn compare_fields(&mut self, path: &str, old: &Members, new: &Members) {
        let (before, after) = (Fields::of(old), Fields::of(new));
        for name in &before.names {
            let path = format!("{path}.{name}");
            if !after.names.contains(name) {
                self.say(Change::FieldRemoved, &path, None, None);
                continue;
            }
            match (before.is_required(name), after.is_required(name)) {
                (false, true) => self.say(Change::FieldMadeRequired, &path, None, None),
                (true, false) => self.say(Change::FieldMadeOptional, &path, None, None),
                _ => {}
            }
            self.compare(&path, before.schema(name), after.schema(name));
        }
        for name in after.names.iter().filter(|name| !before.names.contains(name)) {
            let path = format!("{path}.{name}");
            let is_required = after.is_required(name);
            self.say(
                if is_required { Change::RequiredFieldAdded } else { Change::OptionalFieldAdded },
                &path,
                None,
                None,
            );
            // It had no name, and could be there all the same.
            match (&before.others, self.direction) {
                (Others::Of(any), _) => self.compare(&path, any, after.schema(name)),
                (Others::Any, Direction::Request) => self.compare(&path, &Value::Bool(true), after.schema(name)),
                _ => {}
            }
        }
        self.compare_others(path, &before.others, &after.others);
    }

    fn compare_others(&mut self, path: &str, old: &Others, new: &Others) {
        let path = format!("{path}.{{}}");
        let change = match (old, new) {
            (Others::Of(old), Others::Of(new)) => return self.compare(&path, old, new),
            (Others::Refused, Others::Any) => Change::UnknownFieldsAllowed,
            (Others::Any, Others::Refused) => Change::UnknownFieldsRefused,
            (Others::Refused, Others::Of(_)) | (Others::Of(_), Others::Any) => Change::TypeWidened,
            (Others::Of(_), Others::Refused) | (Others::Any, Others::Of(_)) => Change::TypeNarrowed,
            (Others::Refused, Others::Refused) | (Others::Any, Others::Any) => return,
        };
        self.say(change, &path, Some(old.describe()), Some(new.describe()));
    }

    fn compare_items(&mut self, path: &str, old: &Members, new: &Members) {
        let first = |members: &Members| members.get("prefixItems").and_then(Value::as_array).cloned();
        let (before, after) = (first(old).unwrap_or_default(), first(new).unwrap_or_default());
        if before.len() == after.len() {
            for (place, (before, after)) in before.iter().zip(&after).enumerate() {
                self.compare(&format!("{path}[{place}]"), before, after);
            }
        } else {
            let count = |items: &[Value]| Some(format!("{} places", items.len()));
            self.say(Change::TypeChanged, path, count(&before), count(&after));
        }
        let rest = |members: &Members| members.get("items").cloned().unwrap_or(Value::Bool(true));
        self.compare(&format!("{path}[]"), &rest(old), &rest(new));
    }

    fn compare_format(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        let change = match (old, new) {
            (None, Some(_)) => Change::FormatAdded,
            (Some(_), None) => Change::FormatRemoved,
            (Some(old), Some(new)) if old != new => {
                let is =
                    |narrow: &Value, wide: &Value| WIDTHS.iter().any(|[less, more]| narrow == less && wide == more);
                match (is(old, new), is(new, old)) {
                    (true, _) => Change::TypeWidened,
                    (_, true) => Change::TypeNarrowed,
                    _ => Change::FormatChanged,
                }
            }
            _ => return,
        };
        self.say(change, path, old.map(text), new.map(text));
    }

    fn compare_pattern(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        let [old, new] = [old, new].map(|pattern| pattern.filter(|pattern| **pattern != ANY_STRING_PATTERN));
        let change = match (old, new) {
            (None, Some(new)) if *new == NO_NUL_PATTERN => Change::NulRefused,
            (None, Some(_)) => Change::LimitTightened,
            (Some(_), None) => Change::LimitLoosened,
            (Some(old), Some(new)) if old != new && *old == NO_NUL_PATTERN => Change::LimitTightened,
            (Some(old), Some(new)) if old != new && *new == NO_NUL_PATTERN => Change::LimitLoosened,
            (Some(old), Some(new)) if old != new => Change::PatternChanged,
            _ => return,
        };
        self.say(change, path, with("pattern", old), with("pattern", new));
    }

    fn compare_limit(&mut self, path: &str, word: &str, old: Option<&Value>, new: Option<&Value>) {
        let lower = LOWER.iter().find(|(lower, _)| *lower == word);
        let nothing = lower.and_then(|(_, nothing)| *nothing).map(Value::from);
        let (before, after) = (old.or(nothing.as_ref()), new.or(nothing.as_ref()));
        let order = match (before, after) {
            (None, None) => return,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(before), Some(after)) if before == after => return,
            (Some(before), Some(after)) => match compare_numbers(before, after) {
                Some(order) if lower.is_some() => order,
                Some(order) => order.reverse(),
                None => return self.compare_unknown(path, word, old, new),
            },
        };
        let change = match order {
            Ordering::Less => Change::LimitTightened,
            Ordering::Greater => Change::LimitLoosened,
            Ordering::Equal => return,
        };
        self.say(change, path, with(word, old), with(word, new));
    }

    fn compare_unknown(&mut self, path: &str, word: &str, old: Option<&Value>, new: Option<&Value>) {
        // A reference that is left in a form is one that leads nowhere.
        let same = |old: &Value, new: &Value| plain(old, self.old) == plain(new, self.new) && word != "$ref";
        if !old.is_some_and(|old| new.is_some_and(|new| same(old, new))) {
            self.say(Change::Unknown, path, with(word, old), with(word, new));
        }
    }
}

fn with(word: &str, value: Option<&Value>) -> Option<String> {
    value.map(|value| format!("{word} {}", text(value)))
}

fn compare_numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

impl Others {
    fn describe(&self) -> String {
        match self {
            Self::Refused => "no unknown fields".to_owned(),
            Self::Any => "unknown fields".to_owned(),
            Self::Of(schema) => json!({"additionalProperties": schema}).to_string(),
        }
    }
}

/// The fields of an object.
struct Fields<'a> {
    /// In the order of the schema.
    names: Vec<&'a str>,
    properties: Option<&'a Members>,
    required: Vec<&'a str>,
    others: Others,
}

impl<'a> Fields<'a> {
    fn of(members: &'a Members) -> Self {
        let properties = members.get("properties").and_then(Value::as_object);
        let required = members.get("required").and_then(Value::as_array);
        let required: Vec<_> = required.into_iter().flatten().filter_map(Value::as_str).collect();
        let mut names: Vec<_> = properties.into_iter().flat_map(|all| all.keys()).map(String::as_str).collect();
        names.extend(required.iter().filter(|name| !properties.is_some_and(|all| all.contains_key(**name))));
        let others = match members.get("additionalProperties") {
            None | Some(Value::Bool(true)) => Others::Any,
            Some(Value::Bool(false)) => Others::Refused,
            Some(Value::Object(schema)) if schema.is_empty() => Others::Any,
            Some(schema) => Others::Of(schema.clone()),
        };
        Self { names, properties, required, others }
    }

    fn is_required(&self, name: &str) -> bool {
        self.required.contains(&name)
    }

    fn schema(&self, name: &str) -> &Value {
        let other = match &self.others {
            Others::Refused => &Value::Bool(false),
            Others::Any => &Value::Bool(true),
            Others::Of(schema) => schema,
        };
        self.properties.and_then(|all| all.get(name)).unwrap_or(other)
    }
}
