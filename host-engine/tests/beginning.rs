//! Start-up code runs with the first call, within its limits, and can call the host.
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod common;

use std::time::{Duration, Instant};

use common::{ENGINE, guest};
use hostfn_engine::{CallOptions, Compiled, Ending, HostFunctions, InstanceOptions};

const NOTE: &str = r#"(import "extism:host/user" "note" (func $note (param i64) (result i64)))"#;

/// Keeps what guests note in the instance's data.
fn noting() -> HostFunctions<Vec<String>> {
    let mut functions = HostFunctions::<Vec<String>>::new();
    functions.add("extism:host/user", "note", |call| {
        let note = String::from_utf8(call.request().ok_or("no block")?.to_vec())?;
        call.data_mut().push(note);
        Ok(())
    });
    functions
}

/// A function that notes one letter, the `at`th of the guest's data.
fn note(header: &str, at: u32) -> String {
    format!("(func {header} (drop (call $note (call $text (i32.const {at}) (i32.const 1)))))")
}

#[test]
fn start_up_code_runs_in_order_and_once_and_calls_the_host() {
    let fields = [
        note("(export \"_initialize\")", 1),
        note("$start", 0),
        "(start $start)".to_owned(),
        r#"(func (export "hs_init") (param i32 i32) (result i32)
            (drop (call $note (call $text (i32.const 2) (i32.const 1)))) (i32.const 0))"#
            .to_owned(),
        note("(export \"run\")", 3),
    ];
    let module = guest(NOTE, "SIHR", &fields.concat());
    let library =
        guest(NOTE, "si", &[note("$start", 0), "(start $start)".into(), note("(export \"_initialize\")", 1)].concat());
    let builder = Compiled::builder(&ENGINE, &module).functions(noting()).link("library", &library);
    let compiled = builder.build().unwrap();
    let mut instance = compiled.instance(Vec::new(), InstanceOptions::new()).unwrap();
    assert!(instance.data().is_empty());
    instance.call("run", b"", &CallOptions::new()).unwrap();
    assert_eq!(instance.data().concat(), "siSIHR");
    instance.call("run", b"", &CallOptions::new()).unwrap();
    assert_eq!(instance.data().concat(), "siSIHRR");
}

#[test]
fn nothing_runs_when_a_module_is_loaded() {
    let mut functions = HostFunctions::<()>::new();
    functions.add("extism:host/user", "note", |_| panic!("nothing runs"));
    functions.add("extism:host/user", "none", |_| panic!("nothing runs"));
    let imports = format!(r#"{NOTE} (import "extism:host/user" "none" (func $none (result i64)))"#);
    for start in [
        note("$start", 0),
        "(func $start (loop $again (br $again)))".to_owned(),
        "(func $start (unreachable))".to_owned(),
        "(func $start (drop (call $none)))".to_owned(),
    ] {
        let module = guest(&imports, "S", &format!("{start} (start $start)"));
        assert!(Compiled::builder(&ENGINE, &module).functions(functions.clone()).build().is_ok(), "{start}");
    }
    let reset = wat::parse_str(r#"(module (import "extism:host/env" "reset" (func $reset)) (start $reset))"#).unwrap();
    assert!(Compiled::builder(&ENGINE, &reset).functions(functions).build().is_ok());
}

#[test]
fn start_up_code_has_the_limits_of_the_call() {
    for header in ["$start", "(export \"_initialize\")", "(export \"__wasm_call_ctors\")"] {
        let start = if header == "$start" { "(start $start)" } else { "" };
        let begins = |body: &str| {
            let module = guest("", "", &format!("(func {header} {body}) {start} (func (export \"run\"))"));
            Compiled::<()>::builder(&ENGINE, &module).build().unwrap().instance((), InstanceOptions::new()).unwrap()
        };
        let forever = "(loop $again (br $again))";
        let error = begins(forever).call("run", b"", &CallOptions::new().fuel(100_000)).unwrap_err();
        assert!(matches!(error.ending, Ending::OutOfFuel), "{header}: {error}");
        let options = CallOptions::new().deadline(Instant::now() + Duration::from_millis(30));
        let error = begins(forever).call("run", b"", &options).unwrap_err();
        assert!(matches!(error.ending, Ending::Deadline), "{header}: {error}");
        let error = begins("(drop (memory.grow (i32.const 5000)))").call("run", b"", &CallOptions::new()).unwrap_err();
        assert!(matches!(error.ending, Ending::OutOfMemory), "{header}: {error}");
        let error = begins("(unreachable)").call("run", b"", &CallOptions::new()).unwrap_err();
        assert!(matches!(error.ending, Ending::Trap { .. }), "{header}: {error}");
    }
}

#[test]
fn start_up_code_that_failed_runs_again() {
    let start = r#"(func $start (drop (call $note (call $text (i32.const 0) (i32.const 1))))
            (loop $again (br_if $again (i32.const 1))))
        (start $start) (func (export "run"))"#;
    let compiled = Compiled::builder(&ENGINE, &guest(NOTE, "S", start)).functions(noting()).build().unwrap();
    let mut instance = compiled.instance(Vec::new(), InstanceOptions::new()).unwrap();
    for times in 1..=3 {
        let error = instance.call("run", b"", &CallOptions::new().fuel(10_000)).unwrap_err();
        assert!(matches!(error.ending, Ending::OutOfFuel), "{error}");
        assert_eq!((instance.data().len(), instance.is_intact()), (times, false));
    }
}

#[test]
fn start_up_code_sees_no_input_and_leaves_no_output() {
    let fields = r#"(global $length (mut i64) (i64.const -1))
        (func (export "_initialize") (global.set $length (call $input_length)) (call $number (i64.const 5))
            (call $error_set (call $text (i32.const 0) (i32.const 1))))
        (func (export "length") (call $number (global.get $length))) (func (export "nothing"))"#;
    let compiled = Compiled::<()>::builder(&ENGINE, &guest("", "x", fields)).build().unwrap();
    let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
    assert_eq!(instance.call("nothing", b"input", &CallOptions::new()).unwrap().bytes, b"");
    assert_eq!(instance.call("length", b"input", &CallOptions::new()).unwrap().bytes, [0; 8]);
}

#[test]
fn a_guest_that_exits_in_its_start_up_code_has_not_run() {
    let exit = r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;
    let fields = "(func (export \"_initialize\") (call $exit (i32.const 0))) (func (export \"run\"))";
    let compiled = Compiled::<()>::builder(&ENGINE, &guest(exit, "", fields)).build().unwrap();
    let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
    let error = instance.call("run", b"", &CallOptions::new()).unwrap_err();
    assert!(matches!(error.ending, Ending::Exit(0)) && !instance.is_intact(), "{error}");
}
