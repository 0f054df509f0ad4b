//! Schemas of more than one level, and those that say the same in other words.

use serde_json::{Value, json};

use super::{contract, found, report};
use crate::compat::Rule::{self, *};

/// What is found about a response, with the paths behind `get_note.response`.
fn response(definitions: [Value; 2], schema: &Value) -> Vec<(Rule, String)> {
    let [old, new] = definitions.map(|definitions| with(definitions, contract(json!(null), schema)));
    below(found(&old, &new))
}

fn below(found: Vec<(Rule, String)>) -> Vec<(Rule, String)> {
    found.into_iter().map(|(rule, path)| (rule, path.replace("get_note.response", ""))).collect()
}

fn with(definitions: Value, mut contract: Value) -> Value {
    if let (Some(all), Value::Object(more)) = (contract["$defs"].as_object_mut(), definitions) {
        all.extend(more);
    }
    contract
}

fn between(old: &Value, new: &Value) -> Vec<(Rule, String)> {
    below(found(&contract(json!(null), old), &contract(json!(null), new)))
}

#[test]
fn a_type_that_contains_itself_is_compared_once() {
    let tree = |value: &str| {
        json!({"Tree": {
            "type": "object",
            "properties": {
                "value": {"type": value},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                "parent": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
            },
            "required": ["value", "children", "parent"],
        }})
    };
    let schema = json!({"$ref": "#/$defs/Tree"});
    let found = response([tree("integer"), tree("boolean")], &schema);
    assert_eq!(found[0], (ResponseTypeChanged, ".value".to_owned()));
    assert!(found.len() <= 3, "{found:?}");
    assert_eq!(response([tree("integer"), tree("integer")], &schema), []);
    let itself = json!({"Loop": {"$ref": "#/$defs/Loop"}});
    assert_eq!(response([itself.clone(), itself], &json!({"$ref": "#/$defs/Loop"}))[0].0, ResponseSchemaChanged);
}

#[test]
fn a_reference_that_leads_nowhere_is_told() {
    let nowhere = json!({"$ref": "#/$defs/Nowhere"});
    assert_eq!(between(&nowhere, &nowhere), [(ResponseSchemaChanged, String::new())]);
    let escaped = json!({"A/B <C>": {"type": "string"}});
    assert_eq!(response([escaped.clone(), escaped], &json!({"$ref": "#/$defs/A~1B%20%3CC%3E"})), []);
}

#[test]
fn lists_places_and_maps_are_entered() {
    let of = |kind: &str| {
        json!({"type": "object", "properties": {
            "list": {"type": "array", "items": {"type": kind}},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": kind}]},
            "map": {"type": "object", "additionalProperties": {"type": kind}},
        }})
    };
    let paths: Vec<_> = between(&of("string"), &of("boolean")).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, [".list[]", ".pair[1]", ".map.{}"]);

    let places = |count: usize| json!({"type": "array", "prefixItems": vec![json!({"type": "string"}); count]});
    assert_eq!(between(&places(2), &places(3)), [(ResponseTypeChanged, String::new())]);
    let map = |others: Value| json!({"type": "object", "additionalProperties": others});
    let (closed, open) = (map(json!(false)), map(json!({"type": "string"})));
    assert_eq!(between(&closed, &open), [(ResponseTypeWidened, ".{}".to_owned())]);
    assert_eq!(between(&open, &closed), [(ResponseTypeNarrowed, ".{}".to_owned())]);
}

#[test]
fn a_field_that_had_no_name_may_have_been_sent() {
    let of = |properties: Value| contract(json!({"type": "object", "properties": properties}), &json!(true));
    let rules: Vec<_> =
        found(&of(json!({})), &of(json!({"a": {"type": "string"}}))).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, [RequestFieldOptionalAdded, RequestTypeNarrowed]);
}

#[test]
fn variants_are_told_apart_by_their_tags_whatever_their_order() {
    let variant = |kind: &str, value: &str| json!({"type": "object", "properties": {"kind": {"const": kind}, "value": {"type": value}}, "required": ["kind"]});
    let (email, phone) = (variant("email", "string"), variant("phone", "string"));
    let of = |variants: &[&Value]| json!({"oneOf": variants});
    assert_eq!(between(&of(&[&email, &phone]), &of(&[&phone, &email])), []);
    assert_eq!(
        between(&of(&[&email, &phone]), &of(&[&variant("phone", "integer"), &email])),
        [(ResponseTypeChanged, "[kind=phone].value".to_owned())]
    );
    assert_eq!(between(&email, &of(&[&email, &phone])), [(ResponseTypeWidened, "[kind=phone]".to_owned())]);
    assert_eq!(between(&of(&[&email, &phone]), &email), [(ResponseTypeNarrowed, "[kind=phone]".to_owned())]);
    assert_eq!(between(&of(&[&email, &phone]), &json!({"type": "string"})), [(ResponseTypeChanged, String::new())]);
    let any = json!({"anyOf": [email, phone]});
    assert_eq!(between(&of(&[&email, &phone]), &any), [(ResponseSchemaChanged, String::new())]);
}

