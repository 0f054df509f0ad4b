//! Extism's functions as guests see them: what no other test file is about.
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

mod common;

use std::sync::Arc;

use common::{ENGINE, Lines, compile, functions, guest, number, running};
use hostfn_engine::{CallOptions, Compiled, Ending, HostFunctions, InstanceOptions, Limits, LogLevel};

#[test]
fn requests_and_responses_of_any_size_go_through() {
    let import = r#"(import "extism:host/user" "twice" (func $twice (param i64) (result i64)))"#;
    let module = guest(import, "", r#"(func (export "run") (call $out (call $twice (call $input_offset))))"#);
    let mut instance = compile(&module).instance((), InstanceOptions::new()).unwrap();
    for length in [0, 1, 63, 64, 65, 1000, 65_535, 65_536, 1_000_000, 5] {
        let input: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let output = instance.call("run", &input, &CallOptions::new()).unwrap();
        assert!(output.bytes == input.repeat(2), "{length}");
    }
}

#[test]
fn a_response_comes_from_the_data_of_the_instance() {
    let mut functions = HostFunctions::<Vec<u8>>::new();
    functions.add("extism:host/user", "reverse", |call| {
        let (request, buffer) = call.request_and_data();
        buffer.clear();
        buffer.extend(request.ok_or("no block")?.iter().rev());
        Ok(call.respond_from(|buffer| buffer)?)
    });
    let import = r#"(import "extism:host/user" "reverse" (func $reverse (param i64) (result i64)))"#;
    let module = guest(import, "", r#"(func (export "run") (call $out (call $reverse (call $input_offset))))"#);
    let compiled = Compiled::builder(&ENGINE, &module).functions(functions).build().unwrap();
    let mut instance = compiled.instance(Vec::new(), InstanceOptions::new()).unwrap();
    for (input, output) in [(&b"abc"[..], &b"cba"[..]), (b"", b""), (&[7; 70_000], &[7; 70_000])] {
        assert!(instance.call("run", input, &CallOptions::new()).unwrap().bytes == output);
    }
}

#[test]
fn a_host_function_is_linked_as_it_is_imported() {
    let mut functions = HostFunctions::<()>::new();
    functions.add("extism:host/user", "length", |call| {
        let length = call.request().map_or(u64::MAX, |request| request.len() as u64);
        Ok(call.respond(&length.to_le_bytes())?)
    });
    let module = guest(
        r#"(import "extism:host/user" "length" (func $of (param i64) (result i64)))
        (import "extism:host/user" "length" (func $of_nothing (result i64)))"#,
        "",
        r#"(func (export "of_input") (call $out (call $of (call $input_offset))))
        (func (export "of_zero") (call $out (call $of (i64.const 0))))
        (func (export "of_no_block") (call $out (call $of (i64.const 4096))))
        (func (export "of_inside") (call $out (call $of (i64.const 65))))
        (func (export "of_nothing") (call $out (call $of_nothing)))"#,
    );
    let compiled = Compiled::builder(&ENGINE, &module).functions(functions).build().unwrap();
    let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
    for (export, expected) in
        [("of_input", 3), ("of_zero", 0), ("of_no_block", u64::MAX), ("of_inside", u64::MAX), ("of_nothing", 0)]
    {
        let output = instance.call(export, b"abc", &CallOptions::new()).unwrap();
        assert_eq!(output.bytes, expected.to_le_bytes(), "{export}");
    }
}

#[test]
fn a_host_function_sees_its_instance_and_its_call() {
    let mut functions = HostFunctions::<u64>::new();
    functions.add("extism:host/user", "count", |call| {
        assert!(call.deadline().is_some() && !call.is_over() && call.fuel_left() < 1_000_000);
        let (request, count) = call.request_and_data();
        *count += request.ok_or("no block")?.len() as u64;
        call.respond(b"what comes first does not count")?;
        let count = call.data().to_le_bytes();
        Ok(call.respond(&count)?)
    });
    let module = guest(
        r#"(import "extism:host/user" "count" (func $count (param i64) (result i64)))"#,
        "",
        r#"(func (export "run") (call $out (call $count (call $input_offset))))"#,
    );
    let compiled = Compiled::builder(&ENGINE, &module).functions(functions).build().unwrap();
    let (mut one, mut two) =
        (compiled.instance(0, InstanceOptions::new()).unwrap(), compiled.instance(10, InstanceOptions::new()).unwrap());
    let options =
        CallOptions::new().fuel(1_000_000).deadline(std::time::Instant::now() + std::time::Duration::from_secs(600));
    for (instance, expected) in [(&mut one, 3_u64), (&mut two, 13)] {
        assert_eq!(instance.call("run", b"abc", &options).unwrap().bytes, expected.to_le_bytes());
        *instance.data_mut() += 100;
        assert_eq!(instance.call("run", b"abc", &options).unwrap().bytes, (expected + 103).to_le_bytes());
    }
}

#[test]
fn no_handle_of_an_earlier_call_is_left() {
    let module = guest(
        "",
        "",
        r#"(global $kept (mut i64) (i64.const 0))
        (func (export "keep") (local $a i64) (drop (call $alloc (i64.const 5000)))
            (global.set $kept (call $alloc (i64.const 100))) (call $store_u64 (global.get $kept) (i64.const 7)))
        (func (export "look") (call $number (i64.or
            (call $length (global.get $kept)) (call $load_u64 (global.get $kept)))))"#,
    );
    let mut instance = compile(&module).instance((), InstanceOptions::new()).unwrap();
    instance.call("keep", b"", &CallOptions::new()).unwrap();
    assert_eq!(instance.call("look", b"", &CallOptions::new()).unwrap().bytes, [0; 8]);
}

#[test]
fn a_guest_resets_only_itself() {
    let module = guest(
        r#"(import "extism:host/env" "reset" (func $reset))
        (import "extism:host/env" "memory_bytes" (func $memory_bytes (result i64)))
        (import "extism:host/env" "error_get" (func $error_get (result i64)))
        (import "extism:host/env" "output_offset" (func $output_offset (result i64)))
        (import "extism:host/env" "output_length" (func $output_length (result i64)))"#,
        "",
        r#"(func (export "run") (local $a i64)
            (local.set $a (call $alloc (i64.const 10))) (call $out (local.get $a)) (call $error_set (local.get $a))
            (if (i64.ne (call $error_get) (call $output_offset)) (then (unreachable)))
            (if (i64.ne (call $output_length) (i64.const 10)) (then (unreachable)))
            (call $reset)
            (call $number (i64.add (i64.add (call $length (local.get $a)) (call $input_length))
                (i64.add (call $error_get) (i64.add (call $output_length) (call $memory_bytes))))))"#,
    );
    let output = common::run(&module, b"input").unwrap();
    assert_eq!(output.bytes, 65_536_u64.to_le_bytes());
}

#[test]
fn the_log_gets_what_is_of_interest_and_no_more_than_it_may() {
    let fields = r#"
        (func (export "all") (local $a i64) (local.set $a (call $text (i32.const 0) (i32.const 5)))
            (call $log_trace (local.get $a))
            (call $log_debug (call $text (i32.const 0) (i32.const 5)))
            (call $log_info (call $text (i32.const 5) (i32.const 4)))
            (call $log_warn (i64.const 0))
            (call $log_error (call $text (i32.const 0) (i32.const 9)))
            (call $number (call $length (local.get $a))))
        (func (export "flood") (loop $again
            (call $log_info (call $text (i32.const 0) (i32.const 9))) (br $again)))
        (func (export "long") (local $a i64) (local.set $a (call $alloc (i64.const 30000)))
            (call $log_info (local.get $a)))
        (func (export "level") (call $number (i64.extend_i32_u (call $get_log_level))))"#;
    let module = guest("", r"line\0anot\ff", fields);
    let limits = Limits { log_bytes: 1000, ..Limits::default() };
    let compiled = Compiled::builder(&ENGINE, &module).functions(functions()).limits(limits).build().unwrap();
    let lines = Arc::new(Lines::default());
    let mut instance = compiled.instance((), InstanceOptions::new().log(lines.clone())).unwrap();
    let mut call = |export, options| instance.call(export, b"", &options).map(|output| output.bytes);

    // A trace is of no interest, and its block is freed all the same.
    assert_eq!(call("all", CallOptions::new()).unwrap(), [0; 8]);
    let line = |level, text: &str| (level, text.to_owned(), false);
    let expected = [
        line(LogLevel::Debug, "line\n"),
        line(LogLevel::Info, "not\u{fffd}"),
        line(LogLevel::Warn, ""),
        line(LogLevel::Error, "line\nnot\u{fffd}"),
    ];
    assert_eq!(std::mem::take(&mut *lines.0.lock().unwrap()), expected);

    call("flood", CallOptions::new().fuel(1_000_000)).unwrap_err();
    let flood = std::mem::take(&mut *lines.0.lock().unwrap());
    assert_eq!(flood.len(), 8);
    assert!(flood[..7].iter().all(|line| !line.2) && flood[7].2, "{flood:?}");

    call("long", CallOptions::new()).unwrap();
    let long = std::mem::take(&mut *lines.0.lock().unwrap());
    assert_eq!((long.len(), long[0].1.len(), long[0].2), (1, 872, true));
    assert_eq!(call("level", CallOptions::new()).unwrap(), [1, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_guest_without_a_log_asks_for_none() {
    assert_eq!(number(&running("(call $number (i64.extend_i32_u (call $get_log_level)))")), i64::from(i32::MAX));
    // What is of no interest is not looked at.
    assert_eq!(number(&running("(call $log_error (i64.const 5)) (call $number (i64.const 1))")), 1);
}

#[test]
fn many_blocks_take_no_longer_than_few() {
    // With a list of blocks this would take the square of the time: 200,000 blocks, each asked for its length.
    let body = r#"(loop $next
        (if (i64.ne (call $length (call $alloc (i64.const 1))) (i64.const 1)) (then (unreachable)))
        (br_if $next (i64.lt_u (local.tee $a (i64.add (local.get $a) (i64.const 1))) (i64.const 200000))))
        (call $number (local.get $a))"#;
    assert_eq!(number(&running(body)), 200_000);
}

#[test]
fn what_the_host_keeps_of_blocks_counts_too() {
    let module = guest(
        "",
        "",
        r#"(global $blocks (mut i64) (i64.const 0))
        (func (export "fill") (loop $again (drop (call $alloc (i64.const 1)))
            (global.set $blocks (i64.add (global.get $blocks) (i64.const 1))) (br $again)))
        (func (export "count") (call $number (global.get $blocks)))"#,
    );
    let limits = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    let compiled = Compiled::builder(&ENGINE, &module).functions(functions()).limits(limits).build().unwrap();
    let mut instance = compiled.instance((), InstanceOptions::new()).unwrap();
    let error = instance.call("fill", b"", &CallOptions::new()).unwrap_err();
    assert!(matches!(error.ending, Ending::OutOfMemory), "{error}");
    let count = instance.call("count", b"", &CallOptions::new()).unwrap().bytes;
    let count = u64::from_le_bytes(count.try_into().unwrap());
    // The guest's own memory is one page, each block takes 64 bytes, and the host keeps four of each.
    let most = ((1 << 20) - 65_536) / 68;
    assert!(count <= most && count > most * 3 / 4, "{count} of {most}");
}

#[test]
fn instances_go_from_thread_to_thread() {
    let mut instance = compile(&running("(call $out (call $input))")).instance((), InstanceOptions::new()).unwrap();
    for input in [b"one", b"two"] {
        let (back, output) = std::thread::spawn(move || {
            let output = instance.call("run", input, &CallOptions::new());
            (instance, output)
        })
        .join()
        .unwrap();
        assert_eq!(output.unwrap().bytes, input);
        instance = back;
    }
}
