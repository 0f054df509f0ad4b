//! Whether what a type takes is what its schema allows: types with everything that serde and schemars can say, and values
//! that are nearly right.

use std::collections::{BTreeMap, BTreeSet};

use hostfn_contract::forbid_nul;
use proptest::{prelude::*, sample::select};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::*;
use crate::{codec, limits::Limits};

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Said {
    #[schemars(range(min = 1, max = 5))]
    stars: Option<u32>,
    #[schemars(range(min = -1.5, max = 2.5))]
    ratio: Option<f64>,
    #[schemars(length(min = 2, max = 4))]
    name: Option<String>,
    #[schemars(regex(pattern = "^[a-c]+$"))]
    letters: Option<String>,
    #[schemars(email)]
    address: Option<String>,
    #[schemars(url)]
    link: Option<String>,
    #[schemars(length(max = 2), inner(range(max = 9)))]
    digits: Option<Vec<u8>>,
    #[schemars(extend("multipleOf" = 5))]
    cents: Option<i32>,
    #[schemars(extend("enum" = ["a", "b", null]))]
    one_of_two: Option<String>,
    #[schemars(extend("minProperties" = 1))]
    counts: Option<BTreeMap<String, u8>>,
    set: Option<BTreeSet<i32>>,
    three: Option<[u8; 3]>,
    character: Option<char>,
    either: Option<Either>,
}

/// A request of one type, so that nothing is looked at for the sake of another.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct One<T> {
    value: T,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inner {
    a: i32,
    #[serde(default)]
    b: String,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Bug,
    Feature,
}

/// With words for each, of which schemars makes another schema.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ToldKind {
    /// One.
    Bug,
    /// Another.
    Feature,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Mixed {
    Bug,
    Number(u8),
    Pair(u8, u8),
    Inner { a: i32 },
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields, rename_all = "lowercase")]
enum Shape {
    Circle { a: f32 },
    Bug,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", content = "a", deny_unknown_fields, rename_all = "lowercase")]
enum Adjacent {
    Circle(u8),
    Bug,
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
enum Either {
    List(Vec<u8>),
    Inner(Inner),
    Single(f32),
}

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields, rename_all = "lowercase")]
enum Bare {
    Bug,
    Feature,
}

/// Of what an enum with a tag holds, serde makes a single by way of a double.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields, rename_all = "lowercase")]
enum Singles {
    Circle { a: f32 },
}

fn schema_of<T: JsonSchema>(direction: fn(SchemaSettings) -> SchemaSettings) -> Value {
    let mut schema = direction(SchemaSettings::draft2020_12()).into_generator().into_root_schema_for::<T>().to_value();
    forbid_nul(&mut schema);
    schema
}

/// What a request is answered, and what a validator says of it that knows nothing of the rest.
fn judged<T: DeserializeOwned + JsonSchema>(request: &Value) -> (Result<T, HostError>, bool) {
    let schema = schema_of::<T>(SchemaSettings::for_deserialize);
    let is_valid = validate::validator(&schema).expect("it is a schema").is_valid(request);
    let text = request.to_string();
    let taken = codec::decode::<T>(&text, Limits::MOST_JSON_DEPTH).and_then(|request| {
        Terms::of(schema).expect("it is a schema").check_request(&text)?;
        Ok(request)
    });
    (taken, is_valid)
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..300_i64).prop_map(Value::from),
        select(vec![1e39, 1.5, 2.0, 1e300, -1.5, 5e-324, 9_007_199_254_740_993.0]).prop_map(Value::from),
        select(vec![u64::MAX, 1 << 53, (1 << 53) - 1]).prop_map(Value::from),
        select(vec!["bug", "feature", "a", "abc", "abcde", "", "\0", "a@example.com", "https://example.com", "ä"])
            .prop_map(Value::from),
        // What serde takes for what it is not.
        select(vec![
            json!([1, "b"]),
            json!({"bug": null}),
            json!(["circle", 1]),
            json!({"kind": "bug", "a": 1}),
            json!({"kind": "circle", "a": 1e39}),
            json!({"\0": 1}),
            json!({"7": [1, "b"]}),
            json!([[1, "b"]]),
        ]),
    ]
}