#[test]
fn a_value_beside_objects_is_a_value_of_an_enumeration() {
    let of = |values: &[&str]| {
        let mut all: Vec<_> = values.iter().map(|value| json!({"type": "string", "const": value})).collect();
        all.push(json!({"type": "object", "properties": {"Other": {"type": "string"}}, "required": ["Other"]}));
        json!({"oneOf": all})
    };
    assert_eq!(
        between(&of(&["x", "y"]), &of(&["y", "z"])),
        [(ResponseEnumValueRemoved, "=x".to_owned()), (ResponseEnumValueAdded, "=z".to_owned()),]
    );
}

#[test]
fn the_same_in_other_words_is_the_same() {
    let text = json!({"type": "string"});
    for (old, new) in [
        (json!({"type": "string"}), json!({"type": ["string"]})),
        (json!({"type": ["string", "null"]}), json!({"anyOf": [{"type": "null"}, text]})),
        (json!({"type": ["string", "null"]}), json!({"oneOf": [text, {"const": null}]})),
        (json!({"type": "string", "enum": ["a", "b"]}), json!({"oneOf": [{"const": "b"}, {"const": "a"}]})),
        (json!({"$ref": "#/$defs/Text"}), json!({"allOf": [{"$ref": "#/$defs/Text"}]})),
        (json!({"$ref": "#/$defs/Text"}), json!({"type": "string", "maxLength": 9})),
        (json!({"type": "array", "minItems": 0}), json!({"type": "array", "items": true})),
        (json!({"type": "integer", "minimum": 1}), json!({"minimum": 1.0, "type": "integer"})),
        (json!({"required": ["a", "b"]}), json!({"required": ["b", "a"], "additionalProperties": {}})),
        (json!({}), json!(true)),
    ] {
        let definitions = json!({"Text": {"type": "string", "maxLength": 9}});
        let [old, new] = [old, new].map(|schema| with(definitions.clone(), contract(json!(null), &schema)));
        assert_eq!(found(&old, &new), [], "{old:#} {new:#}");
    }
}

#[test]
fn what_stands_beside_a_reference_counts() {
    let of = |limit: u8| json!({"$ref": "#/$defs/Note", "minProperties": limit});
    assert_eq!(between(&of(1), &of(1)), []);
    assert_eq!(between(&of(1), &of(2)), [(ResponseLimitTightened, String::new())]);
    assert_eq!(between(&of(2), &of(1)), [(ResponseLimitLoosened, String::new())]);
}

#[test]
fn a_function_is_found_again_by_name_namespace_or_likeness() {
    let function = |namespace: &str, name: &str, kind: &str| {
        let mut function = contract(json!(null), &json!({"type": kind}))["functions"][0].take();
        (function["namespace"], function["name"]) = (json!(namespace), json!(name));
        function
    };
    let of = |functions: Vec<Value>| {
        let mut contract = contract(json!(null), &json!(true));
        contract["functions"] = json!(functions);
        contract
    };
    let old = of(vec![function("n", "count_users", "integer"), function("n", "count_notes", "integer")]);
    let new = of(vec![function("n", "count_all_notes", "integer"), function("n", "count_users", "boolean")]);
    assert_eq!(
        found(&old, &new),
        [(ResponseTypeChanged, "count_users.response".to_owned()), (FunctionRenamed, "count_notes".to_owned()),]
    );
    assert_eq!(report(&old, &new).findings[1].new.as_deref(), Some("count_all_notes"));

    // Of another namespace, it is another function.
    let elsewhere = of(vec![function("n", "count_users", "integer"), function("m", "count", "integer")]);
    let rules: Vec<_> = found(&old, &elsewhere).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, [FunctionRemoved, FunctionAdded]);
    let twice = of(vec![function("m", "count", "integer"), function("n", "count", "integer")]);
    assert_eq!(found(&twice, &of(vec![function("m", "count", "integer")])), [(FunctionRemoved, "n/count".to_owned())]);
}

#[test]
fn variants_that_overlap_are_not_judged_one_by_one() {
    let of = |word: &str, kinds: Value| json!({word: [{"type": kinds, "minLength": 1}, {"type": "boolean"}]});
    let requests = |word: &str| {
        let [old, new] = [json!("string"), json!(["string", "boolean"])]
            .map(|kinds| contract(json!({"type": "object", "properties": {"a": of(word, kinds)}}), &json!(true)));
        found(&old, &new).into_iter().map(|(rule, _)| rule).collect::<Vec<_>>()
    };
    // What is a boolean was of one variant, and is of two, which `oneOf` refuses and `anyOf` does not.
    assert!(requests("oneOf").contains(&RequestSchemaChanged), "{:?}", requests("oneOf"));
    assert!(!requests("anyOf").contains(&RequestSchemaChanged), "{:?}", requests("anyOf"));
}

#[test]
fn what_nothing_satisfies_is_not_anything() {
    assert_eq!(
        between(&json!({"anyOf": [{"type": "null"}]}), &json!({"type": ["string", "null"]})),
        [(ResponseTypeWidened, String::new())]
    );
    let closed = |properties: Value| {
        let schema = json!({"properties": properties, "required": ["a"], "additionalProperties": false});
        contract(schema, &json!(true))
    };
    let rules: Vec<_> = found(&closed(json!({"a": {"type": "string"}})), &closed(json!({}))).into_iter().collect();
    assert_eq!(rules, [(RequestTypeNarrowed, "get_note.request.a".to_owned())]);
}
