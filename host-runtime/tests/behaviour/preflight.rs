use hostfn_runtime::{FindingKind, Grants, LoadError, PluginManager, PluginOptions, Severity};

use crate::functions::in_memory;

fn kinds(manager: &PluginManager, text: &str, options: impl Into<PluginOptions>) -> Vec<&'static str> {
    let findings = manager.check(&wat::parse_str(text).unwrap(), options).unwrap();
    findings.iter().map(|finding| finding.kind.id()).collect()
}

#[test]
fn all_that_there_is_to_say_is_said_the_gravest_first() {
    let text = r#"(module
        (import "extism:host/user" "add_note" (func (param i64) (result i64)))
        (import "extism:host/user" "add_not" (func (param i64) (result i64)))
        (import "extism:host/user" "echo_text" (func (param i64) (result i64)))
        (import "extism:host/user" "count_notes" (func (param i32) (result i64)))
        (memory 2000)
        (func $start)
        (start $start))"#;
    let expected = [
        "memory-too-large",
        "unknown-function",
        "wrong-namespace",
        "wrong-signature",
        "not-granted",
        "starts-by-itself",
    ];
    assert_eq!(kinds(&in_memory(), text, Grants::none()), expected);
    let granted = kinds(&in_memory(), text, PluginOptions::from(Grants::all()).memory_bytes(2000 << 16));
    assert_eq!(
        granted,
        expected
            .map(|kind| kind)
            .into_iter()
            .filter(|kind| !["memory-too-large", "not-granted"].contains(kind))
            .collect::<Vec<_>>()
    );
}

#[test]
fn what_a_module_may_not_be_keeps_it_from_being_loaded() {
    let manager = PluginManager::new();
    let module = wat::parse_str(r#"(module (memory 3) (func (export "run") (result i32) i32.const 0))"#).unwrap();
    let load = |options: PluginOptions| manager.load("guest", &module, options);
    load(PluginOptions::from(Grants::none()).memory_bytes(3 << 16).module_bytes(module.len())).unwrap();
    for (options, said) in [
        (PluginOptions::from(Grants::none()).module_bytes(module.len() - 1), "allow more with `module_bytes`"),
        (PluginOptions::from(Grants::none()).memory_bytes(2 << 16), "allow more with `memory_bytes`"),
    ] {
        let error = load(options).unwrap_err();
        assert!(matches!(error, LoadError::Refused { .. }) && error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_finding_that_only_warns_keeps_nobody_out() {
    let module = wat::parse_str(
        r#"(module
            (import "extism:host/user" "add_note" (func (param i64) (result i64)))
            (func (export "run") (result i32) i32.const 0))"#,
    );
    let module = module.unwrap();
    let findings = in_memory().check(&module, Grants::none()).unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].kind, findings[0].kind.severity()), (FindingKind::NotGranted, Severity::Denied));
    assert!(findings[0].message.starts_with("it needs `"), "{}", findings[0]);
    in_memory().load("guest", &module, Grants::none()).unwrap().call("run", "").unwrap();
}

#[test]
fn a_function_that_is_deprecated_says_what_to_call_instead() {
    let text = r#"(module (import "extism:host/user" "number_of_notes" (func (result i64))))"#;
    let findings = in_memory().check(&wat::parse_str(text).unwrap(), Grants::all()).unwrap();
    let said: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["`number_of_notes` from `extism:host/user`: it should not be used any more: call `count_notes`"]);
    assert_eq!(findings[0].kind.severity(), Severity::Warning);
}

#[test]
fn what_is_no_module_cannot_be_checked() {
    assert!(in_memory().check(b"#!/bin/sh", Grants::none()).unwrap_err().contains("pass the compiled .wasm file"));
}
