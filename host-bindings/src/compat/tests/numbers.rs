//! Numbers, sets and defaults: what takes more in a request breaks nobody, however it is written.

use serde_json::{Value, json};

use super::{contract, found};
use crate::compat::{Bump, Rule, Rule::*};

fn rules(direction: &str, old: &Value, new: &Value) -> Vec<Rule> {
    let of = |schema: &Value| {
        let object = json!({"type": "object", "properties": {"a": schema}, "required": ["a"]});
        if direction == "request" { contract(object, &json!(true)) } else { contract(json!(null), &object) }
    };
    found(&of(old), &of(new)).into_iter().map(|(rule, _)| rule).collect()
}

fn bump(direction: &str, old: &Value, new: &Value) -> Option<Bump> {
    rules(direction, old, new).into_iter().map(Rule::bump).max()
}

fn integer(format: &str, least: i64, most: i64) -> Value {
    json!({"type": "integer", "format": format, "minimum": least, "maximum": most})
}

/// Each pair takes more than before, in its second schema.
fn widenings() -> Vec<(Value, Value)> {
    let i32 = || integer("int32", i32::MIN.into(), i32::MAX.into());
    let i64 = || integer("int64", -(1 << 53) + 1, (1 << 53) - 1);
    let u8 = || integer("int32", 0, 255);
    let u32 = || integer("int64", 0, u32::MAX.into());
    let (f32, f64) =
        (|| json!({"type": "number", "format": "float"}), || json!({"type": "number", "format": "double"}));
    let nullable = |mut schema: Value| {
        schema["type"] = json!([schema["type"], "null"]);
        schema
    };
    vec![
        // `fn f(n: i32)` became `fn f(n: f64)`, and so on.
        (i32(), f64()),
        (i32(), f32()),
        (i64(), f64()),
        (u8(), f64()),
        (u32(), f64()),
        (f32(), f64()),
        (u8(), i32()),
        (u8(), u32()),
        (u8(), i64()),
        (i32(), i64()),
        (u32(), i64()),
        (nullable(i32()), nullable(f64())),
        (i32(), nullable(f64())),
        // Formats as other generators have them.
        (json!({"type": "integer", "format": "int8"}), json!({"type": "integer", "format": "int16"})),
        (json!({"type": "integer", "format": "uint8"}), json!({"type": "integer", "format": "int16"})),
        (json!({"type": "integer", "format": "uint32"}), json!({"type": "integer", "format": "int64"})),
        (json!({"type": "integer", "format": "int32"}), json!({"type": "number", "format": "double"})),
        (json!({"type": "integer", "format": "int32"}), json!({"type": "integer"})),
        (json!({"type": "integer", "format": "int32"}), json!({"type": "number"})),
        // Limits in other words.
        (json!({"type": "number", "exclusiveMinimum": 1}), json!({"type": "number", "minimum": 1})),
        (json!({"type": "number", "exclusiveMaximum": 1}), json!({"type": "number", "maximum": 1})),
        (json!({"type": "number", "minimum": 2}), json!({"type": "number", "exclusiveMinimum": 1})),
        (json!({"type": "integer", "minimum": 2}), json!({"type": "number", "exclusiveMinimum": 1})),
        (json!({"multipleOf": 4}), json!({"multipleOf": 2})),
        (json!({"multipleOf": 1.5}), json!({"multipleOf": 0.5})),
        (json!({"multipleOf": 4}), json!({})),
        // More than numbers.
        (i32(), json!({"type": ["integer", "string"]})),
        (json!({"type": "string"}), json!({"type": ["string", "integer"], "format": "int32", "minimum": 0})),
        (json!({"type": "string"}), json!({"anyOf": [{"type": "string"}, i32()]})),
        (i32(), json!({"anyOf": [f64(), {"type": "string"}]})),
        (json!({"const": "x"}), json!({"anyOf": [{"type": "string"}, i32()]})),
        (json!({"enum": [1, 2]}), i32()),
        (json!({"anyOf": [{"type": "string"}, i32()]}), json!(true)),
        // Lists and objects.
        (json!({"type": "array", "uniqueItems": true}), json!({"type": "array"})),
        (json!({"type": "array", "uniqueItems": true}), json!({"type": "array", "uniqueItems": false})),
        (
            json!({"type": "object", "patternProperties": {"^a": i32()}, "additionalProperties": false}),
            json!({"type": "object", "patternProperties": {"^a": f64()}, "additionalProperties": false}),
        ),
        (
            json!({"type": "object", "patternProperties": {"^a": i32()}, "additionalProperties": false}),
            json!({"type": "object", "patternProperties": {"^a": i32(), "^b": f64()}, "additionalProperties": false}),
        ),
        (json!({"type": "object", "patternProperties": {"^a": i32()}}), json!({"type": "object"})),
        (json!({"propertyNames": {"maxLength": 3}}), json!({"propertyNames": {"maxLength": 4}})),
        (json!({"propertyNames": {"maxLength": 3}}), json!({})),
        (json!({"maxProperties": 3}), json!({})),
        (json!({"minProperties": 3}), json!({"minProperties": 2})),
        (json!({"not": {"type": "string"}}), json!({})),
        (json!({"contains": {"type": "string"}}), json!({})),
        (
            json!({"allOf": [{"minLength": 1}, {"maxLength": 3}, {"pattern": "^a"}]}),
            json!({"allOf": [{"pattern": "^a"}, {"minLength": 1}]}),
        ),
        (
            json!({"allOf": [{"minLength": 1}, {"maxLength": 3}]}),
            json!({"allOf": [{"maxLength": 4}, {"minLength": 1}]}),
        ),
    ]
}

