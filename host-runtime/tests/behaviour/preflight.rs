use hostfn_runtime::{FindingKind, Grants, LimitChanges, LoadError, PluginManager, PluginOptions, Severity};

use crate::functions::in_memory;

fn kinds(manager: &PluginManager, text: &str, options: impl Into<PluginOptions>) -> Vec<&'static str> {
    let findings = manager.check("guest", &wat::parse_str(text).unwrap(), options).unwrap();
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
    let plain = |grants| PluginOptions::from(grants).without_adapter();
    assert_eq!(kinds(&in_memory(), text, plain(Grants::none())), expected);
    assert_eq!(kinds(&in_memory(), text, Grants::none()), expected[..5], "the adapter lets nothing start by itself");
    let granted = kinds(&in_memory(), text, plain(Grants::all()).memory_bytes(2000 << 16));
    assert_eq!(
        granted,
        expected
            .map(|kind| kind)
            .into_iter()
            .filter(|kind| !["memory-too-large", "not-granted"].contains(kind))
            .collect::<Vec<_>>()
    );
}

/// A plugin that is granted nothing, with another limit.
fn limited(change: impl FnOnce(&mut LimitChanges)) -> PluginOptions {
    let mut limits = LimitChanges::default();
    change(&mut limits);
    PluginOptions::from(Grants::none()).limits(limits)
}

#[test]
fn what_a_module_may_not_be_keeps_it_from_being_loaded() {
    let manager = PluginManager::new();
    let text = r#"(module (memory 3) (table 10 funcref) (table 5 20 funcref)
        (func (export "run") (result i32) i32.const 0)
        (func (param i32) (result i32) (table.grow 1 (ref.null func) (local.get 0))))"#;
    let growing_without_end = wat::parse_str(text).unwrap();
    let module = wat::parse_str(text.replace("table 10", "table 10 10")).unwrap();
    let with_a_local = wat::parse_str("(module (func (local i32)))").unwrap();
    let bytes = module.len();
    let just_enough = |limits: &mut LimitChanges| {
        (limits.module_bytes, limits.memory_bytes) = (Some(bytes), Some(3 << 16));
        (limits.module_functions, limits.function_bytes, limits.table_elements) = (Some(2), Some(9), Some(30));
    };
    manager.load("guest", &module, limited(just_enough)).unwrap();
    for (limits, module, said) in [
        (limited(|limits| limits.module_bytes = Some(bytes - 1)), &module, "allow more with `module_bytes`"),
        (limited(|limits| limits.module_functions = Some(1)), &module, "allow more with `module_functions`"),
        (limited(|limits| limits.function_bytes = Some(8)), &module, "allow more with `function_bytes`"),
        (limited(|limits| limits.module_locals = Some(0)), &with_a_local, "allow more with `module_locals`"),
        (limited(|limits| limits.memory_bytes = Some(2 << 16)), &module, "allow more with `memory_bytes`"),
        (limited(|limits| limits.table_elements = Some(29)), &module, "allow more with `table_elements`"),
        (limited(|_| {}), &growing_without_end, "grow without a maximum: declare one"),
    ] {
        let error = manager.load("guest", module, limits).unwrap_err();
        assert!(matches!(error, LoadError::Refused { .. }) && error.to_string().contains(said), "{error}");
    }
}

#[test]
fn what_is_extisms_own_or_not_for_plugins_is_refused() {
    let text = r#"(module
        (import "extism:host/env" "alloc" (func (param i32) (result i64)))
        (import "extism:host/env" "length" (func (param i64) (result i64)))
        (import "extism:host/env" "reset" (func))
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fork" (func (result i32))))"#;
    assert_eq!(kinds(&in_memory(), text, Grants::none()), ["not-for-plugins"; 3]);
    let shared = wat::parse_str("(module (memory 1 1 shared))").unwrap();
    let error = in_memory().check("guest", &shared, Grants::none()).unwrap_err();
    assert!(error.to_string().contains("threads"), "shared memory: {error}");
}

