//! What the contract says is so: of what comes in, and of what goes out.

use hostfn_runtime::{Json, host_fn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    functions::{answer, forwarding, in_memory},
    logs::logged,
};

/// Divides.
#[host_fn(permission = "terms")]
fn ratio(part: f64, whole: f64) -> f64 {
    part / whole
}

/// The largest number that Rust has.
#[host_fn(permission = "terms")]
fn largest() -> u64 {
    u64::MAX
}

/// Answers with what it takes.
#[host_fn(permission = "terms")]
fn echo_wide(unsigned: u64, signed: i64) -> (u64, i64) {
    (unsigned, signed)
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Shape {
    Circle { radius: i32 },
    Point,
}

/// Takes a pair, a single and a shape.
#[host_fn(permission = "terms")]
fn measure(pair: Option<(i32, String)>, single: Option<f32>, shape: Option<Shape>) -> bool {
    pair.is_some() || single.is_some() || shape.is_some()
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Spacing {
    left: u8,
}

/// Takes a whole request.
#[host_fn(permission = "terms")]
fn space(Json(spacing): Json<Spacing>) -> u8 {
    spacing.left
}

fn call(function: &str, request: Value) -> Value {
    answer(&forwarding(&in_memory()), function, request.to_string())
}

#[test]
fn a_response_that_breaks_its_contract_is_internal_and_the_log_has_the_field() {
    for (function, request, field) in [
        ("ratio", json!({"part": 0.0, "whole": 0.0}), "data"),
        ("ratio", json!({"part": 1.0, "whole": 0.0}), "data"),
        ("largest", json!({}), "data"),
    ] {
        let log = logged(|| assert_eq!(call(function, request)["error"]["code"], "internal"));
        assert!(log.contains(&format!("function=\"{function}\"")), "{log}");
        assert!(log.contains(&format!("the response breaks its contract: {field}: expected a")), "{log}");
    }
    assert_eq!(call("ratio", json!({"part": 1.0, "whole": 2.0}))["data"], 0.5);
}

#[test]
fn a_request_that_breaks_its_contract_is_refused_with_its_field() {
    let large = 9_007_199_254_740_991_u64;
    for (function, request, message) in [
        (
            "echo_wide",
            json!({"unsigned": large + 1, "signed": 0}),
            "unsigned: expected an integer from 0 to 9007199254740991",
        ),
        (
            "echo_wide",
            json!({"unsigned": 0, "signed": i64::MIN}),
            "signed: expected an integer from -9007199254740991 to 9007199254740991",
        ),
        ("measure", json!({"pair": [1, "a", 2]}), "pair: expected an array of length 2"),
        (
            "measure",
            json!({"single": 1e39}),
            "single: expected a number from -3.4028234663852886e38 to 3.4028234663852886e38",
        ),
        (
            "measure",
            json!({"shape": {"kind": "point", "x": 1}}),
            "shape.x: unknown field, expected `kind` and no other",
        ),
    ] {
        let error = &call(function, request)["error"];
        let field = message.split(':').next().unwrap();
        assert_eq!(
            (&error["code"], &error["message"], &error["field"]),
            (&"invalid_request".into(), &message.into(), &field.into())
        );
    }
    assert_eq!(call("echo_wide", json!({"unsigned": large, "signed": -1}))["data"], json!([large, -1]));
    assert_eq!(call("measure", json!({"shape": {"kind": "point"}}))["data"], true);
}

#[test]
fn an_integer_may_be_written_as_json_schema_says() {
    let plugin = forwarding(&in_memory());
    for (request, left) in [(r#"{"left": 1.0}"#, 1), (r#"{"left": 1e2}"#, 100), (r#"{"left": -0}"#, 0)] {
        assert_eq!(answer(&plugin, "space", request)["data"], left, "{request}");
    }
    let error = &answer(&plugin, "space", r#"{"left": 1e3}"#)["error"];
    assert_eq!(error["message"], "left: expected an integer from 0 to 255");
}

/// Writes a note.
#[host_fn(permission = "terms")]
fn keep_text(db: &mut hostfn_runtime::DbConnection, text: String) -> diesel::QueryResult<i32> {
    crate::functions::insert(db, &text)
}

/// The length of a string that may be any.
#[host_fn(permission = "terms")]
fn length(text: hostfn_runtime::StringWithNul) -> u32 {
    u32::try_from(text.len()).unwrap()
}

/// What no plugin gets.
#[host_fn(permission = "terms")]
fn nul() -> String {
    "a\0b".to_owned()
}

#[test]
fn nul_is_refused_before_a_database_sees_it() {
    let error = &call("keep_text", json!({"text": "a\0b"}))["error"];
    assert_eq!((&error["code"], &error["field"]), (&"invalid_request".into(), &"text".into()));
    assert_eq!(call("length", json!({"text": "a\0b"}))["data"], 3);
    assert_eq!(call("nul", json!({}))["error"]["code"], "internal");
}
