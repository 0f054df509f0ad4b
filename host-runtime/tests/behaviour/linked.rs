//! Modules that are linked with a plugin: they import from each other, and have its grants and its limits.

use hostfn_runtime::{CallError, FindingKind, Grants, LoadError, PluginManifest, PluginOptions};
use sha2::{Digest, Sha256};

use crate::functions::{answer, in_memory};

/// Counts its calls, in its own memory, from the number that its beginnings leave there; and hands a request on.
const LIBRARY: &str = r#"(module
    (import "extism:host/user" "add_note" (func $add (param i64) (result i64)))
    (import "base" "number" (func $number (result i32)))
    (memory (export "memory") 1)
    (func $start (i32.store (i32.const 0) (call $number)))
    (start $start)
    (func (export "_initialize") (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
    (func (export "next") (result i32)
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (i32.load (i32.const 0)))
    (func (export "add") (param i64) (result i64) (call $add (local.get 0))))"#;

const BASE: &str = r#"(module (func (export "number") (result i32) (i32.const 40)))"#;

const MAIN: &str = r#"(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "library" "next" (func $next (result i32)))
    (import "library" "add" (func $add (param i64) (result i64)))
    (import "library" "memory" (memory 1))
    (func (export "next") (result i32) (call $next))
    (func (export "seen") (result i32) (i32.load (i32.const 0)))
    (func (export "add_note") (result i32) (local $answer i64)
        (local.set $answer (call $add (call $input)))
        (call $output (local.get $answer) (call $length (local.get $answer)))
        i32.const 0))"#;

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn options() -> PluginOptions {
    PluginOptions::from(Grants::all()).instances(1).link("library", wasm(LIBRARY)).link("base", wasm(BASE))
}

/// The number that an export fails with.
fn code(plugin: &hostfn_runtime::Plugin, export: &str) -> i32 {
    match plugin.call(export, "") {
        Err(CallError::FailedSilently { exit_code, .. }) => exit_code,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn they_begin_before_the_plugin_in_the_order_in_which_they_need_each_other() {
    for options in [options(), options().without_adapter()] {
        let manager = in_memory();
        let plugin = manager.load("guest", &wasm(MAIN), options).unwrap();
        assert_eq!([code(&plugin, "next"), code(&plugin, "next"), code(&plugin, "seen")], [42, 43, 43]);
        assert_eq!(answer(&plugin, "add_note", r#"{"text": "of a library"}"#)["data"], 1);
    }
}

#[test]
fn they_have_the_grants_and_the_limits_of_the_plugin() {
    let manager = in_memory();
    let plugin = manager.load("guest", &wasm(MAIN), without_grants()).unwrap();
    assert_eq!(answer(&plugin, "add_note", r#"{"text": "x"}"#)["error"]["code"], "permission_denied");
    let findings = manager.check("guest", &wasm(MAIN), without_grants()).unwrap();
    assert_eq!(findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [FindingKind::NotGranted]);

    let endless = "(module (func $start (loop $again (br $again))) (start $start))";
    let options = PluginOptions::from(Grants::none()).link("library", wasm(endless));
    let limits = hostfn_runtime::LimitChanges { fuel: Some(1_000_000), ..Default::default() };
    let main = wasm(r#"(module (func (export "run")))"#);
    let plugin = manager.load("guest", &main, options.limits(limits)).unwrap();
    let error = plugin.call("run", "").unwrap_err();
    assert!(matches!(error, CallError::OutOfFuel { .. }), "{error}");
}

fn without_grants() -> PluginOptions {
    PluginOptions::from(Grants::none()).link("library", wasm(LIBRARY)).link("base", wasm(BASE))
}

#[test]
fn what_cannot_be_linked_is_told_and_not_tried() {
    let manager = in_memory();
    let main = wasm(r#"(module (import "a" "f" (func)) (func (export "run")))"#);
    let importing = |from: &str| wasm(&format!(r#"(module (import "{from}" "f" (func)) (func (export "f")))"#));
    let plain = || PluginOptions::from(Grants::none());
    for (options, said) in [
        (plain().link("a", importing("b")).link("b", importing("a")), "link them one way"),
        (plain().link("a", importing("a")), "link them one way"),
        (
            plain().link("a", wasm("(module (func (export \"f\")))")).link("main", wasm("(module)")),
            "choose another one",
        ),
        (
            plain().link("a", wasm("(module (func (export \"f\")))")).link("extism:host/user", wasm("(module)")),
            "another one",
        ),
        (plain().link("a", wasm("(module)")).link("a", wasm("(module)")), "two of this name"),
        (plain().link("a", importing("extism:host/env")), "it is not among what"),
    ] {
        for options in [options.clone(), options.without_adapter()] {
            let error = manager.load("guest", &main, options).unwrap_err();
            assert!(matches!(error, LoadError::Refused { .. }) && error.to_string().contains(said), "{said}: {error}");
        }
    }
    let error = manager.load("guest", &main, plain().link("a", "no module")).unwrap_err();
    assert!(error.to_string().contains("its linked module `a`: it does not start as"), "{error}");
    let error = manager.load("guest", &main, plain().link("a", wasm("(module)"))).unwrap_err();
    assert!(matches!(error, LoadError::Compile { .. }), "{error}");
}

#[test]
fn a_manifest_names_them_with_their_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let hash = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut text = format!("name = 'guest'\nmodule = 'guest.wasm'\nsha256 = '{}'\ngrants = ['*']\n", hash(&wasm(MAIN)));
    std::fs::write(folder.path().join("guest.wasm"), wasm(MAIN)).unwrap();
    for (name, module) in [("library", wasm(LIBRARY)), ("base", wasm(BASE))] {
        text += &format!("[linked.{name}]\nmodule = '{name}.wasm'\nsha256 = '{}'\n", hash(&module));
        std::fs::write(folder.path().join(format!("{name}.wasm")), module).unwrap();
    }
    let path = folder.path().join("guest.toml");
    std::fs::write(&path, text).unwrap();
    let manifest = PluginManifest::read(&path).unwrap();
    let manager = in_memory();
    let plugin = manager.load_manifest(&manifest, Grants::all()).unwrap();
    assert_eq!(code(&plugin, "next"), 42);

    std::fs::write(folder.path().join("base.wasm"), wasm("(module)")).unwrap();
    let error = manager.load_manifest(&manifest, Grants::all()).unwrap_err();
    assert!(
        error.to_string().contains("base.wasm: it is not the module that the manifest of `guest` is for"),
        "{error}"
    );
}
