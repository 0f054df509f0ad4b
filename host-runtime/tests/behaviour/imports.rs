use hostfn_runtime::{Grants, LoadError, PluginManager};

use crate::functions::in_memory;

fn refusal(manager: &PluginManager, text: &str) -> String {
    manager.load("guest", &wat::parse_str(text).unwrap(), Grants::all()).unwrap_err().to_string()
}

#[test]
fn everything_that_is_missing_is_listed_with_what_was_meant() {
    let error = refusal(
        &in_memory(),
        r#"(module
            (import "extism:host/user" "add_not" (func (param i64) (result i64)))
            (import "extism:host/user" "echo_text" (func (param i64) (result i64)))
            (import "extism:host/user" "fetch_the_moon" (func (param i64) (result i64)))
            (import "extism:host/user" "count_notes" (func (param i32) (result i64)))
            (import "extism:host/user" "add_note" (func (result i64)))
            (import "env" "memory" (memory 1)))"#,
    );
    assert_eq!(
        error,
        "plugin `guest` cannot be loaded on this host:
  `add_not` from `extism:host/user`: the host has no such function; did you mean `add_note`?
  `echo_text` from `extism:host/user`: the host has it in another namespace: import it from `my_app`
  `fetch_the_moon` from `extism:host/user`: the host has no such function; the host's command `list` shows those that it has
  `count_notes` from `extism:host/user`: the module imports it as (i32) -> (i64); import it as (i64) -> i64: the handle \
of a JSON object in, the handle of the answer out
  `add_note` from `extism:host/user`: it takes a request: import it as (i64) -> i64
  `memory` from `env`: the host has no such function; what comes from `env` was declared and not linked, and host \
functions are imported from `extism:host/user`"
    );
}

#[test]
fn a_host_of_nothing_runs_what_needs_nothing() {
    let manager = PluginManager::new();
    let module = wat::parse_str(r#"(module (func (export "run") (result i32) i32.const 0))"#).unwrap();
    assert_eq!(manager.load("guest", &module, Grants::none()).unwrap().call("run", "").unwrap(), b"");
    let error = refusal(&manager, r#"(module (import "extism:host/user" "add_note" (func (param i64) (result i64))))"#);
    assert!(error.contains("the host has no functions; build it with `.functions(…)`"), "{error}");
}

#[test]
fn what_is_no_module_is_refused() {
    let component = wat::parse_str("(component)").unwrap();
    let mut broken = wat::parse_str(r#"(module (func (export "run") (result i32) i32.const 0))"#).unwrap();
    broken.truncate(broken.len() - 3);
    for (bytes, said) in [
        (&b""[..], "it does not start as a WebAssembly module does"),
        (b"#!/bin/sh", "it does not start as a WebAssembly module does"),
        (&component, "it is a WebAssembly component"),
        (&broken, "it is broken"),
    ] {
        let error = PluginManager::new().load("guest", bytes, Grants::all()).unwrap_err();
        assert!(matches!(error, LoadError::NotAModule { .. }), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn what_is_no_valid_program_is_refused_by_load_and_check() {
    let module = wat::parse_str(r#"(module (func (export "run") (result i32) i64.const 0))"#).unwrap();
    let error = PluginManager::new().load("guest", &module, Grants::all()).unwrap_err();
    assert!(matches!(error, LoadError::NotAModule { .. }), "{error:?}");
    let checked = PluginManager::new().check("guest", &module, Grants::all()).unwrap_err();
    assert_eq!(checked.to_string(), error.to_string());
    assert!(
        matches!(checked, LoadError::NotAModule { reason, .. } if reason.starts_with("it is broken: type mismatch"))
    );
}
