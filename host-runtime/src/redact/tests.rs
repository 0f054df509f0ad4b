use std::collections::BTreeMap;

use hostfn_contract::Secret;
use proptest::prelude::*;
use schemars::JsonSchema;
use serde_json::json;

use super::*;

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Request {
    name: String,
    password: Option<Secret>,
    inner: Vec<Inner>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Inner {
    token: Secret,
}

#[test]
fn the_same_secret_gets_the_same_number_wherever_it_stands() {
    let redactor = Redactor::new();
    let request = json!({"name": "Ada", "password": "hunter22", "inner": [{"token": "abcdef"}, {"token": "hunter22"}]});
    redactor.learn(schemars::schema_for!(Request).as_value(), &request);
    assert_eq!(
        redactor.redact(&request),
        json!({"name": "Ada", "password": "<secret 1>", "inner": [{"token": "<secret 2>"}, {"token": "<secret 1>"}]})
    );
    assert_eq!(redactor.redact_text("is it hunter22?"), "is it <secret 1>?");
    assert!(redactor.knows("hunter22") && !redactor.knows("is it hunter22?"));
    assert_eq!(redactor.renumbered().redact_text("abcdef"), "<secret 1>");
    assert!(!format!("{redactor:?}").contains("hunter22"));
}

#[test]
fn a_secret_of_the_wrong_type_is_hidden_too() {
    let redactor = Redactor::new();
    let request = json!({"name": 12345678, "password": 12345678, "inner": [{"token": ["abcdef", {"is": "ghijkl"}]}]});
    redactor.learn(schemars::schema_for!(Request).as_value(), &request);
    assert_eq!(
        redactor.redact(&request),
        json!({"name": "<secret 1>", "password": "<secret 1>", "inner": [{"token": ["<secret 2>", {"is": "<secret 3>"}]}]})
    );
}

#[test]
fn a_short_secret_does_not_eat_other_texts() {
    let redactor = Redactor::new();
    redactor.learn_text("a");
    assert_eq!(redactor.redact(&json!({"name": "Ada", "pin": "a"})), json!({"name": "Ada", "pin": "<secret 1>"}));
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Places {
    pair: (String, Secret),
    by_number: BTreeMap<u32, Secret>,
    by_sign: BTreeMap<i64, Vec<Inner>>,
    by_name: BTreeMap<String, Secret>,
    nested: Option<Box<Places>>,
}

#[test]
fn a_secret_of_a_tuple_and_of_a_map_is_hidden() {
    let value = json!({
        "pair": ["Ada", "hunter21"],
        "by_number": {"7": "hunter22"},
        "by_sign": {"-7": [{"token": "hunter23"}]},
        "by_name": {"a": "hunter24"},
        "nested": {"pair": ["Eve", "hunter25"], "by_number": {}, "by_sign": {}, "by_name": {}, "nested": null},
    });
    let redactor = Redactor::new();
    redactor.learn(schemars::schema_for!(Places).as_value(), &value);
    let shown = redactor.redact(&value).to_string();
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("Ada") && shown.contains("Eve"), "{shown}");
}

/// Any type, as its schema with a value of it. What is secret in the value begins with `secret-`.
fn typed() -> impl Strategy<Value = (Value, Value)> {
    let secret = "[A-Za-z0-9]{8,12}"
        .prop_map(|text| (json!({"type": ["string", "null"], SECRET_MARK: true}), json!(format!("secret-{text}"))));
    let plain = prop_oneof![
        "[a-z]{0,8}".prop_map(|text| (json!({"type": "string"}), json!(text))),
        any::<i32>().prop_map(|number| (json!({"type": "integer"}), json!(number))),
        Just((json!({"default": {SECRET_MARK: true}}), json!(null))),
    ];
    prop_oneof![secret, plain].prop_recursive(5, 40, 4, |below| {
        let name = prop_oneof![
            "[a-z]{1,3}",
            prop::sample::select(vec!["default", "examples", "enum", "const", "properties", "items", "$ref", "7"])
                .prop_map(str::to_owned),
        ];
        let members = prop::collection::btree_map(name, below.clone(), 1..4).prop_map(apart).boxed();
        let several = prop::collection::vec(below.clone(), 1..4);
        let one_of = |words: &'static [&'static str]| (below.clone(), prop::sample::select(words));
        prop_oneof![
            members.clone().prop_map(|(schemas, value)| (json!({"type": "object", "properties": schemas}), value)),
            members.prop_map(|(schemas, value)| (json!({"allOf": [{}, {"properties": schemas}]}), value)),
            several.prop_map(|items| {
                let (schemas, values): (Vec<_>, Vec<_>) = items.into_iter().unzip();
                (json!({"type": "array", "prefixItems": schemas}), values.into())
            }),
            one_of(&["items", "contains", "unevaluatedItems", "additionalItems"])
                .prop_map(|((schema, value), word)| (json!({word: schema}), json!([value]))),
            one_of(&["additionalProperties", "unevaluatedProperties"]).prop_map(|((schema, value), word)| {
                (json!({word: schema, "properties": {"a": {}}}), json!({"b": value}))
            }),
            (below.clone(), any::<i64>()).prop_map(|((schema, value), key)| {
                (json!({"patternProperties": {r"^-?\d+$": schema}}), json!({key.to_string(): value}))
            }),
            (below.clone(), "[a-z]{1,5}").prop_map(|((schema, value), key)| {
                (json!({"patternProperties": {"^[a-z]+$": schema}}), json!({key: value}))
            }),
            one_of(&["anyOf", "oneOf"])
                .prop_map(|((schema, value), word)| (json!({word: [{"type": "null"}, schema]}), value)),
            one_of(&["if", "then", "else"]).prop_map(|((schema, value), word)| (json!({word: schema}), value)),
            below.clone().prop_map(|(schema, value)| (json!({"dependentSchemas": {"a": schema}}), value)),
            below.prop_map(|(schema, value)| (json!({"contentSchema": schema}), value.to_string().into())),
        ]
    })
}

/// The schemas and the values of some members.
fn apart(members: BTreeMap<String, (Value, Value)>) -> (Value, Value) {
    let schemas = members.iter().map(|(name, (schema, _))| (name.clone(), schema.clone())).collect();
    let values = members.into_iter().map(|(name, (_, value))| (name, value)).collect();
    (Value::Object(schemas), Value::Object(values))
}

/// The strings of a value, in which what is JSON is looked into as well.
fn shows_a_secret(value: &Value) -> bool {
    value.to_string().contains("secret-")
}

proptest! {
    #[test]
    fn no_secret_of_any_type_is_shown((schema, value) in typed()) {
        // Once where it is written, and once behind a reference.
        for root in [schema.clone(), json!({"$ref": "#/$defs/T", "$defs": {"T": schema}})] {
            let redactor = Redactor::new();
            redactor.learn(&root, &value);
            let shown = redactor.redact(&value);
            prop_assert!(!shows_a_secret(&shown), "{} shows {}", root, shown);
        }
    }
}
