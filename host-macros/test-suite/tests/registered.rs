//! What an annotated function is to a host, without a host.
// What the macro adds must be clean for those who are strict.
#![warn(clippy::pedantic, unused_qualifications, unreachable_pub)]
#![expect(
    clippy::fn_params_excessive_bools,
    clippy::needless_pass_by_value,
    reason = "of the functions: values are the request"
)]

use hostfn::{
    Caller, Change, ErrorCode, HostConnection, HostError, HostState, Json, NoConnection, Patch, States, host_fn,
};
use schemars::JsonSchema;
use serde::Deserialize;

hostfn::registry!();

/// Counts what was done through it.
struct Ledger(Vec<String>);
impl HostConnection for Ledger {}

#[derive(HostState)]
struct Greeting(&'static str);

/// Greets a user.
///
///     indented, as in Markdown
///
/// And says so.
#[host_fn(name = "greet", permission = "users:read", read_only, errors(conflict, not_found))]
fn greets(
    /// Not for guests.
    greeting: &Greeting,
    ledger: &mut Ledger,
    caller: &Caller,
    /// Whom to greet.
    #[serde(rename = "who")]
    name: String,
    #[schemars(range(min = 1))] times: Option<u32>,
) -> Result<String, HostError> {
    if name.is_empty() {
        return Err(HostError::not_found("nobody"));
    }
    ledger.0.push(format!("{} greets {name}", caller.plugin()));
    Ok([greeting.0, &name].join(" ").repeat(times.unwrap_or(1) as usize))
}

/// Changes things.
#[host_fn]
fn update(bio: Patch<String>, name: Change<String>, r#type: Option<bool>) -> String {
    format!("{bio:?} {name:?} {type:?}")
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sum {
    left: i32,
    right: i32,
}

/// Adds two numbers.
#[host_fn(namespace = "math", deprecated = "call `sum`")]
fn add(Json(Sum { left, right }): Json<Sum>) -> i32 {
    left + right
}

/// Does nothing, at length.
#[host_fn]
fn nothing() {}

/// Is not there in this build.
#[host_fn]
#[cfg(not(test))]
fn absent() {}

mod within {
    use super::host_fn;

    /// Says which of many flags are set.
    #[host_fn]
    fn connection(connection: bool, state: bool, request: bool, call: bool) -> u8 {
        [connection, state, request, call].into_iter().map(u8::from).sum()
    }
}

fn function(name: &str) -> hostfn::HostFunction {
    registry().into_iter().find(|function| function.name == name).expect("it is registered")
}

fn call(name: &str, request: &str) -> Result<String, HostError> {
    (function(name).call)(&mut NoConnection, &States::default(), request)
}

#[test]
fn what_is_defined_is_registered() {
    let names: Vec<_> = registry().iter().map(|function| function.name).collect();
    assert_eq!(names, ["add", "connection", "greet", "nothing", "update"]);
}

#[test]
fn the_options_reach_the_host() {
    let greet = function("greet");
    assert_eq!(greet.namespace, hostfn::DEFAULT_NAMESPACE);
    assert_eq!(greet.documentation, "Greets a user.\n\n    indented, as in Markdown\n\nAnd says so.");
    assert_eq!(greet.permission, "users:read");
    assert!(greet.read_only);
    assert_eq!(greet.errors, [ErrorCode::NotFound, ErrorCode::Conflict]);

    let add = function("add");
    assert_eq!((add.namespace, add.permission, add.read_only), ("math", "add", false));
    assert_eq!(add.deprecated, Some("call `sum`"));
    assert!(add.errors.is_empty());
}

#[test]
fn what_a_function_borrows_is_lent() {
    let mut ledger = Ledger(Vec::new());
    let mut states = States::default();
    states.insert(Greeting("hello").into());
    let mut greet = |request| (function("greet").call)(&mut ledger, &states, request);

    assert_eq!(greet(r#"{"who": "Ann", "times": 2}"#).unwrap(), r#""hello Annhello Ann""#);
    assert_eq!(greet(r#"{"who": ""}"#).unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(ledger.0, ["test greets Ann"]);
}

#[test]
fn a_request_is_fields_or_one_value() {
    assert_eq!(call("add", r#"{"left": 1, "right": 2}"#).unwrap(), "3");
    assert_eq!(call("nothing", "{}").unwrap(), "null");
    assert_eq!(
        call("connection", r#"{"connection": true, "state": true, "request": true, "call": false}"#).unwrap(),
        "3"
    );
}

#[test]
fn a_field_that_may_be_absent_needs_no_attribute() {
    assert_eq!(call("update", "{}").unwrap(), r#""Keep Keep None""#);
    let all = r#"{"bio": null, "name": "Ann", "type": true}"#;
    assert_eq!(call("update", all).unwrap(), r#""Clear Set(\"Ann\") Some(true)""#);
    assert!((function("update").request_schema)().get("required").is_none());
}

#[test]
fn a_wrong_request_is_told_of_in_words_that_a_guest_knows() {
    for (request, told) in [
        (r#"{"nick": "A"}"#, "unknown field `nick`, expected one of `bio`, `name`, `type`"),
        ("1", "invalid type: integer `1`, expected an object"),
    ] {
        let error = call("update", request).unwrap_err();
        assert!(error.message().starts_with(told), "{error}");
    }
}

#[test]
fn the_schema_says_what_the_arguments_say() {
    let schema = (function("greet").request_schema)();
    insta::assert_snapshot!(format!("{:#}", schema.as_value()), @r#"
    {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "who": {
          "type": "string",
          "description": "Whom to greet."
        },
        "times": {
          "type": [
            "integer",
            "null"
          ],
          "format": "uint32",
          "minimum": 1
        }
      },
      "required": [
        "who"
      ],
      "title": "GreetRequest",
      "$schema": "https://json-schema.org/draft/2020-12/schema"
    }
    "#);
}

#[test]
fn a_function_is_still_a_function() {
    assert_eq!(update(Patch::Clear, Change::Keep, None), "Clear Keep None");
    assert_eq!(add(Json(Sum { left: 1, right: 2 })), 3);
    nothing();
}
