//! Guests as a whole: how they start, of which modules they are made, what they see through WASI.

use crate::{
    both::{Both, Outcome},
    common::{self, guest},
    same,
};

/// Start-up code notes its number in `$seen`, which `run` returns.
#[test]
fn start_up_code_runs_in_the_same_order() {
    let note = |number: i32| {
        format!("(global.set $seen (i32.add (i32.mul (global.get $seen) (i32.const 10)) (i32.const {number})))")
    };
    let start = format!("(func $start {}) (start $start)", note(1));
    let function = |name: &str, number: i32| format!("(func (export \"{name}\") {})", note(number));
    let (initialize, constructors) = (function("_initialize", 2), function("__wasm_call_ctors", 3));
    let haskell = format!("(func (export \"hs_init\") (param i32 i32) (result i32) {} (i32.const 0))", note(4));
    let of_another_type = "(func (export \"__wasm_call_ctors\") (result i32) (i32.const 9))".to_owned();
    for (fields, expected) in [
        (vec![], 0),
        (vec![&start], 1),
        (vec![&initialize], 2),
        (vec![&constructors], 3),
        (vec![&initialize, &constructors], 3),
        (vec![&start, &initialize], 12),
        (vec![&start, &haskell], 14),
        (vec![&start, &initialize, &haskell], 124),
        (vec![&initialize, &constructors, &haskell], 24),
        (vec![&initialize, &of_another_type], 0),
    ] {
        let fields: String = fields.into_iter().map(String::as_str).collect();
        let module = guest(
            "",
            "",
            &format!(
                "(global $seen (mut i32) (i32.const 0)) {fields}
             (func (export \"run\") (call $number (i64.extend_i32_u (global.get $seen))))"
            ),
        );
        let mut both = Both::new(&module);
        let first = both.call("run", b"");
        assert_eq!(first, Outcome::Output(i64::from(expected).to_le_bytes().to_vec()), "{fields}");
        assert_eq!(both.call("run", b""), first, "start-up code runs once");
    }
}

#[test]
fn a_command_starts_again() {
    let fields = r#"(global $calls (mut i64) (i64.const 0))
        (func $count (global.set $calls (i64.add (global.get $calls) (i64.const 1))) (call $number (global.get $calls)))
        (func (export "_start") (call $count)) (func (export "run") (call $count))"#;
    let mut both = Both::new(&guest("", "", fields));
    for (export, expected) in [("run", 1_u64), ("run", 2), ("_start", 3), ("run", 1), ("_start", 2), ("_start", 1)] {
        assert_eq!(both.call(export, b""), Outcome::Output(expected.to_le_bytes().to_vec()), "{export}");
    }
}

#[test]
fn linked_modules_do_the_same() {
    let library = wat::parse_str(
        r#"(module (import "extism:host/env" "input_length" (func $input_length (result i64)))
            (global $begun (mut i64) (i64.const 0)) (memory (export "shared") 1)
            (global (export "constant") i64 (i64.const 40))
            (func (export "_initialize") (global.set $begun (i64.const 1)))
            (func (export "more") (param i64) (result i64)
                (i64.add (i64.add (local.get 0) (global.get $begun)) (call $input_length))))"#,
    )
    .unwrap();
    let between = wat::parse_str(
        r#"(module (import "library" "more" (func $more (param i64) (result i64)))
            (func (export "twice") (param i64) (result i64) (call $more (call $more (local.get 0)))))"#,
    )
    .unwrap();
    let main = wat::parse_str(format!(
        r#"(module {} (import "between" "twice" (func $twice (param i64) (result i64)))
            (import "library" "constant" (global $constant i64)) (import "library" "shared" (memory 1)) {}
            (func (export "run") (call $number (call $twice (global.get $constant)))))"#,
        common::ENV,
        common::HELPERS
    ))
    .unwrap();
    let mut both = Both::linked(&main, &[("library", &library), ("between", &between)]);
    for input in [&b""[..], b"12345"] {
        let expected = 40 + 2 * (1 + input.len() as u64);
        assert_eq!(both.call("run", input), Outcome::Output(expected.to_le_bytes().to_vec()));
    }
}

#[test]
fn wasi_guests_do_the_same() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 64) "\80\00\00\00\05\00\00\00") (data (i32.const 128) "hello")
        (func (export "exit_0") (call $exit (i32.const 0)))
        (func (export "exit_3") (call $exit (i32.const 3)))
        (func (export "args") (result i32) (i32.add (call $args (i32.const 0) (i32.const 4)) (i32.load (i32.const 0))))
        (func (export "environ") (result i32)
            (i32.add (call $environ (i32.const 0) (i32.const 4)) (i32.load (i32.const 0))))
        (func (export "prestat") (result i32) (call $prestat (i32.const 3) (i32.const 0)))
        (func (export "write") (result i32)
            (i32.add (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)) (i32.load (i32.const 0))))
        (func (export "write_9") (result i32) (call $write (i32.const 9) (i32.const 64) (i32.const 1) (i32.const 0)))
        (func (export "read") (result i32)
            (i32.add (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 0)) (i32.load (i32.const 0))))
        (func (export "close_9") (result i32) (call $close (i32.const 9)))
        (func (export "open") (result i32) (call $open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 5)
            (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0)))
        (func (export "time") (result i32) (call $time (i32.const 0) (i64.const 0) (i32.const 0)))
        (func (export "random") (result i32) (call $random (i32.const 0) (i32.const 8))))"#;
    let mut both = Both::new(&wat::parse_str(text).unwrap());
    let exports = both.exports();
    let exports: Vec<_> = exports.iter().map(String::as_str).collect();
    let outcomes = same(&mut both, &exports, &[b""]);
    let of = |name| &outcomes[exports.iter().position(|export| *export == name).unwrap()];
    assert_eq!((of("exit_0"), of("exit_3")), (&Outcome::Output(Vec::new()), &Outcome::Exit(3)));
    assert_eq!((of("write"), of("prestat"), of("open")), (&Outcome::Code(5), &Outcome::Code(8), &Outcome::Code(8)));
}

/// What a program in C sees of its system: no files, no environment, a clock, randomness, waiting, and its exit.
#[test]
fn programs_with_a_libc_do_the_same() {
    for module in [&include_bytes!("../data/libc-reactor.wasm")[..], include_bytes!("../data/libc-command.wasm")] {
        let mut both = Both::new(module);
        let exports = both.exports();
        let exports: Vec<_> = exports.iter().map(String::as_str).collect();
        let outcomes = same(&mut both, &exports, &[b""]);
        let of = |name| &outcomes[exports.iter().position(|export| *export == name).unwrap()];
        let Outcome::Output(text) = of("look") else { panic!("{:?}", of("look")) };
        let text = String::from_utf8_lossy(text);
        for line in ["printf 19", "stdin -1 1", "fopen 0 1", "time 1", "passed 1", "getentropy 0 1"] {
            assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
        }
        assert!(matches!(of("quit"), Outcome::Output(_)));
        assert_eq!((of("fail"), of("abort")), (&Outcome::Exit(3), &Outcome::Trap(UNREACHABLE.to_owned())));
    }
}

const UNREACHABLE: &str = "wasm `unreachable` instruction executed";
