//! What a schema says beside the type: fields, items, formats, limits.

use std::{cmp::Ordering, collections::BTreeSet};

use hostfn_runtime::{ANY_STRING_PATTERN, NO_NUL_PATTERN};
use serde_json::{Map, Value, json};

use super::{
    direction::{Change, Direction},
    form::{Form, text},
    numbers,
    same::same,
    walk::Walk,
};

type Members = Map<String, Value>;

/// Limits that a smaller number loosens; to leave one out is to say zero.
const LOWER: [&str; 3] = ["minLength", "minItems", "minProperties"];

/// Limits that a larger number loosens.
const UPPER: [&str; 3] = ["maxLength", "maxItems", "maxProperties"];

/// Words that take away values and never add any, of which a change is no matter of more or less.
const CONSTRAINTS: [&str; 7] =
    ["contains", "contentEncoding", "contentMediaType", "dependentRequired", "dependentSchemas", "if", "not"];

/// What says which fields an object has.
const FIELDS: [&str; 5] =
    ["properties", "patternProperties", "required", "additionalProperties", "unevaluatedProperties"];

/// What says which items a list has.
const ITEMS: [&str; 2] = ["items", "prefixItems"];

/// The formats of strings that are written by the generator or are known to validators.
const OF_STRINGS: [&str; 13] =
    ["byte", "date", "date-time", "duration", "email", "hostname", "ip", "ipv4", "ipv6", "time", "uri", "url", "uuid"];

/// What an object may have beside its named fields.
#[derive(Clone, Debug, PartialEq)]
enum Others {
    Refused,
    Any,
    Of(Value),
}