/// A value of no more than three levels, with the names that the types have.
fn nearly() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(2, 12, 4, |below| {
        let name = select(vec!["a", "b", "kind", "bug", "number", "inner", "pair", "7", "-1", "c", "\0"]);
        prop_oneof![
            prop::collection::vec(below.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, below, 0..3)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn field_of<T: JsonSchema>() -> impl Strategy<Value = String> {
    let schema = schema_of::<T>(SchemaSettings::for_deserialize);
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
    select(names.collect::<Vec<_>>())
}

/// What is taken is what the schema allows.
fn agrees<T: DeserializeOwned + JsonSchema>(field: &str, value: &Value) -> Result<(), TestCaseError> {
    let request = json!({field: value});
    let (taken, is_valid) = judged::<T>(&request);
    prop_assert!(taken.is_err() || is_valid, "{request} is taken");
    if let Err(error) = taken {
        prop_assert_eq!(error.code().as_str(), "invalid_request");
        prop_assert!(error.field().is_some_and(|place| place.starts_with(field)), "{}: {:?}", request, error);
    }
    Ok(())
}

/// What is answered is what the schema allows. What can be read without its terms is what a function can make.
fn answers<T: DeserializeOwned + Serialize + JsonSchema>(field: &str, value: &Value) -> Result<(), TestCaseError> {
    let Ok(made) = serde_json::from_value::<T>(json!({field: value})) else { return Ok(()) };
    let data = serde_json::to_vec(&made).expect("it can be written");
    let schema = schema_of::<T>(SchemaSettings::for_serialize);
    let written = serde_json::from_slice(&data).expect("it is JSON");
    let is_valid = validate::validator(&schema).expect("it is a schema").is_valid(&written);
    let told = Terms::of(schema).expect("it is a schema").check_response(&data);
    prop_assert!(told.is_err() || is_valid, "{written} is answered");
    Ok(())
}

/// What is tried with a type of which serde takes what its schema forbids, though no attribute says so.
struct Plain {
    name: &'static str,
    agrees: fn(&str, &Value) -> Result<(), TestCaseError>,
    answers: fn(&str, &Value) -> Result<(), TestCaseError>,
    schema: fn() -> Value,
}

impl Plain {
    fn of<T: DeserializeOwned + Serialize + JsonSchema>() -> Self {
        Self {
            name: std::any::type_name::<T>(),
            agrees: agrees::<One<T>>,
            answers: answers::<One<T>>,
            schema: || schema_of::<One<T>>(SchemaSettings::for_deserialize),
        }
    }

    fn all() -> Vec<Self> {
        vec![
            Self::of::<BTreeMap<i16, Inner>>(),
            Self::of::<BTreeMap<String, u8>>(),
            Self::of::<Inner>(),
            Self::of::<Option<Inner>>(),
            Self::of::<Vec<Inner>>(),
            Self::of::<(i32, String)>(),
            Self::of::<Kind>(),
            Self::of::<Option<Kind>>(),
            Self::of::<ToldKind>(),
            Self::of::<Option<ToldKind>>(),
            Self::of::<Vec<ToldKind>>(),
            Self::of::<Mixed>(),
            Self::of::<Shape>(),
            Self::of::<Option<Shape>>(),
            Self::of::<Bare>(),
            Self::of::<Singles>(),
            Self::of::<Adjacent>(),
            Self::of::<f32>(),
            Self::of::<f64>(),
            Self::of::<u64>(),
            Self::of::<i64>(),
            Self::of::<i8>(),
            Self::of::<String>(),
            Self::of::<()>(),
        ]
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_is_taken_is_what_the_schema_allows(said in field_of::<Said>(), value in nearly()) {
        agrees::<Said>(&said, &value)?;
        Plain::all().iter().try_for_each(|plain| (plain.agrees)("value", &value))?;
    }

    #[test]
    fn what_is_answered_is_what_the_schema_allows(said in field_of::<Said>(), value in nearly()) {
        answers::<Said>(&said, &value)?;
        Plain::all().iter().try_for_each(|plain| (plain.answers)("value", &value))?;
    }
}

#[test]
fn what_an_attribute_says_is_checked_and_told_without_the_value() {
    for (request, field, message) in [
        (json!({"stars": 0}), "stars", "expected 1 or more"),
        (json!({"stars": 6}), "stars", "expected 5 or less"),
        (json!({"ratio": 2.75}), "ratio", "expected 2.5 or less"),
        (json!({"name": "a"}), "name", "expected at least 2 characters"),
        (json!({"name": "abcde"}), "name", "expected at most 4 characters"),
        (json!({"letters": "hunter2"}), "letters", "expected a string that matches `^[a-c]+$`"),
        (json!({"address": "hunter2"}), "address", "expected a string of the format `email`"),
        (json!({"link": "hunter2"}), "link", "expected a string of the format `uri`"),
        (json!({"digits": [1, 2, 3]}), "digits", "expected at most 2 items"),
        (json!({"digits": [1, 10]}), "digits[1]", "expected 9 or less"),
        (json!({"cents": 3}), "cents", "expected a multiple of 5"),
        (json!({"one_of_two": "hunter2"}), "one_of_two", "expected one of `\"a\"`, `\"b\"`, `null`"),
        (json!({"counts": {}}), "counts", "expected at least 1 member"),
        (json!({"set": [1, 1]}), "set", "expected each item once"),
        (json!({"either": 1e39}), "either", "expected a number from -3.4028235e38 to 3.4028235e38"),
    ] {
        let error = judged::<Said>(&request).0.expect_err(field);
        assert_eq!((error.field(), error.message()), (Some(field), &*format!("{field}: {message}")), "{request}");
    }
}

#[test]
fn what_serde_takes_and_the_schema_forbids_is_told_at_its_place() {
    fn told<T: DeserializeOwned + JsonSchema>(value: Value) -> (String, String) {
        let error = judged::<One<T>>(&json!({"value": value})).0.err().expect("it is refused");
        let place = error.field().unwrap_or_default();
        (place.to_owned(), error.message().trim_start_matches(place).trim_start_matches(": ").to_owned())
    }
    let single = "expected a number from -3.4028235e38 to 3.4028235e38";
    for (told, place, message) in [
        (told::<BTreeMap<String, u8>>(json!({"\0": 1})), "value", "U+0000 is not allowed in a key: leave it out"),
        (told::<Inner>(json!([1, "b"])), "value", "expected an object"),
        (told::<Vec<Inner>>(json!([{"a": 1}, [1, "b"]])), "value[1]", "expected an object"),
        (told::<BTreeMap<i16, Inner>>(json!({"7": [1, "b"]})), "value.7", "expected an object"),
        (told::<Kind>(json!({"bug": null})), "value", "expected the string \"bug\""),
        (told::<ToldKind>(json!({"bug": null})), "value", "expected the string \"bug\""),
        (told::<Mixed>(json!({"bug": null})), "value", "expected the string \"bug\""),
        (told::<Shape>(json!(["circle", 1])), "value", "expected an object"),
        (told::<Shape>(json!({"kind": "circle", "a": 1e39})), "value.a", single),
        (told::<Shape>(json!({"kind": "bug", "a": 1})), "value.a", "unknown field, expected `kind` and no other"),
    ] {
        assert_eq!((&*told.0, &*told.1), (place, message));
    }
}

#[test]
fn a_type_that_checks_itself_costs_no_validator() {
    /// As those of the built-in functions are.
    #[derive(JsonSchema)]
    #[schemars(inline, extend("x-checked" = true))]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Checked(#[schemars(length(min = 3))] String);

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Holder {
        checked: Option<Checked>,
        narrow: u8,
        wide: i64,
        fixed: (u8, i16),
        by_number: BTreeMap<u32, Kind>,
    }

    let compares = |schema: schemars::Schema| Terms::of(schema.to_value()).expect("it is one").always_compares();
    assert!(!compares(schemars::schema_for!(Holder)));
    for plain in Plain::all() {
        assert!(!Terms::of((plain.schema)()).expect("it is one").always_compares(), "{}", plain.name);
    }
    assert!(compares(schemars::schema_for!((Checked, Said))));
}

#[test]
fn a_pattern_that_is_none_is_told() {
    let problem = Terms::of(json!({"properties": {"name": {"type": "string", "pattern": "^[a"}}})).err();
    assert!(problem.is_some_and(|problem| problem.contains("^[a")));
}
