//! How calls end, each told apart by its type.

#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod common;

use std::time::{Duration, Instant};

use common::{compile, functions, guest, instance, run, running};
use hostfn_engine::{
    CallOptions, CancelHandle, Compiled, Ending, InstanceOptions, Limits, LoadError, Misuse, TrapCode,
};

fn ending(body: &str) -> Ending {
    run(&running(body), b"").unwrap_err().ending
}

const FOREVER: &str = "(loop $again (br $again))";

#[test]
fn a_guest_runs_out_of_fuel() {
    let mut instance = instance(&running(FOREVER));
    let error = instance.call("run", b"", &CallOptions::new().fuel(100_000)).unwrap_err();
    assert!(matches!(error.ending, Ending::OutOfFuel), "{error}");
    assert_eq!(error.fuel_used, 100_000);
    assert!(!instance.is_intact());
}

#[test]
fn fuel_used_is_reported() {
    let mut instance = instance(&running(""));
    let options = CallOptions::new().fuel(1_000_000);
    let first = instance.call("run", b"", &options).unwrap().fuel_used;
    let second = instance.call("run", b"", &options).unwrap().fuel_used;
    assert!(first > 0 && first < 100, "{first}");
    assert_eq!(first, second);
    let error = instance.call("run", b"", &CallOptions::new().fuel(first - 1)).unwrap_err();
    assert!(matches!(error.ending, Ending::OutOfFuel), "{error}");
}

#[test]
fn a_deadline_passes() {
    let mut instance = instance(&running(FOREVER));
    let deadline = Instant::now() + Duration::from_millis(50);
    let error = instance.call("run", b"", &CallOptions::new().deadline(deadline)).unwrap_err();
    assert!(matches!(error.ending, Ending::Deadline), "{error}");
    assert!(Instant::now() >= deadline);
    // One that is over already: nothing runs.
    let error = instance.call("run", b"", &CallOptions::new().deadline(deadline)).unwrap_err();
    assert!(matches!(error.ending, Ending::Deadline), "{error}");
    assert_eq!(error.fuel_used, 0);
}

#[test]
fn the_end_of_one_call_ends_no_other() {
    let forever = compile(&running(FOREVER));
    let counting = compile(&running(
        "(loop $again
            (local.set $a (i64.add (local.get $a) (i64.const 1)))
            (br_if $again (i64.lt_u (local.get $a) (i64.const 50000000))))",
    ));
    std::thread::scope(|scope| {
        let sibling = scope.spawn(|| {
            let mut instance = counting.instance((), InstanceOptions::new()).unwrap();
            let outcomes = (0..5).map(|_| instance.call("run", b"", &CallOptions::new()).is_ok());
            outcomes.collect::<Vec<_>>()
        });
        loop {
            let options = CallOptions::new().deadline(Instant::now() + Duration::from_millis(10));
            let mut instance = forever.instance((), InstanceOptions::new()).unwrap();
            let error = instance.call("run", b"", &options).unwrap_err();
            assert!(matches!(error.ending, Ending::Deadline), "{error}");
            if sibling.is_finished() {
                break;
            }
        }
        assert_eq!(sibling.join().unwrap(), [true; 5]);
    });
}

#[test]
fn a_call_is_cancelled() {
    let compiled = compile(&running(FOREVER));
    let cancel = CancelHandle::new();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| {
            let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
            instance.call("run", b"", &CallOptions::new().cancel(&cancel)).unwrap_err().ending
        });
        std::thread::sleep(Duration::from_millis(20));
        cancel.cancel();
        assert!(matches!(call.join().unwrap(), Ending::Cancelled));
    });
    let mut again = compiled.instance((), InstanceOptions::new()).unwrap();
    let error = again.call("run", b"", &CallOptions::new().cancel(&cancel)).unwrap_err();
    assert!(matches!(error.ending, Ending::Cancelled) && error.fuel_used == 0, "{error:?}");
}

#[test]
fn memory_has_a_limit() {
    // A memory of its own.
    assert!(matches!(ending("(drop (memory.grow (i32.const 2000)))"), Ending::OutOfMemory));
    // Its blocks, one large or many small.
    assert!(matches!(ending("(drop (call $alloc (i64.const 100000000)))"), Ending::OutOfMemory));
    for length in ["-1", "-12", "0x80000000", "0x100000000", "0x7fffffffffffffff"] {
        assert!(
            matches!(ending(&format!("(drop (call $alloc (i64.const {length})))")), Ending::OutOfMemory),
            "{length}"
        );
    }
    assert!(matches!(ending("(loop $again (drop (call $alloc (i64.const 1))) (br $again))"), Ending::OutOfMemory));
    // What it declares itself is no limit of the host's.
    let own = r#"(module (memory 1 2) (func (export "run") (result i32) (memory.grow (i32.const 5))))"#;
    assert!(matches!(run(&wat::parse_str(own).unwrap(), b"").unwrap_err().ending, Ending::ReturnCode(-1)));
}

