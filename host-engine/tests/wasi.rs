//! WASI preview 1: a closed world.
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use common::{ENGINE, Lines};
use hostfn_engine::{
    CallOptions, CancelHandle, Clock, Compiled, Ending, Entropy, Instance, InstanceOptions, Limits, LogLevel, NoEntropy,
};

/// A clock that moves on only while a guest waits.
struct TestClock(Mutex<Duration>);

impl Clock for TestClock {
    fn now(&self) -> Duration {
        Duration::from_secs(1_700_000_000) + *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn wait(&self, duration: Duration, _: &dyn Fn() -> bool) {
        *self.0.lock().unwrap() += duration;
    }
}

/// Counts, or has nothing.
struct TestEntropy(bool);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        if !self.0 {
            return Err(NoEntropy);
        }
        bytes.iter_mut().zip(1..=u8::MAX).for_each(|(byte, number)| *byte = number);
        Ok(())
    }
}

const IMPORTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_res_get" (func $resolution (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#;

fn instance(data: &str, fields: &str, options: InstanceOptions) -> Instance<()> {
    let module = common::guest(IMPORTS, data, fields);
    Compiled::builder(&ENGINE, &module).build().unwrap().instance((), options).unwrap()
}

fn words(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

/// Makes the memory from 1000 on the output.
const OUT: &str = "(call $out (call $text (i32.const 1000) (i32.const 64)))";

#[test]
fn time_is_the_hosts() {
    let fields = format!(
        r#"(func (export "run") (result i32)
            (i32.store (i32.const 1024) (call $time (i32.const 0) (i64.const 0) (i32.const 1000)))
            (i32.store (i32.const 1028) (call $time (i32.const 1) (i64.const 0) (i32.const 1008)))
            (i32.store (i32.const 1032) (call $time (i32.const 2) (i64.const 0) (i32.const 1016)))
            (i32.store (i32.const 1036) (call $time (i32.const 0) (i64.const 0) (i32.const 65530)))
            (i32.store (i32.const 1040) (call $resolution (i32.const 1) (i32.const 1048)))
            {OUT} (i32.const 0))"#
    );
    let clock = Arc::new(TestClock(Mutex::new(Duration::from_millis(5))));
    let mut instance = instance("", &fields, InstanceOptions::new().clock(clock));
    let output = words(&instance.call("run", b"", &CallOptions::new()).unwrap().bytes);
    assert_eq!(output, [1_700_000_000_005_000_000, 5_000_000, 0, 0, 28 | 21 << 32, 0, 1, 0]);
}

#[test]
fn randomness_is_the_hosts() {
    let fields = format!(
        r#"(func (export "run") (result i32) (local $error i32)
            (local.set $error (call $random (i32.const 1000) (i32.const 8))) {OUT} (local.get $error))
        (func (export "none") (result i32) (call $random (i32.const -1) (i32.const 0)))
        (func (export "outside") (result i32) (call $random (i32.const 65530) (i32.const 8)))
        (func (export "wraps") (result i32) (call $random (i32.const -4) (i32.const -4)))"#
    );
    let mut with = instance("", &fields, InstanceOptions::new().entropy(Arc::new(TestEntropy(true))));
    let mut call = |export| with.call(export, b"", &CallOptions::new());
    assert_eq!(call("run").unwrap().bytes[..10], [1, 2, 3, 4, 5, 6, 7, 8, 0, 0]);
    assert!(call("none").is_ok());
    assert!(matches!(call("outside").unwrap_err().ending, Ending::ReturnCode(21)));
    assert!(matches!(call("wraps").unwrap_err().ending, Ending::ReturnCode(21)));
    let mut without = instance("", &fields, InstanceOptions::new().entropy(Arc::new(TestEntropy(false))));
    assert!(matches!(without.call("run", b"", &CallOptions::new()).unwrap_err().ending, Ending::ReturnCode(29)));
    let mut system = instance("", &fields, InstanceOptions::new());
    assert_ne!(system.call("run", b"", &CallOptions::new()).unwrap().bytes[..8], [0; 8]);
}

/// A wait for so many nanoseconds by this clock, at 100, with the events at 500 and their number at 700.
fn wait(clock: u32, nanoseconds: u64, flags: u16, and: &str, count: u32) -> String {
    format!(
        r#"(i64.store (i32.const 100) (i64.const 42)) (i32.store (i32.const 116) (i32.const {clock}))
        (i64.store (i32.const 124) (i64.const {nanoseconds})) (i32.store16 (i32.const 140) (i32.const {flags})) {and}
        (call $poll (i32.const 100) (i32.const 500) (i32.const {count}) (i32.const 700))"#
    )
}