impl Walk<'_> {
    pub(super) fn compare_members(&mut self, path: &str, before: &Form, after: &Form) {
        let (old, new) = (&before.members, &after.members);
        let is_there = |words: &[&str]| words.iter().any(|word| old.contains_key(*word) || new.contains_key(*word));
        // What only one of them can be has no other that it could be held against.
        let both_are = |kind: &str| before.can_be(kind) && after.can_be(kind);
        if both_are("object") && is_there(&FIELDS) {
            self.compare_fields(path, old, new);
        }
        if both_are("array") && is_there(&ITEMS) {
            self.compare_items(path, old, new);
        }
        if both_are("number") {
            self.compare_numbers(path, before, after);
            self.compare_multiples(path, before, after);
        }
        let words: BTreeSet<_> = old.keys().chain(new.keys()).map(String::as_str).collect();
        for word in words {
            let (old, new) = (old.get(word), new.get(word));
            match word {
                _ if kind_of(word).is_some_and(|kind| !both_are(kind)) => {}
                "format" => self.compare_format(path, old, new, both_are("string")),
                "pattern" => self.compare_pattern(path, old, new),
                "uniqueItems" => self.compare_uniqueness(path, old, new),
                "propertyNames" => self.compare_below(&format!("{path}.{{name}}"), old, new),
                "unevaluatedItems" => self.compare_below(&format!("{path}[]"), old, new),
                "allOf" => self.compare_all_of(path, old, new),
                _ if FIELDS.contains(&word) || ITEMS.contains(&word) => {}
                _ if numbers::is_limit(word) || word == "multipleOf" => {}
                _ if UPPER.contains(&word) || LOWER.contains(&word) => self.compare_limit(path, word, old, new),
                _ => self.compare_unknown(path, word, old, new),
            }
        }
    }

    fn compare_fields(&mut self, path: &str, old: &Members, new: &Members) {
        let (before, after) = (Fields::of(old), Fields::of(new));
        let is_map = self.compare_patterns(path, (old, &before), (new, &after));
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
            let is_optional = !before.is_required(name) && !after.is_required(name);
            let judged = if is_optional && self.direction == Direction::Request {
                self.compare_defaults(&path, before.schema(name), after.schema(name))
            } else {
                None
            };
            match judged {
                Some((before, after)) => self.compare(&path, &before, &after),
                None => self.compare(&path, before.schema(name), after.schema(name)),
            }
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
        // What `additionalProperties` is about is evaluated, so that `unevaluatedProperties` counts only without it.
        self.compare_others(path, &before.others, &after.others, is_map);
    }

    /// An old plugin that leaves the field out gets what the host puts in its place. Answers with both schemas without
    /// their defaults, where those differ.
    fn compare_defaults(&mut self, path: &str, old: &Value, new: &Value) -> Option<(Value, Value)> {
        // Nothing there is null there.
        let default = |schema: &Value| schema.get("default").cloned().unwrap_or_default();
        if default(old) == default(new) {
            return None;
        }
        let said = |schema: &Value| schema.get("default").map(|default| format!("default {default}"));
        self.say(Change::DefaultChanged, path, said(old), said(new));
        let without = |schema: &Value| {
            let mut schema = schema.clone();
            if let Value::Object(members) = &mut schema {
                members.shift_remove("default");
            }
            schema
        };
        Some((without(old), without(new)))
    }

    /// Compares the fields that are named by patterns. Answers whether there are any: the object is a map then.
    fn compare_patterns(&mut self, path: &str, old: (&Members, &Fields<'_>), new: (&Members, &Fields<'_>)) -> bool {
        let of = |members: &Members| members.get("patternProperties").and_then(Value::as_object).cloned();
        let ((old, old_fields), (new, new_fields)) = (old, new);
        let (before, after) = match (of(old), of(new)) {
            (None, None) => return false,
            (before, after) => (before.unwrap_or_default(), after.unwrap_or_default()),
        };
        let patterns: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for pattern in patterns {
            let path = format!("{path}.{{{pattern}}}");
            let schema = |patterns: &Members| patterns.get(pattern).map(|schema| format!("{pattern} {schema}"));
            let change = match (before.get(pattern), after.get(pattern)) {
                (Some(before), Some(after)) => {
                    self.compare(&path, before, after);
                    continue;
                }
                // A field that has a name may be one of a pattern, too.
                _ if !old_fields.names.is_empty() || !new_fields.names.is_empty() => Change::TypeChanged,
                // Where others are refused, it takes more.
                (None, _) if new_fields.others == Others::Refused && old_fields.others == Others::Refused => {
                    Change::TypeWidened
                }
                (_, None) if new_fields.others == Others::Refused && old_fields.others == Others::Refused => {
                    Change::TypeNarrowed
                }
                // Where they may be anything, it takes less.
                (None, _) if old_fields.others == Others::Any => Change::TypeNarrowed,
                (_, None) if new_fields.others == Others::Any => Change::TypeWidened,
                _ => Change::TypeChanged,
            };
            self.say(change, &path, schema(&before), schema(&after));
        }
        // A name may be one of a pattern.
        if old_fields.names.iter().collect::<BTreeSet<_>>() != new_fields.names.iter().collect() {
            let names = |fields: &Fields<'_>| Some(fields.names.join(", "));
            self.say(Change::TypeChanged, path, names(old_fields), names(new_fields));
        }
        true
    }

    fn compare_others(&mut self, path: &str, old: &Others, new: &Others, is_map: bool) {
        let path = format!("{path}.{{}}");
        let change = match (old, new) {
            (Others::Of(old), Others::Of(new)) => return self.compare(&path, old, new),
            (Others::Refused, Others::Any) if is_map => Change::TypeWidened,
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

    fn compare_format(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>, are_strings: bool) {
        // Those of numbers are ranges, and those of strings say nothing about numbers.
        let is_here = |format: &&Value| {
            let format = text(format);
            !numbers::is_format(&format) && (are_strings || !OF_STRINGS.contains(&format.as_str()))
        };
        let (old, new) = (old.filter(is_here), new.filter(is_here));
        let change = match (old, new) {
            (None, Some(_)) => Change::FormatAdded,
            (Some(_), None) => Change::FormatRemoved,
            (Some(old), Some(new)) if old != new => Change::FormatChanged,
            _ => return,
        };
        self.say(change, path, old.map(text), new.map(text));
    }

    /// Compares schemas of which one may be missing, and says nothing then.
    fn compare_below(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        let anything = Value::Bool(true);
        self.compare(path, old.unwrap_or(&anything), new.unwrap_or(&anything));
    }

    fn compare_uniqueness(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        let change = match (old == Some(&Value::Bool(true)), new == Some(&Value::Bool(true))) {
            (false, true) => Change::LimitTightened,
            (true, false) => Change::LimitLoosened,
            _ => return,
        };
        self.say(change, path, with("uniqueItems", old), with("uniqueItems", new));
    }

    /// Each of them holds: one more takes less, and one less takes more.
    fn compare_all_of(&mut self, path: &str, old: Option<&Value>, new: Option<&Value>) {
        let all = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let (mut before, mut after) = (all(old), all(new));
        // Their order says nothing: what stayed is put aside, and the rest compared in its order.
        before.retain(|old| {
            let place = after.iter().position(|new| same(old, self.old, new, self.new));
            place.map(|place| after.remove(place)).is_none()
        });
        for (old, new) in before.iter().zip(&after) {
            self.compare(path, old, new);
        }
        for old in before.iter().skip(after.len()) {
            self.say(Change::LimitLoosened, path, with("allOf", Some(old)), None);
        }
        for new in after.iter().skip(before.len()) {
            self.say(Change::LimitTightened, path, None, with("allOf", Some(new)));
        }
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
        let is_lower = LOWER.contains(&word);
        let number = |value: Option<&Value>| match value {
            Some(value) => value.as_f64(),
            None => Some(if is_lower { 0.0 } else { f64::INFINITY }),
        };
        let (Some(before), Some(after)) = (number(old), number(new)) else {
            return self.compare_unknown(path, word, old, new);
        };
        let order = if is_lower { before.total_cmp(&after) } else { after.total_cmp(&before) };
        let change = match order {
            Ordering::Less => Change::LimitTightened,
            Ordering::Greater => Change::LimitLoosened,
            Ordering::Equal => return,
        };
        self.say(change, path, with(word, old), with(word, new));
    }

    pub(super) fn compare_unknown(&mut self, path: &str, word: &str, old: Option<&Value>, new: Option<&Value>) {
        let change = match (old, new) {
            // A reference that is left in a form is one that leads nowhere.
            (Some(old), Some(new)) if word != "$ref" && same(old, self.old, new, self.new) => return,
            (None, Some(_)) if CONSTRAINTS.contains(&word) => Change::LimitTightened,
            (Some(_), None) if CONSTRAINTS.contains(&word) => Change::LimitLoosened,
            _ => Change::Unknown,
        };
        self.say(change, path, with(word, old), with(word, new));
    }
}

pub(super) fn with(word: &str, value: Option<&Value>) -> Option<String> {
    value.map(|value| format!("{word} {}", text(value)))
}

/// What has to be of a type for a word to say anything about it.
fn kind_of(word: &str) -> Option<&'static str> {
    match word {
        "minLength" | "maxLength" | "pattern" | "contentEncoding" | "contentMediaType" => Some("string"),
        "minItems" | "maxItems" | "uniqueItems" | "contains" | "unevaluatedItems" => Some("array"),
        "minProperties"
        | "maxProperties"
        | "propertyNames"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedProperties" => Some("object"),
        _ => None,
    }
}

impl Others {
    fn of(schema: Option<&Value>) -> Self {
        match schema {
            None | Some(Value::Bool(true)) => Self::Any,
            Some(Value::Bool(false)) => Self::Refused,
            Some(Value::Object(schema)) if schema.is_empty() => Self::Any,
            Some(schema) => Self::Of(schema.clone()),
        }
    }

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
        let word =
            ["additionalProperties", "unevaluatedProperties"].into_iter().find(|word| members.contains_key(*word));
        let others = Others::of(word.and_then(|word| members.get(word)));
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