#[test]
fn what_takes_more_breaks_no_request_and_what_answers_less_breaks_no_response() {
    for (narrow, wide) in widenings() {
        let what = format!("{narrow} {wide}");
        assert_eq!(bump("request", &narrow, &wide), Some(Bump::Minor), "{what} {:?}", rules("request", &narrow, &wide));
        assert_eq!(
            bump("response", &wide, &narrow),
            Some(Bump::Minor),
            "{what} {:?}",
            rules("response", &wide, &narrow)
        );
        assert_eq!(bump("request", &wide, &narrow), Some(Bump::Major), "{what}");
        assert_eq!(bump("response", &narrow, &wide), Some(Bump::Major), "{what}");
        for (direction, old, new) in
            [("request", &narrow, &wide), ("request", &wide, &narrow), ("response", &wide, &narrow)]
        {
            let unknown = [RequestSchemaChanged, ResponseSchemaChanged];
            let found = rules(direction, old, new);
            assert!(!found.iter().any(|rule| unknown.contains(rule)), "{what} {found:?}");
        }
    }
}

#[test]
fn the_same_numbers_in_other_words_break_nobody() {
    for (old, new) in [
        (json!({"type": "integer", "minimum": 1}), json!({"type": "integer", "exclusiveMinimum": 0})),
        (json!({"type": "integer", "maximum": 1.5}), json!({"type": "integer", "exclusiveMaximum": 2})),
        (json!({"type": "integer", "format": "uint8"}), integer("int32", 0, 255)),
        (integer("int32", 0, 255), integer("int64", 0, 255)),
        (json!({"type": "number", "format": "double"}), json!({"type": "number"})),
        (json!({"type": "integer", "multipleOf": 1}), json!({"type": "integer"})),
    ] {
        for direction in ["request", "response"] {
            assert_eq!(rules(direction, &old, &new), [DocumentationChanged], "{old} {new}");
            assert_eq!(rules(direction, &new, &old), [DocumentationChanged], "{new} {old}");
        }
    }
    let same = [json!({"type": "integer", "minimum": 1}), json!({"type": "integer", "minimum": 1.0})];
    assert_eq!(rules("request", &same[0], &same[1]), []);
}

#[test]
fn numbers_that_only_overlap_break_both_ways() {
    let (i32, u32) = (integer("int32", i32::MIN.into(), i32::MAX.into()), integer("int64", 0, u32::MAX.into()));
    for (old, new) in [(&i32, &u32), (&json!({"multipleOf": 2}), &json!({"multipleOf": 3}))] {
        for direction in ["request", "response"] {
            assert_eq!(bump(direction, old, new), Some(Bump::Major), "{old} {new}");
            assert_eq!(bump(direction, new, old), Some(Bump::Major), "{new} {old}");
        }
    }
    // No double tells these two apart.
    let limit = |most: u64| json!({"type": "integer", "maximum": most});
    assert_eq!(rules("request", &limit(u64::MAX), &limit(u64::MAX - 1)), [RequestLimitTightened]);
}

#[test]
fn a_default_of_a_request_is_behaviour_and_not_documentation() {
    let of = |schema: Value, required: bool| {
        let required = if required { json!(["limit"]) } else { json!([]) };
        json!({"type": "object", "properties": {"limit": schema}, "required": required})
    };
    let limit = |default: Value| json!({"type": "integer", "default": default});
    let requests =
        |old: &Value, new: &Value| found(&contract(old.clone(), &json!(true)), &contract(new.clone(), &json!(true)));
    let changed = [(RequestDefaultChanged, "get_note.request.limit".to_owned())];
    assert_eq!(requests(&of(limit(json!(10)), false), &of(limit(json!(100)), false)), changed);
    assert_eq!(requests(&of(limit(json!(10)), false), &of(json!({"type": "integer"}), false)), changed);
    assert_eq!(requests(&of(json!({"type": "integer"}), false), &of(limit(json!(10)), false)), changed);
    assert_eq!(RequestDefaultChanged.bump(), Bump::Major);
    // Of a type that it refers to, as well.
    let by_reference = |default: u8| json!({"$ref": "#/$defs/Note", "default": default});
    assert_eq!(requests(&of(by_reference(1), false), &of(by_reference(2), false)), changed);
    // Nothing there is null there.
    let nullable = |more: Value| {
        let mut schema = json!({"type": ["integer", "null"]});
        schema.as_object_mut().expect("it is an object").extend(more.as_object().expect("it is an object").clone());
        schema
    };
    let rules = |found: Vec<(Rule, String)>| found.into_iter().map(|(rule, _)| rule).collect::<Vec<_>>();
    let with_null = requests(&of(nullable(json!({})), false), &of(nullable(json!({"default": null})), false));
    assert_eq!(rules(with_null), [DocumentationChanged]);
    // Where an old plugin has to send it, none is put in its place.
    let required = requests(&of(limit(json!(1)), true), &of(limit(json!(2)), true));
    assert_eq!(rules(required), [DocumentationChanged]);
    // An answer has it.
    let responses =
        found(&contract(json!(null), &of(limit(json!(1)), false)), &contract(json!(null), &of(limit(json!(2)), false)));
    assert_eq!(rules(responses), [DocumentationChanged]);
}