fn polls(body: &str) -> String {
    format!(
        r#"(func (export "run") (result i32) (local $error i32) (local.set $error {})
        (i64.store (i32.const 1000) (i64.load (i32.const 500))) (i64.store (i32.const 1008) (i64.load (i32.const 508)))
        (i64.store (i32.const 1016) (i64.load (i32.const 532))) (i64.store (i32.const 1024) (i64.load (i32.const 540)))
        (i64.store (i32.const 1032) (i64.load32_u (i32.const 700)))
        {OUT} (local.get $error))"#,
        format_args!("(block (result i32) {body})")
    )
}

#[test]
fn a_wait_moves_the_clock_of_a_test_on() {
    // Another subscription, for standard input, which is ready at once.
    let input = "(i64.store (i32.const 148) (i64.const 43)) (i32.store8 (i32.const 156) (i32.const 1))
        (i32.store (i32.const 164) (i32.const 0))";
    let hour = 3_600_000_000_000;
    let at = 1_700_000_000_000_000_000 + hour;
    for (body, moved, events) in [
        (wait(1, hour, 0, "", 1), hour, vec![42, 0, 0, 0, 1]),
        (wait(0, hour, 0, "", 1), hour, vec![42, 0, 0, 0, 1]),
        (wait(0, at, 1, "", 1), hour, vec![42, 0, 0, 0, 1]),
        (wait(0, 5, 1, "", 1), 0, vec![42, 0, 0, 0, 1]),
        // An event has its error, and behind it its kind.
        (wait(7, hour, 0, "", 1), 0, vec![42, 28, 0, 0, 1]),
        (wait(1, hour, 0, input, 2), 0, vec![43, 1 << 16, 0, 0, 1]),
        (wait(1, 0, 0, input, 2), 0, vec![42, 0, 43, 1 << 16, 2]),
    ] {
        let clock = Arc::new(TestClock(Mutex::default()));
        let mut instance = instance("", &polls(&body), InstanceOptions::new().clock(clock.clone()));
        let output = words(&instance.call("run", b"", &CallOptions::new()).unwrap().bytes);
        assert_eq!((clock.monotonic(), &output[..5]), (Duration::from_nanos(moved), &events[..]), "{body}");
    }
    for (count, error) in [(0, 28), (5000, 28)] {
        let error_of = instance("", &polls(&wait(1, 0, 0, "", count)), InstanceOptions::new())
            .call("run", b"", &CallOptions::new())
            .unwrap_err();
        assert!(matches!(error_of.ending, Ending::ReturnCode(code) if code == error), "{error_of}");
    }
}

#[test]
fn a_wait_ends_at_the_deadline_and_when_it_is_cancelled() {
    let fields = polls(&wait(1, u64::MAX, 0, "", 1).replace(&u64::MAX.to_string(), "-1"));
    let deadline = Instant::now() + Duration::from_millis(40);
    let mut overdue = instance("", &fields, InstanceOptions::new());
    let error = overdue.call("run", b"", &CallOptions::new().deadline(deadline)).unwrap_err();
    assert!(matches!(error.ending, Ending::Deadline), "{error}");
    assert!(Instant::now() >= deadline);
    let cancel = CancelHandle::new();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| {
            let options = CallOptions::new().cancel(&cancel);
            instance("", &fields, InstanceOptions::new()).call("run", b"", &options).unwrap_err().ending
        });
        std::thread::sleep(Duration::from_millis(20));
        cancel.cancel();
        assert!(matches!(call.join().unwrap(), Ending::Cancelled));
    });
    // A short wait ends by itself.
    let mut short = instance("", &polls(&wait(1, 1_000_000, 0, "", 1)), InstanceOptions::new());
    assert!(short.call("run", b"", &CallOptions::new()).is_ok());
}