#[test]
fn tables_have_a_limit() {
    let grow = |by: u32| {
        let text = format!(
            r#"(module (table $t 1 funcref) (func (export "run") (result i32)
                (table.grow $t (ref.null func) (i32.const {by})) (i32.const 1) (i32.ne)))"#
        );
        run(&wat::parse_str(text).unwrap(), b"")
    };
    assert!(grow(99_999).is_ok());
    assert!(matches!(grow(100_000).unwrap_err().ending, Ending::OutOfMemory));
}

#[test]
fn input_counts_as_memory() {
    let limits = Limits { memory_bytes: 4 << 20, ..Limits::default() };
    let compiled =
        Compiled::builder(&common::ENGINE, &running("")).limits(limits).functions(functions()).build().unwrap();
    let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
    assert!(instance.call("run", &[0; 1 << 20], &CallOptions::new()).is_ok());
    let error = instance.call("run", &[0; 5 << 20], &CallOptions::new()).unwrap_err();
    assert!(matches!(error.ending, Ending::OutOfMemory), "{error}");
}

#[test]
fn what_a_module_starts_with_counts() {
    for text in
        ["(module (memory 1020))", "(module (memory 2000))", "(module (table 60000 funcref) (table 60000 funcref))"]
    {
        let compiled = Compiled::<()>::builder(&common::ENGINE, &wat::parse_str(text).unwrap()).build().map(|_| ());
        match text.contains("1020") {
            true => assert!(compiled.is_ok()),
            false => assert!(matches!(compiled, Err(LoadError::TooLarge(module)) if module == "main"), "{text}"),
        }
    }
}

#[test]
fn a_stack_overflows() {
    let deep = "(module (func $deep (export \"run\") (result i32) (i32.add (i32.const 1) (call $deep))))";
    let error = run(&wat::parse_str(deep).unwrap(), b"").unwrap_err();
    assert!(matches!(&error.ending, Ending::StackOverflow(backtrace) if backtrace.frames.len() > 5), "{error:?}");
    assert!(matches!(error.ending.backtrace().unwrap().frames[0].function.as_deref(), Some("deep")));
}

