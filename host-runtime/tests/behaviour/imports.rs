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
            (import "extism:host/user" "addNote" (func (param i64) (result i64)))
            (import "extism:host/user" "echo_text" (func (param i64) (result i64)))
            (import "extism:host/user" "fetch_the_moon" (func (param i64) (result i64)))
            (import "extism:host/user" "count_notes" (func (param i32) (result i64)))
            (import "extism:host/user" "add_note" (func (result i64)))
            (import "env" "sha256" (func (param i32))))"#,
    );
    assert_eq!(
        error,
        "plugin `guest` cannot be loaded on this host:
  `add_not` from `extism:host/user`: the host has no such function; did you mean `add_note`?
  `addNote` from `extism:host/user`: the host has no such function; did you mean `add_note`?
  `echo_text` from `extism:host/user`: the host has it in another namespace: import it from `my_app`
  `fetch_the_moon` from `extism:host/user`: the host has no such function; the host's command `list` shows those that it has
  `count_notes` from `extism:host/user`: the module imports it as (i32) -> (i64); import it as (i64) -> i64: the handle \
of a JSON object in, the handle of the answer out
  `add_note` from `extism:host/user`: it takes a request: import it as (i64) -> i64
  `sha256` from `env`: the host has no such function; `env` is where linkers put what is declared and not defined: link \
the library that defines it; a host function is imported from `extism:host/user`, in C by `import_module` and in Zig by \
`extern \"extism:host/user\" fn`"
    );
}

/// The imports of mistakes that many make, each with a piece of what is said of it.
const CLASSICS: [(&str, &str, &str); 27] = [
    ("env", "abort", "build with `--use abort=FILE/NAME`, which names a function of yours, such as `--use abort="),
    ("env", "seed", "AssemblyScript's `Math.random` asks for it"),
    ("env", "Date.now", "take the time from the input or from a host function"),
    ("env", "performance.now", "AssemblyScript's clock asks for it"),
    ("env", "console.log", "log with the PDK, as `log_info`, or remove the call"),
    ("env", "console.error", "AssemblyScript's `console` asks for it"),
    ("env", "trace", "AssemblyScript's `trace` asks for it: log with the PDK"),
    ("env", "process.exit", "return a code other than 0 from the export instead"),
    ("env", "emscripten_notify_memory_growth", "-sSTANDALONE_WASM"),
    ("env", "_emscripten_throw_longjmp", "it comes from Emscripten"),
    ("env", "__syscall_openat", "it comes from Emscripten"),
    ("env", "invoke_vii", "it comes from Emscripten"),
    ("env", "__cxa_throw", "without C++ exceptions"),
    ("env", "runtime.ticks", "it comes from TinyGo for a browser"),
    ("env", "helper", "`env` is where linkers put what is declared and not defined"),
    ("GOT.func", "helper", "the module is built as a shared library"),
    ("__wbindgen_placeholder__", "__wbindgen_throw", "`cargo tree -i wasm-bindgen` names the dependency"),
    ("wbg", "__wbg_now_1", "it comes from wasm-bindgen"),
    ("./app_bg.js", "__wbindgen_throw", "it comes from wasm-bindgen"),
    ("gojs", "runtime.wasmExit", "GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared"),
    ("go", "runtime.wasmExit", "it comes from Go for `js`"),
    ("wasi:cli/environment@0.2.0", "get-environment", "WASI preview 2 is for WebAssembly components"),
    ("wasi_unstable", "fd_write", "build for `wasm32-wasip1` with a newer compiler"),
    ("wasi", "thread-spawn", "plugins have no threads"),
    ("acme:notes/store@1.0.0", "add", "an interface of the component model"),
    ("GOT.mem", "helper", "link it statically"),
    ("env", "syscall/js.valueGet", "it comes from TinyGo for a browser"),
];

#[test]
fn an_import_of_a_languages_runtime_is_told_with_its_cure() {
    for manager in [in_memory(), PluginManager::new()] {
        for (namespace, name, said) in CLASSICS {
            let module = wat::parse_str(format!(r#"(module (import "{namespace}" "{name}" (func)))"#)).unwrap();
            let findings = manager.check("guest", &module, Grants::all()).unwrap();
            assert_eq!(findings.len(), 1);
            assert_eq!(findings[0].kind.id(), "runtime-import", "{namespace} {name}");
            let error = manager.load("guest", &module, Grants::all()).unwrap_err().to_string();
            for text in [findings[0].message.clone(), error] {
                assert!(text.contains(said), "{namespace} {name}: {text}");
            }
        }
    }
    for (import, said) in [
        (r#""env" "memory" (memory 1)"#, "the module imports its memory, and a plugin brings its own"),
        (r#""env" "__indirect_function_table" (table 1 funcref)"#, "the module is built as a shared library"),
        (r#""env" "__memory_base" (global i32)"#, "link it statically, without `-shared`"),
    ] {
        let error = refusal(&in_memory(), &format!("(module (import {import}))"));
        assert!(error.contains(said), "{error}");
    }
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