#[test]
fn what_is_written_goes_to_the_log_by_lines() {
    // Two parts, one of which ends within a line.
    let data = r"\40\00\00\00\06\00\00\00\46\00\00\00\08\00\00\00";
    let text = r"\00".repeat(64 - 16) + r"one\0atwo\0athree\ff";
    let fields = r#"
        (func (export "out") (result i32) (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 500)))
        (func (export "err") (result i32)
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 500)))
            (call $number (i64.extend_i32_u (i32.load (i32.const 500))))
            (call $exit (i32.const 3)) (i32.const 0))
        (func (export "flood") (loop $again
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 500))) (br $again)))
        (func (export "outside") (result i32)
            (call $write (i32.const 1) (i32.const 65528) (i32.const 2) (i32.const 500)))
        (func (export "many") (result i32)
            (call $write (i32.const 1) (i32.const 0) (i32.const 1025) (i32.const 500)))
        (func (export "other") (result i32) (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 500)))"#;
    let module = common::guest(IMPORTS, &format!("{data}{text}"), fields);
    let limits = Limits { log_bytes: 1000, ..Limits::default() };
    let lines = Arc::new(Lines::default());
    let compiled = Compiled::<()>::builder(&ENGINE, &module).limits(limits).build().unwrap();
    let mut instance = compiled.instance((), InstanceOptions::new().log(lines.clone())).unwrap();
    let mut call = |export| instance.call(export, b"", &CallOptions::new().fuel(1_000_000));
    let taken = || std::mem::take(&mut *lines.0.lock().unwrap());
    let line = |level, text: &str| (level, text.to_owned(), false);

    assert!(call("out").is_ok());
    let three = line(LogLevel::Info, "three\u{fffd}");
    assert_eq!(taken(), [line(LogLevel::Info, "one"), line(LogLevel::Info, "two"), three]);
    assert!(matches!(call("err").unwrap_err().ending, Ending::Exit(3)));
    assert_eq!(taken(), [line(LogLevel::Warn, "one"), line(LogLevel::Warn, "tw")]);
    assert!(matches!(call("flood").unwrap_err().ending, Ending::OutOfFuel));
    let flood = taken();
    assert!(flood.len() < 10 && flood.last().unwrap().2, "{flood:?}");
    assert!(matches!(call("outside").unwrap_err().ending, Ending::ReturnCode(21)));
    assert!(matches!(call("many").unwrap_err().ending, Ending::ReturnCode(28)));
    assert!(matches!(call("other").unwrap_err().ending, Ending::ReturnCode(8)));
}

#[test]
fn streams_are_no_files_and_nothing_else_is_there() {
    let functions = [
        ("fd_allocate", "i64 i64", 58, 8),
        ("fd_datasync", "", 28, 8),
        ("fd_readdir", "i32 i32 i64 i32", 54, 8),
        ("fd_seek", "i64 i32 i32", 70, 8),
        ("fd_tell", "i32", 70, 8),
        ("fd_pread", "i32 i32 i64 i32", 70, 8),
        ("fd_prestat_get", "i32", 8, 8),
        ("fd_fdstat_set_flags", "i32", 0, 8),
        ("fd_close", "", 0, 8),
        ("path_filestat_get", "i32 i32 i32 i32", 54, 8),
        ("path_unlink_file", "i32 i32", 54, 8),
        ("sock_shutdown", "i32", 57, 8),
        ("proc_raise", "", 52, 52),
    ];
    for (name, others, of_stream, of_none) in functions {
        let zeros: String = others.split_whitespace().map(|ty| format!("({ty}.const 0)")).collect();
        for (fd, expected) in [(1, of_stream), (3, of_none), (-1, of_none)] {
            let text = format!(
                r#"(module (import "wasi_snapshot_preview1" "{name}" (func $f (param i32 {others}) (result i32)))
                (memory (export "memory") 1) (func (export "run") (result i32) (call $f (i32.const {fd}) {zeros})))"#
            );
            let code = match common::run(&wat::parse_str(text).unwrap(), b"") {
                Ok(_) => 0,
                Err(error) => match error.ending {
                    Ending::ReturnCode(code) => code,
                    ending => panic!("{name} {fd}: {ending}"),
                },
            };
            assert_eq!(code, expected, "{name} {fd}");
        }
    }
}

#[test]
fn a_guest_that_exports_no_memory_gets_an_error() {
    let text = r#"(module (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (func (export "run") (result i32) (call $random (i32.const 0) (i32.const 1))))"#;
    let error = common::run(&wat::parse_str(text).unwrap(), b"").unwrap_err();
    assert!(matches!(error.ending, Ending::ReturnCode(21)), "{error}");
}