#[test]
fn a_strict_load_refuses_what_is_not_granted() {
    let text = r#"(module (import "extism:host/user" "add_note" (func (param i64) (result i64))))"#;
    let module = wat::parse_str(text).unwrap();
    let strict = |grants| PluginOptions::from(grants).strict();
    for grants in [Grants::none(), Grants::of(["notes:read", "notes:writ", "accounts:*"]).unwrap()] {
        let error = in_memory().load("guest", &module, strict(grants)).unwrap_err().to_string();
        assert!(error.contains("needs `notes:write`, which is not granted, so that it is not loaded"), "{error}");
    }
    in_memory().load("guest", &module, strict(Grants::of(["notes:write"]).unwrap())).unwrap();
}

#[test]
fn a_finding_that_only_warns_keeps_nobody_out() {
    let module = wat::parse_str(
        r#"(module
            (import "extism:host/user" "add_note" (func (param i64) (result i64)))
            (func (export "run") (result i32) i32.const 0))"#,
    );
    let module = module.unwrap();
    let findings = in_memory().check("guest", &module, Grants::none()).unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].kind, findings[0].kind.severity()), (FindingKind::NotGranted, Severity::Denied));
    assert!(findings[0].message.starts_with("it needs `"), "{}", findings[0]);
    in_memory().load("guest", &module, Grants::none()).unwrap().call("run", "").unwrap();
}

#[test]
fn a_function_that_is_deprecated_says_what_to_call_instead() {
    let text = r#"(module (import "extism:host/user" "number_of_notes" (func (result i64))))"#;
    let module = wat::parse_str(text).unwrap();
    let findings = in_memory().check("guest", &module, Grants::all()).unwrap();
    let said: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["`number_of_notes` from `extism:host/user`: it should not be used any more: call `count_notes`"]);
    assert_eq!(findings[0].kind.severity(), Severity::Warning);
    in_memory().load("guest", &module, PluginOptions::from(Grants::all()).strict()).unwrap();
}

#[test]
fn what_is_no_module_cannot_be_checked() {
    let error = in_memory().check("guest", b"#!/bin/sh", Grants::none()).unwrap_err();
    assert!(error.to_string().contains("pass the compiled .wasm file"), "{error}");
}

#[test]
fn an_export_that_cannot_be_called_is_told_before_it_is_called() {
    let text = r#"(module
        (func (export "wide") (result i64) i64.const 0)
        (func (export "exact") (result f64) f64.const 0)
        (func (export "two") (result i32 i32) i32.const 0 i32.const 0)
        (func (export "takes") (param i32) (result i32) i32.const 0)
        (func (export "reference") (result funcref) (ref.null func))
        (func (export "malloc") (param i32) (result i32) i32.const 0)
        (func (export "__new") (param i32 i32) (result i32) i32.const 0)
        (func (export "code") (result i32) i32.const 0)
        (func (export "nothing")))"#;
    let module = wat::parse_str(text).unwrap();
    let findings = in_memory().check("guest", &module, Grants::none()).unwrap();
    let said: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "the module: it exports `wide` as () -> (i64), `exact` as () -> (f64), `two` as () -> (i32, i32), `takes` as \
             (i32) -> (i32), `reference` as () -> (funcref), which cannot be called: export a function for a host as () \
             -> i32, which returns 0 for success, or as () -> ()"
        ]
    );
    assert_eq!((findings[0].kind, findings[0].kind.severity()), (FindingKind::ExportNotCallable, Severity::Warning));
    for options in [PluginOptions::from(Grants::none()), PluginOptions::from(Grants::none()).without_adapter()] {
        let plugin = in_memory().load("guest", &module, options).unwrap();
        for export in ["code", "nothing"] {
            plugin.call(export, "").unwrap();
        }
        for (export, signature) in [
            ("wide", "() -> (i64)"),
            ("exact", "() -> (f64)"),
            ("two", "() -> (i32, i32)"),
            ("takes", "(i32) -> (i32)"),
            ("reference", "() -> (funcref)"),
            ("malloc", "(i32) -> (i32)"),
        ] {
            let error = plugin.call(export, "").unwrap_err();
            assert_eq!(error.code(), "not-callable");
            let said = format!("plugin `guest`, export `{export}`: it is exported as {signature} and cannot be called");
            assert!(error.to_string().starts_with(&said), "{error}");
        }
    }
}
