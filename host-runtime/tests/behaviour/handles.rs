//! What a guest may pass instead of the handle of a request.

use hostfn_runtime::{Grants, Plugin};

use crate::functions::{answer, in_memory};

/// Calls `add_note` with a handle that it makes up, and `count_notes` with nothing.
fn passing(handle: i64, grants: Grants) -> Plugin {
    let module = format!(
        r#"(module
            (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
            (import "extism:host/env" "length" (func $length (param i64) (result i64)))
            (import "extism:host/user" "add_note" (func $add_note (param i64) (result i64)))
            (func (export "run") (result i32) (local $answer i64)
                (local.set $answer (call $add_note (i64.const {handle})))
                (call $output_set (local.get $answer) (call $length (local.get $answer)))
                (i32.const 0)))"#
    );
    in_memory().load("guest", &wat::parse_str(module).unwrap(), grants).unwrap()
}

#[test]
fn a_handle_that_names_no_block_is_refused_whatever_it_is() {
    for handle in [1, 7, 123_456_789, 1 << 40, i64::MAX, i64::MIN, -1, -8] {
        let error = &answer(&passing(handle, Grants::all()), "run", "")["error"];
        assert_eq!(error["code"], "invalid_request", "{handle}");
        assert_eq!(
            error["message"], "the handle names no block of memory: pass one that the PDK allocated",
            "{handle}"
        );
    }
}

#[test]
fn the_handle_zero_is_an_empty_request() {
    let error = &answer(&passing(0, Grants::all()), "run", "")["error"];
    assert_eq!((&error["code"], &error["message"]), (&"invalid_request".into(), &"`text` is missing".into()));
}

#[test]
fn a_plugin_that_may_not_call_is_told_so_whatever_it_passes() {
    for handle in [0, 1, 123_456_789, -1] {
        let error = &answer(&passing(handle, Grants::none()), "run", "")["error"];
        assert_eq!(error["code"], "permission_denied", "{handle}");
        assert!(error["message"].as_str().unwrap().contains("`notes:write`"), "{error}");
    }
}
