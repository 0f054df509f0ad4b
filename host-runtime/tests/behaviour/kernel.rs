//! What a guest reads and keeps by Extism's own functions, in whose place the host has its own.

use hostfn_runtime::{CallError, Grants, LoadError, Plugin, PluginManager, PluginOptions};

/// Its variable `k` is what it is called to keep; its configuration is looked up by its input.
const GUEST: &str = r#"(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
    (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
    (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
    (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
    (func $key (result i64) (local $key i64)
        (local.set $key (call $alloc (i64.const 1)))
        (call $store (local.get $key) (i32.const 107))
        (local.get $key))
    (func $answer (param $block i64) (call $output (local.get $block) (call $length (local.get $block))))
    (func (export "configured") (result i32) (call $answer (call $config_get (call $input))) i32.const 0)
    (func (export "keep") (result i32) (call $var_set (call $key) (call $input)) i32.const 0)
    (func (export "kept") (result i32) (call $answer (call $var_get (call $key))) i32.const 0)
    (func (export "forget") (result i32) (call $var_set (call $key) (i64.const 0)) i32.const 0)
    (func (export "no_key") (result i32) (drop (call $config_get (i64.const 123456))) i32.const 0)
    (func (export "request") (result i32) (drop (call $http_request (call $input) (i64.const 0))) i32.const 0))"#;

fn guest() -> Plugin {
    let options = PluginOptions::from(Grants::none()).config("sender", "ada@example.com").instances(1);
    PluginManager::new().load("guest", &wat::parse_str(GUEST).unwrap(), options).unwrap()
}

#[test]
fn configuration_is_what_the_plugin_was_loaded_with() {
    let guest = guest();
    assert_eq!(guest.call("configured", "sender").unwrap(), b"ada@example.com");
    assert_eq!(guest.call("configured", "recipient").unwrap(), b"");
    let error = guest.call("no_key", "").unwrap_err();
    assert!(matches!(error, CallError::Trapped { .. }), "{error}");
    assert!(error.to_string().contains("it passed a handle that names no block of memory"), "{error}");
    let error = guest.call("request", "{}").unwrap_err();
    assert!(error.to_string().contains("there is no network for plugins"), "{error}");
}

#[test]
fn variables_are_kept_from_call_to_call_up_to_a_mebibyte() {
    let guest = guest();
    assert_eq!(guest.call("kept", "").unwrap(), b"");
    for value in ["first", "second", &"x".repeat(1_000_000)] {
        guest.call("keep", value).unwrap();
        assert_eq!(guest.call("kept", "").unwrap(), value.as_bytes());
    }
    guest.call("forget", "").unwrap();
    assert_eq!(guest.call("kept", "").unwrap(), b"");
    let error = guest.call("keep", "x".repeat(1 << 20)).unwrap_err();
    assert!(error.to_string().contains("its variables would take more than 1048576 bytes"), "{error}");
}

#[test]
fn what_runs_while_a_plugin_is_loaded_cannot_call_the_host() {
    for (import, call) in [
        (r#""extism:host/env" "log_info" (func $f (param i64))"#, "(call $f (i64.const 0))"),
        (r#""extism:host/env" "config_get" (func $f (param i64) (result i64))"#, "(drop (call $f (i64.const 8)))"),
        (r#""extism:host/env" "var_get" (func $f (param i64) (result i64))"#, "(drop (call $f (i64.const 8)))"),
    ] {
        let text = format!("(module (import {import}) (func $start {call}) (start $start))");
        let plain = PluginOptions::from(Grants::none()).without_adapter();
        let error = PluginManager::new().load("guest", &wat::parse_str(text).unwrap(), plain).unwrap_err();
        assert!(matches!(error, LoadError::Compile { .. }) && error.to_string().contains("in an export"), "{error}");
    }
}
