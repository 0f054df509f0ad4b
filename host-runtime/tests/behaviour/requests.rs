use hostfn_runtime::{Database, Grants, Limits};
use hostfn_test::forwarding_guest;

use crate::functions::{answer, builder, forwarding, in_memory};

#[test]
fn what_is_no_json_is_told_from_what_is_no_request() {
    let plugin = forwarding(&in_memory());
    for (request, message) in [
        (&b"{\"text\": "[..], "the request is not JSON at line 1, column 9"),
        (b"{\"text\": \"\xff\"}", "the request is not UTF-8: encode it as JSON"),
        (b"[]", "the request is not a JSON object: pass one, with a member for each field"),
        (b"{\"text\": 5}", "text: expected a string"),
        (b"", "`text` is missing"),
    ] {
        let error = &answer(&plugin, "add_note", request)["error"];
        assert_eq!((&error["code"], &error["message"]), (&"invalid_request".into(), &message.into()));
    }
}

#[test]
fn a_request_that_is_too_large_is_not_read() {
    let limits = Limits { request_bytes: 20, ..Limits::default() };
    let manager = builder().database(Database::open("sqlite::memory:").unwrap()).limits(limits).build().unwrap();
    let plugin = forwarding(&manager);
    assert_eq!(answer(&plugin, "echo_text", r#"{"text": "0123456"}"#)["data"], "0123456");
    let error = &answer(&plugin, "echo_text", r#"{"text": "012345678"}"#)["error"];
    assert_eq!(error["code"], "limit_exceeded");
    assert_eq!(
        error["message"],
        "the request has 21 bytes and the host takes 20: send less, or allow more with `request_bytes`"
    );
}

#[test]
fn a_handle_of_nothing_is_refused() {
    // It passes a number of its own instead of a handle.
    let module = wat::parse_str(
        r#"(module
            (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
            (import "extism:host/env" "length" (func $length (param i64) (result i64)))
            (import "my_app" "echo_text" (func $echo (param i64) (result i64)))
            (func (export "run") (result i32) (local $answer i64)
                (local.set $answer (call $echo (i64.const 123456789)))
                (call $output_set (local.get $answer) (call $length (local.get $answer)))
                (i32.const 0)))"#,
    )
    .unwrap();
    let plugin = in_memory().load("forger", &module, Grants::all()).unwrap();
    let answer = answer(&plugin, "run", "");
    // An unknown handle has no length, and so is an empty request, or it is refused: never read.
    assert!(answer["data"].is_null(), "{answer}");
}

#[test]
fn an_optional_request_may_be_left_out_by_either_arity() {
    let manager = in_memory();
    let with = manager.load("new", &forwarding_guest(manager.functions(), true), Grants::all()).unwrap();
    let optional = manager.functions().filter(|function| function.can_be_called_with_nothing());
    let without = manager.load("old", &forwarding_guest(optional, false), Grants::all()).unwrap();
    for plugin in [&with, &without] {
        assert_eq!(answer(plugin, "echo_text", "")["success"], true);
    }
    // Imported without a parameter, it is passed nothing, whatever the plugin was given.
    assert!(answer(&without, "echo_text", r#"{"text": "ignored"}"#)["data"].is_null());
    assert!(without.exports().iter().all(|export| export != "add_note"));
}
