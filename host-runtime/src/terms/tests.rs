use std::collections::BTreeMap;

use hostfn_contract::{StringWithNul, forbid_nul};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{text::LONG, *};

#[derive(Default, Serialize, JsonSchema)]
struct Wide {
    unsigned: u64,
    signed: Option<i64>,
    pair: (i32, u64),
    ratios: Vec<f64>,
    by_number: BTreeMap<u32, f32>,
    nested: Option<Box<Wide>>,
}

#[derive(JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
enum Shape {
    Circle { radius: i32 },
    Point,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Drawing {
    shapes: Vec<Shape>,
}

fn terms<T: JsonSchema>() -> Terms {
    let mut schema = schemars::schema_for!(T).to_value();
    forbid_nul(&mut schema);
    Terms::of(schema).expect("it is a schema")
}

fn response(value: &Wide) -> Option<String> {
    let text = serde_json::to_vec(value).unwrap();
    terms::<Wide>().check_response(&text).err().map(|error| {
        assert_eq!(error.code().as_str(), "internal");
        std::error::Error::source(&error).expect("it has a reason").to_string()
    })
}

fn request<T: JsonSchema>(value: &Value) -> Option<(String, String)> {
    terms::<T>().check_request(&value.to_string()).err().map(|error| {
        assert_eq!(error.code().as_str(), "invalid_request");
        (error.field().unwrap_or_default().to_owned(), error.message().to_owned())
    })
}

#[test]
fn a_response_that_is_no_number_or_not_exact_breaks_its_contract_at_a_field() {
    let largest = LARGEST_INTEGER as u64;
    let nested = |wide: Wide| Wide { nested: Some(Box::new(wide)), ..Wide::default() };
    for (value, field) in [
        (Wide { unsigned: u64::MAX, ..Wide::default() }, "unsigned"),
        (Wide { unsigned: largest + 1, ..Wide::default() }, "unsigned"),
        (Wide { signed: Some(i64::MIN), ..Wide::default() }, "signed"),
        (Wide { pair: (0, largest + 1), ..Wide::default() }, "pair[1]"),
        (Wide { ratios: vec![0.5, f64::NAN], ..Wide::default() }, "ratios[1]"),
        (Wide { by_number: [(7, f32::INFINITY)].into(), ..Wide::default() }, "by_number.7"),
        (nested(Wide { ratios: vec![f64::NEG_INFINITY], ..Wide::default() }), "nested.ratios[0]"),
    ] {
        let reason = response(&value).expect(field);
        assert!(reason.starts_with(&format!("the response breaks its contract: {field}: expected a")), "{reason}");
    }
    let kept = Wide { unsigned: largest, signed: Some(-LARGEST_INTEGER), ratios: vec![1e300], ..Wide::default() };
    assert_eq!(response(&kept), None);
    let reason = terms::<f64>().check_response(b"null").unwrap_err();
    assert!(std::error::Error::source(&reason).unwrap().to_string().contains(": data: expected a number"));
}

#[test]
fn a_request_that_is_not_exact_is_refused_at_its_field() {
    let of = |member: Value| json!({"nested": {"unsigned": member}});
    let range = "nested.unsigned: expected an integer from 0 to 9007199254740991";
    let refused = Some(("nested.unsigned".to_owned(), range.to_owned()));
    assert_eq!(request::<Wide>(&of(json!(9_007_199_254_740_992_u64))), refused);
    assert_eq!(request::<Wide>(&of(json!(u64::MAX))), refused);
    assert_eq!(request::<Wide>(&of(json!(9_007_199_254_740_991_u64))), None);
    let range = "signed: expected an integer from -9007199254740991 to 9007199254740991";
    let refused = Some(("signed".to_owned(), range.to_owned()));
    assert_eq!(request::<Wide>(&json!({"signed": i64::MIN})), refused);
    assert_eq!(request::<Wide>(&json!({"ratios": [1e300, 18_446_744_073_709_551_615_u64]})), None, "a float may be");
}

#[test]
fn a_variant_without_fields_takes_none() {
    let drawing = |shape: Value| json!({"shapes": [{"kind": "circle", "radius": 1}, shape]});
    assert_eq!(request::<Drawing>(&drawing(json!({"kind": "point"}))), None);
    let message = "shapes[1].x: unknown field, expected `kind` and no other";
    assert_eq!(
        request::<Drawing>(&drawing(json!({"kind": "point", "x": 1}))),
        Some(("shapes[1].x".to_owned(), message.to_owned()))
    );
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Texts {
    name: Option<String>,
    list: Vec<(u8, String)>,
    map: BTreeMap<String, u8>,
    any: Option<StringWithNul>,
    value: Value,
}

#[test]
fn nul_is_in_no_string_but_one_that_may_hold_it() {
    for (value, field, place) in [
        (json!({"name": "a\0b"}), "name", "the string"),
        (json!({"list": [[1, "a"], [2, "\0"]]}), "list[1][1]", "the string"),
        (json!({"map": {"\0": 1}}), "map", "a key"),
    ] {
        let message = format!("{field}: U+0000 is not allowed in {place}: leave it out");
        assert_eq!(request::<Texts>(&value), Some((field.to_owned(), message)));
        let data = value.to_string();
        assert_eq!(terms::<Texts>().check_response(data.as_bytes()).unwrap_err().code().as_str(), "internal");
    }
    let open = json!({"value": {"a\0b": "a\0b"}});
    for value in [json!({"any": "a\0b"}), open, json!({"name": r"a\u0000b"})] {
        assert_eq!(request::<Texts>(&value), None, "{value}");
    }
}

#[test]
fn integers_are_written_plainly_wherever_they_stand() {
    for (text, plain) in [
        (r#"{"a": 1.0, "b": [1e2, -0, -1.50e1]}"#, Some(r#"{"a": 1, "b": [100, 0, -15]}"#)),
        (r#"{"a": "1.0", "\"": 2.0}"#, Some(r#"{"a": "1.0", "\"": 2}"#)),
        ("1.5", None),
        ("[1, -1, 1e400, 1e16, 9007199254740992.0]", None),
        (r#"{"1.0": "a\\", "b": "-0"}"#, None),
        ("[1., .0, 1e, --0]", None),
    ] {
        assert_eq!(with_plain_integers(text).as_deref(), plain, "{text}");
    }
}

proptest! {
    #[test]
    fn a_long_number_is_found_wherever_it_is(before in "[a-z]{0,40}", digits in "[0-9]{1,30}", after in "[a-z]{0,40}") {
        let text = format!("{before}{digits}{after}");
        prop_assert_eq!(has_long_number(text.as_bytes()), digits.len() >= LONG);
    }

    #[test]
    fn plain_integers_are_the_same_values(numbers in prop::collection::vec(any::<f64>().prop_filter("JSON has only these", |number| number.is_finite()), 0..5), integers in prop::collection::vec(-1000..1000_i32, 0..5)) {
        let written: Vec<_> = numbers.iter().map(|number| format!("{number:e}"))
            .chain(integers.iter().map(|number| format!("{number}.0"))).collect();
        let text = format!("[{}]", written.join(","));
        let read = |text: &str| serde_json::from_str::<Vec<f64>>(text).unwrap();
        let plain = with_plain_integers(&text).unwrap_or_else(|| text.clone());
        prop_assert_eq!(read(&plain), read(&text));
        let rest: Vec<i32> = serde_json::from_str::<Vec<Value>>(&plain).unwrap()[numbers.len()..].iter().map(|number| number.as_i64().unwrap() as i32).collect();
        prop_assert_eq!(rest, integers);
    }
}