#[test]
fn traps_have_a_code_and_a_backtrace() {
    let cases = [
        ("(unreachable)", TrapCode::Unreachable),
        ("(drop (i32.load (i32.const -1)))", TrapCode::MemoryOutOfBounds),
        ("(drop (i64.div_u (i64.const 1) (local.get $a)))", TrapCode::IntegerDivisionByZero),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", TrapCode::IntegerOverflow),
        ("(drop (i32.trunc_f64_s (f64.const nan)))", TrapCode::BadConversionToInteger),
    ];
    for (body, expected) in cases {
        match ending(body) {
            Ending::Trap { code, backtrace } => {
                assert_eq!(code, expected);
                assert_eq!(backtrace.frames.len(), 1, "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    let table = r#"(module (table 2 funcref) (elem (i32.const 1) $one) (func $one (param i32))
        (func $inner (param i32) (call_indirect (local.get 0)))
        (func (export "null") (call $inner (i32.const 0))) (func (export "type") (call $inner (i32.const 1)))
        (func (export "out") (call $inner (i32.const 2))))"#;
    let mut instance = instance(&wat::parse_str(table).unwrap());
    for (export, expected) in
        [("null", TrapCode::IndirectCallToNull), ("type", TrapCode::BadSignature), ("out", TrapCode::TableOutOfBounds)]
    {
        match instance.call(export, b"", &CallOptions::new()).unwrap_err().ending {
            Ending::Trap { code, backtrace } => {
                assert_eq!(code, expected);
                assert_eq!(backtrace.frames[0].function.as_deref(), Some("inner"));
                assert_eq!(backtrace.frames.len(), 2);
            }
            other => panic!("{export}: {other:?}"),
        }
    }
}

#[test]
fn a_guest_sets_an_error() {
    let text = |code: &str, end: &str| {
        let run = format!(
            "(func (export \"run\") (result i32)
                (call $error_set (call $text (i32.const 0) (i32.const 9))) {end} {code})"
        );
        run_with_error(&run)
    };
    let error = text("(i32.const 0)", "");
    assert!(matches!(&error.ending, Ending::GuestError { message, code: 0 } if message == "it failed"), "{error:?}");
    let error = text("(i32.const 7)", "");
    assert!(matches!(&error.ending, Ending::GuestError { message, code: 7 } if message == "it failed"), "{error:?}");
    let error = text("(i32.const 0)", "(unreachable)");
    assert!(matches!(error.ending, Ending::Trap { code: TrapCode::Unreachable, .. }), "{error:?}");
    assert_eq!(error.guest_error.as_deref(), Some("it failed"));
    // What it forges is not mistaken for what the engine says.
    let forged = running("(call $error_set (call $text (i32.const 0) (i32.const 9)))");
    assert!(matches!(run(&forged, b"").unwrap_err().ending, Ending::GuestError { .. }));
}

fn run_with_error(field: &str) -> hostfn_engine::CallError {
    run(&guest("", "it failed", field), b"").unwrap_err()
}

#[test]
fn the_error_of_an_earlier_call_is_forgotten() {
    let run = "(func (export \"run\") (call $error_set (call $text (i32.const 0) (i32.const 9))))";
    let mut instance = instance(&guest("", "it failed", run));
    let error = instance.call("run", b"", &CallOptions::new()).unwrap_err();
    assert!(matches!(error.ending, Ending::GuestError { .. }), "{error:?}");
    let error = instance.call("run", b"", &CallOptions::new().deadline(Instant::now())).unwrap_err();
    assert!(matches!(error.ending, Ending::Deadline) && error.guest_error.is_none(), "{error:?}");
}

#[test]
fn an_export_returns_a_code() {
    let module = wat::parse_str(
        r#"(module (func (export "zero") (result i32) (i32.const 0)) (func (export "seven") (result i32) (i32.const 7))
            (func (export "nothing")) (func (export "long") (result i64) (i64.const 0))
            (func (export "takes") (param i32) (result i32) (i32.const 0))
            (func (export "two") (result i32 i32) (i32.const 0) (i32.const 0)))"#,
    );
    let mut instance = instance(&module.unwrap());
    let mut call = |export| instance.call(export, b"", &CallOptions::new());
    assert_eq!(call("zero").unwrap().bytes, b"");
    assert_eq!(call("nothing").unwrap().bytes, b"");
    assert!(matches!(call("seven").unwrap_err().ending, Ending::ReturnCode(7)));
    assert!(matches!(call("long").unwrap_err().ending, Ending::ReturnCode(-1)));
    assert!(
        matches!(call("takes").unwrap_err().ending, Ending::NotCallable { signature } if signature == "(i32) -> i32")
    );
    assert!(
        matches!(call("two").unwrap_err().ending, Ending::NotCallable { signature } if signature == "() -> (i32, i32)")
    );
    assert!(matches!(call("other").unwrap_err().ending, Ending::NoSuchExport));
}

#[test]
fn misuse_of_the_abi_is_reported() {
    let cases = [
        ("(drop (call $config_get (i64.const 5)))", Misuse::NoSuchBlock("config_get")),
        ("(drop (call $var_get (i64.const 64)))", Misuse::NoSuchBlock("var_get")),
        ("(call $var_set (i64.const 0) (i64.const 128))", Misuse::NoSuchBlock("var_set")),
        ("(drop (call $http_request (i64.const 0) (i64.const 0)))", Misuse::NoNetwork),
        (
            "(local.set $a (call $alloc (i64.const 1))) (call $store_u8 (local.get $a) (i32.const 255))
            (drop (call $config_get (local.get $a)))",
            Misuse::NotUtf8("config_get"),
        ),
        ("(call $var_set (i64.const 0) (call $alloc (i64.const 1048576)))", Misuse::VariablesFull),
    ];
    for (body, expected) in cases {
        match ending(body) {
            Ending::Misuse { misuse, backtrace } => {
                assert_eq!(misuse, expected);
                assert!(!backtrace.frames.is_empty());
            }
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn a_host_function_fails() {
    let import = r#"(import "extism:host/user" "fails" (func $fails (param i64) (result i64)))"#;
    let module = guest(import, "", "(func $run (export \"run\") (drop (call $fails (i64.const 0))))");
    let error = run(&module, b"").unwrap_err();
    match &error.ending {
        Ending::HostFunction { function, error, backtrace } => {
            assert_eq!(function, "extism:host/user fails");
            assert_eq!(error.to_string(), "it failed");
            assert_eq!(backtrace.frames[0].function.as_deref(), Some("run"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "it failed");
}

#[test]
fn a_response_that_has_no_place_is_out_of_memory() {
    let import = r#"(import "extism:host/user" "twice" (func $twice (param i64) (result i64)))"#;
    let body = r#"(func (export "run") (local $a i64) (local.set $a (call $alloc (i64.const 1024)))
        (loop $again (local.set $a (call $twice (local.get $a))) (br $again)))"#;
    let error = run(&guest(import, "", body), b"").unwrap_err();
    assert!(matches!(error.ending, Ending::OutOfMemory), "{error:?}");
}

#[test]
fn a_panic_of_a_host_function_goes_to_its_caller_and_the_guest_starts_again() {
    let mut functions = functions();
    functions.add("extism:host/user", "panics", |_| panic!("as it is asked to"));
    let module = guest(
        r#"(import "extism:host/user" "panics" (func $panics (result i64)))"#,
        "",
        r#"(global $calls (mut i64) (i64.const 0))
        (func (export "panics") (global.set $calls (i64.const 5)) (drop (call $panics)))
        (func (export "run") (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
            (call $number (global.get $calls)))"#,
    );
    let compiled = Compiled::builder(&common::ENGINE, &module).functions(functions).build().unwrap();
    let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
    let mut call = |export| instance.call(export, b"", &CallOptions::new()).unwrap().bytes[0];
    assert_eq!((call("run"), call("run")), (1, 2));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call("panics")));
    assert!(panic.is_err());
    assert_eq!(call("run"), 1);
    assert!(instance.is_intact());
}
