//! A check that misses a change is worthless: whatever is changed in a contract, something is found.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{contract, report};
use crate::{
    Contract,
    compat::{Bump, Finding},
};

/// A contract that uses all that schemas are made of.
pub(super) fn rich() -> &'static Value {
    static RICH: OnceLock<Value> = OnceLock::new();
    RICH.get_or_init(|| {
        let schema = json!({
            "description": "A profile.",
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a", "description": "Its name."},
                "uuid": {"type": ["string", "null"], "format": "uuid", "x-secret": true},
                "age": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 9, "default": 3},
                "share": {"type": "number", "exclusiveMinimum": 0.5, "exclusiveMaximum": 1.5, "multipleOf": 0.25},
                "role": {"type": "string", "enum": ["admin", "user"]},
                "state": {"oneOf": [{"const": "on", "description": "It is on."}, {"type": "string", "const": "off"}]},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2, "uniqueItems": true},
                "place": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "boolean"}], "items": false},
                "notes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Note"}},
                "last": {"anyOf": [{"$ref": "#/$defs/Note"}, {"type": "null"}], "title": "Last"},
                "contact": {"oneOf": [
                    {
                        "type": "object",
                        "properties": {"kind": {"const": "email"}, "address": {"type": "string"}},
                        "required": ["kind", "address"],
                    },
                    {
                        "type": "object",
                        "properties": {"Phone": {"type": "integer"}},
                        "required": ["Phone"],
                        "additionalProperties": false,
                    },
                    {"type": "string", "const": "none"},
                ]},
                "both": {"allOf": [{"$ref": "#/$defs/Note"}, {"minProperties": 1, "type": "object"}]},
            },
            "required": ["name", "uuid", "age", "tags"],
            "additionalProperties": false,
        });
        contract(schema.clone(), &schema)
    })
}

/// Each place in a value, as a pointer, with what can be put there instead; none takes it away.
pub(super) fn mutations(value: &Value, pointer: &str, all: &mut Vec<(String, Option<Value>)>) {
    let other = match value {
        Value::Null => json!("zzz"),
        Value::Bool(value) => json!(!value),
        Value::Number(number) => json!(number.as_f64().unwrap_or_default() + 7.0),
        Value::String(text) => json!(format!("{text}zzz")),
        Value::Array(_) | Value::Object(_) => json!(null),
    };
    if !other.is_null() {
        all.push((pointer.to_owned(), Some(other)));
    }
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                let pointer = format!("{pointer}/{place}");
                all.push((pointer.clone(), None));
                mutations(item, &pointer, all);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                all.push((pointer.clone(), None));
                mutations(member, &pointer, all);
            }
        }
        _ => {}
    }
}

pub(super) fn mutated(contract: &Value, pointer: &str, other: Option<Value>) -> Value {
    let mut contract = contract.clone();
    match other {
        Some(other) => *contract.pointer_mut(pointer).expect("the place is there") = other,
        None => {
            let (above, last) = pointer.rsplit_once('/').expect("a pointer has a slash");
            match contract.pointer_mut(above).expect("the place is there") {
                Value::Array(items) => {
                    items.remove(last.parse().expect("a place in a list is a number"));
                }
                Value::Object(members) => {
                    members.shift_remove(&last.replace("~1", "/").replace("~0", "~"));
                }
                _ => unreachable!("only lists and objects have something in them"),
            }
        }
    }
    contract
}

/// Whether what is taken away at a place was said by what is left.
fn is_said_twice(pointer: &str) -> bool {
    let Some((above, last)) = pointer.rsplit_once('/') else { return false };
    let beside = |word: &str| rich().pointer(above).is_some_and(|schema| schema.get(word).is_some());
    match last {
        // A constant has a type itself.
        "type" => beside("const") || beside("enum"),
        // It is null where it is not there.
        "deprecated" => beside("permission"),
        _ => false,
    }
}

#[test]
fn whatever_changes_is_found() {
    let mut all = Vec::new();
    for part in ["/functions/0", "/$defs"] {
        mutations(rich().pointer(part).expect("a contract has it"), part, &mut all);
    }
    assert!(all.len() > 300, "{}", all.len());
    let mut missed = Vec::new();
    let mut judged = 0;
    for (pointer, other) in all {
        let new = mutated(rich(), &pointer, other.clone());
        // A contract of another shape is refused when it is read.
        if Contract::from_json(&new.to_string()).is_err() || (other.is_none() && is_said_twice(&pointer)) {
            continue;
        }
        judged += 1;
        for (old, new) in [(rich(), &new), (&new, rich())] {
            if report(old, new).findings.is_empty() {
                missed.push((pointer.clone(), other.clone()));
            }
        }
    }
    assert!(missed.is_empty(), "of {judged} changes nothing is found about {missed:#?}");
    assert!(judged > 300, "{judged}");
}

/// What one direction calls harmless the other calls a break, for all that is a matter of direction.
#[test]
fn a_change_and_its_reverse_are_not_both_harmless() {
    let mut all = Vec::new();
    mutations(&rich()["functions"][0]["request"], "/functions/0/request", &mut all);
    for (pointer, other) in all {
        let new = mutated(rich(), &pointer, other.clone());
        let breaks = |old: &Value, new: &Value| report(old, new).findings.iter().any(Finding::is_breaking);
        let is_said =
            |old: &Value, new: &Value| report(old, new).findings.iter().any(|finding| finding.bump > Bump::Patch);
        if Contract::from_json(&new.to_string()).is_ok() && is_said(rich(), &new) {
            assert!(breaks(rich(), &new) || breaks(&new, rich()), "{pointer} {other:?}");
        }
    }
}
