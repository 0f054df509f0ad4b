//! Beside the adapter a guest is as it would be with Extism alone: each of these is run in both modes.

use hostfn_runtime::{CallError, Grants, Plugin, PluginManager, PluginOptions};

use crate::functions::in_memory;

/// What comes of a call, in a form that can be compared: its output, or how it failed and what is said of it.
fn outcome(plugin: &Plugin, export: &str, input: &[u8]) -> String {
    match plugin.call(export, input) {
        Ok(output) => format!("output {:?}", String::from_utf8_lossy(&output)),
        Err(CallError::Failed { message, .. }) => format!("failed: {message}"),
        Err(CallError::FailedSilently { exit_code, .. }) => format!("failed with {exit_code}"),
        Err(CallError::Trapped { reason, .. }) => format!("trapped: {reason}"),
        Err(CallError::NotCallable { signature, .. }) => format!("not callable as {signature}"),
        Err(CallError::UnknownExport { exports, .. }) => format!("unknown, beside `{exports}`"),
        Err(error) => format!("{error:?}"),
    }
}

/// Loads a guest in both modes and makes the same calls of each, of one instance, which must end so.
fn same_in_both(text: &str, calls: &[(&str, &str, &str)]) {
    let module = wat::parse_str(text).unwrap();
    let options = || PluginOptions::from(Grants::all()).instances(1).config("colour", "blue");
    for (mode, options) in [("with the adapter", options()), ("plain", options().without_adapter())] {
        let manager = in_memory();
        let plugin = manager.load("guest", &module, options).unwrap();
        for (export, input, expected) in calls {
            assert_eq!(outcome(&plugin, export, input.as_bytes()), *expected, "{export}({input:?}), {mode}");
        }
    }
}

#[test]
fn the_input_is_read_in_either_way_and_output_is_any_part_of_the_memory() {
    same_in_both(
        r#"(module
            (import "extism:host/env" "input_length" (func $length (result i64)))
            (import "extism:host/env" "input_offset" (func $input (result i64)))
            (import "extism:host/env" "input_load_u8" (func $input_u8 (param i64) (result i32)))
            (import "extism:host/env" "input_load_u64" (func $input_u64 (param i64) (result i64)))
            (import "extism:host/env" "length" (func $length_of (param i64) (result i64)))
            (import "extism:host/env" "length_unsafe" (func $length_unsafe (param i64) (result i64)))
            (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
            (import "extism:host/env" "free" (func $free (param i64)))
            (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
            (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
            (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
            (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
            (import "extism:host/env" "output_set" (func $output (param i64 i64)))
            ;; All of it, by its handle.
            (func (export "whole") (result i32) (call $output (call $input) (call $length)) i32.const 0)
            ;; Without the first byte and the last.
            (func (export "part") (result i32)
                (call $output (i64.add (call $input) (i64.const 1)) (i64.sub (call $length) (i64.const 2))) i32.const 0)
            ;; Copied by words and bytes, past the end too, where there is nothing.
            (func (export "copied") (result i32) (local $at i64) (local $block i64)
                (local.set $block (call $alloc (i64.const 40)))
                (loop $words
                    (call $store_u64 (i64.add (local.get $block) (local.get $at)) (call $input_u64 (local.get $at)))
                    (local.set $at (i64.add (local.get $at) (i64.const 8)))
                    (br_if $words (i64.lt_u (local.get $at) (i64.const 32))))
                (loop $bytes
                    (call $store_u8 (i64.add (local.get $block) (local.get $at)) (call $input_u8 (i64.sub (local.get $at) (i64.const 32))))
                    (local.set $at (i64.add (local.get $at) (i64.const 1)))
                    (br_if $bytes (i64.lt_u (local.get $at) (i64.const 40))))
                (call $output (local.get $block) (i64.const 40)) i32.const 0)
            ;; Changed where it lies, and read again as the input.
            (func (export "changed") (result i32)
                (call $store_u8 (call $input) (i32.const 33))
                (i32.sub (call $input_u8 (i64.const 0)) (i32.const 33)))
            (func (export "lengths") (result i32) (local $block i64)
                (local.set $block (call $alloc (i64.const 5)))
                (if (i64.ne (call $length_of (local.get $block)) (i64.const 5)) (then unreachable))
                (if (i64.ne (call $length_unsafe (local.get $block)) (i64.const 5)) (then unreachable))
                (if (i64.ne (call $length_of (call $input)) (call $length)) (then unreachable))
                (call $free (local.get $block))
                (call $free (local.get $block))
                (call $free (i64.const 0))
                (if (i64.ne (call $length_of (local.get $block)) (i64.const 0)) (then unreachable))
                (if (i64.ne (call $length_of (i64.const 0)) (i64.const 0)) (then unreachable))
                (if (i64.ne (call $length_of (i64.const -1)) (i64.const 0)) (then unreachable))
                (if (i64.ne (call $alloc (i64.const 0)) (i64.const 0)) (then unreachable))
                (call $free (call $input))
                (if (i64.ne (call $length) (i64.const 0)) (then unreachable))
                i32.const 0)
            ;; An output that is set, freed, and changed until the end.
            (func (export "late") (result i32) (local $block i64)
                (local.set $block (call $alloc (i64.const 2)))
                (call $output (local.get $block) (i64.const 2))
                (call $store_u8 (local.get $block) (i32.const 104))
                (call $store_u8 (i64.add (local.get $block) (i64.const 1)) (i32.const 105))
                i32.const 0)
            (func (export "nowhere") (result i32) (call $output (i64.const 4294967290) (i64.const 100)) i32.const 0)
            (func (export "none") (result i32) i32.const 0))"#,
        &[
            ("whole", "what it is told", r#"output "what it is told""#),
            ("whole", "", r#"output """#),
            ("part", "(über)", r#"output "über""#),
            (
                "copied",
                "0123456789abcdefghij",
                "output \"0123456789abcdef\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001234567\"",
            ),
            ("changed", "?", r#"output """#),
            ("lengths", "some", r#"output """#),
            ("late", "", r#"output "hi""#),
            ("nowhere", "", r#"output """#),
            ("none", "some", r#"output """#),
        ],
    );
}

#[test]
fn errors_and_return_codes_are_the_guests_own() {
    same_in_both(
        r#"(module
            (import "extism:host/env" "input_offset" (func $input (result i64)))
            (import "extism:host/env" "error_set" (func $error (param i64)))
            (import "extism:host/env" "output_set" (func $output (param i64 i64)))
            (func (export "nothing"))
            (func (export "code") (result i32) i32.const 7)
            (func (export "wide") (result i64) i64.const 0)
            (func (export "said") (result i32) (call $error (call $input)) i32.const 1)
            (func (export "said_and_well") (result i32) (call $error (call $input)) i32.const 0)
            (func (export "taken_back") (result i32)
                (call $error (call $input)) (call $error (i64.const 0)) i32.const 1)
            (func (export "no_block") (result i32) (call $error (i64.const 123456)) i32.const 1)
            (func (export "said_and_trapped") (result i32) (call $error (call $input)) unreachable)
            (func (export "trapped") (result i32) unreachable)
            (func (export "takes") (param i32) (result i32) i32.const 0)
            (func (export "an \22odd\22 name\0a") (result i32) i32.const 0)
            (func (export "two") (result i32 i32) i32.const 0 i32.const 0)
            (func (export "reference") (result funcref) (ref.null func)))"#,
        &[
            ("nothing", "", r#"output """#),
            ("code", "", "failed with 7"),
            ("wide", "", "not callable as () -> (i64)"),
            ("said", "it is full", "failed: it is full"),
            ("said_and_well", "it is full", "failed: it is full"),
            ("taken_back", "it is full", "failed with 1"),
            ("no_block", "it is full", "failed with 1"),
            ("said_and_trapped", "it is full", "trapped: it is full"),
            ("trapped", "", "trapped: wasm trap: wasm `unreachable` instruction executed"),
            ("takes", "", "not callable as (i32) -> (i32)"),
            ("an \"odd\" name\n", "", r#"output """#),
            ("two", "", "not callable as () -> (i32, i32)"),
            ("nothing", "", r#"output """#),
        ],
    );
}

#[test]
fn what_begins_by_itself_runs_once_and_in_order() {
    // Each writes the next letter into a memory that the export shows.
    let letters = r#"(import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
        (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
        (import "extism:host/env" "output_set" (func $output (param i64 i64)))
        (memory 1)
        (global $at (mut i32) (i32.const 0))
        (func $letter (param i32)
            (i32.store8 (global.get $at) (local.get 0))
            (global.set $at (i32.add (global.get $at) (i32.const 1))))
        (func (export "run") (result i32) (local $block i64) (local $i i32)
            (local.set $block (call $alloc (i64.extend_i32_u (global.get $at))))
            (loop $again
                (call $store (i64.add (local.get $block) (i64.extend_i32_u (local.get $i))) (i32.load8_u (local.get $i)))
                (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (global.get $at))))
            (call $output (local.get $block) (i64.extend_i32_u (global.get $at)))
            i32.const 0)"#;
    let start = "(func $start (call $letter (i32.const 115))) (start $start)";
    let reactor = r#"(func (export "_initialize") (call $letter (i32.const 105)))"#;
    let constructors = r#"(func (export "__wasm_call_ctors") (call $letter (i32.const 99)))"#;
    let haskell = r#"(func (export "hs_init") (param i32 i32) (call $letter (i32.const 104)))"#;
    for (begins, expected) in [
        (start.to_owned(), "s"),
        (reactor.to_owned(), "i"),
        (constructors.to_owned(), "c"),
        (format!("{start} {reactor}"), "si"),
        (format!("{reactor} {constructors}"), "c"),
        (format!("{haskell} {reactor} {constructors}"), "ih"),
        (format!("{start} {haskell}"), "sh"),
    ] {
        let module = wat::parse_str(format!("(module {letters} {begins})")).unwrap();
        let options = PluginOptions::from(Grants::none()).instances(1);
        let plugin = PluginManager::new().load("guest", &module, options).unwrap();
        for _ in 0..2 {
            assert_eq!(outcome(&plugin, "run", b""), format!("output {expected:?}"), "{begins}");
        }
        assert_eq!(plugin.exports(), ["run"], "what begins by itself is not for a host to call");
    }
}

#[test]
fn what_begins_by_itself_may_call_the_host() {
    let text = r#"(module
        (import "extism:host/env" "length" (func $length (param i64) (result i64)))
        (import "extism:host/env" "output_set" (func $output (param i64 i64)))
        (import "extism:host/user" "count_notes" (func $count (result i64)))
        (global $answer (mut i64) (i64.const 0))
        (func $start (global.set $answer (call $count)))
        (start $start)
        (func (export "run") (result i32)
            (call $output (global.get $answer) (call $length (global.get $answer))) i32.const 0))"#;
    let plugin = in_memory().load("guest", &wat::parse_str(text).unwrap(), Grants::all()).unwrap();
    assert_eq!(outcome(&plugin, "run", b""), r#"output "{\"success\":true,\"data\":0,\"error\":null}""#);
}

#[test]
fn wasi_finds_the_guests_memory_and_ends_it_with_its_output() {
    same_in_both(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "extism:host/env" "input_offset" (func $input (result i64)))
            (import "extism:host/env" "input_length" (func $length (result i64)))
            (import "extism:host/env" "output_set" (func $output (param i64 i64)))
            (memory (export "memory") 1)
            (data (i32.const 8) "\10\00\00\00\04\00\00\00text")
            (func (export "write") (result i32) (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 100)))
            (func (export "random") (result i32)
                (drop (call $random (i32.const 200) (i32.const 16)))
                (i64.eqz (i64.or (i64.load (i32.const 200)) (i64.load (i32.const 208)))))
            (func (export "leave") (result i32)
                (call $output (call $input) (call $length)) (call $exit (i32.const 0)) unreachable)
            (func (export "leave_badly") (result i32) (call $exit (i32.const 3)) unreachable)
            (func (export "_start") (call $output (call $input) (call $length)) (call $exit (i32.const 0))))"#,
        &[
            ("write", "", r#"output """#),
            ("random", "", r#"output """#),
            ("leave", "bye", r#"output "bye""#),
            (
                "leave_badly",
                "",
                "trapped: it ended itself with exit code 3: set the error message and return 1 instead",
            ),
            ("_start", "hello", r#"output "hello""#),
            ("_start", "again", r#"output "again""#),
            ("write", "", r#"output """#),
        ],
    );
}

#[test]
fn a_block_is_used_again_and_each_call_begins_with_none() {
    let text = r#"(module
        (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
        (import "extism:host/env" "free" (func $free (param i64)))
        (import "extism:host/env" "length" (func $length (param i64) (result i64)))
        (import "extism:host/env" "load_u64" (func $load (param i64) (result i64)))
        (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
        (global $last (mut i64) (i64.const 0))
        ;; A million blocks, one after the other: two gigabytes, and two kilobytes of memory.
        (func (export "one_by_one") (result i32) (local $left i32)
            (local.set $left (i32.const 1000000))
            (loop $again
                (call $free (call $alloc (i64.const 2000)))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            i32.const 0)
        ;; A large block that was freed is split for small ones.
        (func (export "split") (result i32) (local $left i32)
            (call $free (call $alloc (i64.const 800000)))
            (local.set $left (i32.const 7000))
            (loop $again
                (drop (call $alloc (i64.const 100)))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            i32.const 0)
        ;; Thirty thousand blocks at once, as far as memory goes.
        (func (export "many") (result i32) (local $left i32)
            (local.set $left (i32.const 30000))
            (loop $again
                (drop (call $alloc (i64.const 200)))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            i32.const 0)
        (func (export "keep") (result i32)
            (global.set $last (call $alloc (i64.const 16)))
            (call $store (global.get $last) (i64.const 42))
            i32.const 0)
        (func (export "kept") (result i32)
            (if (i64.ne (call $length (global.get $last)) (i64.const 0)) (then (return (i32.const 1))))
            (i64.ne (call $load (global.get $last)) (i64.const 0))))"#;
    let options = PluginOptions::from(Grants::none()).instances(1).memory_bytes(1 << 20);
    let plugin = PluginManager::new().load("guest", &wat::parse_str(text).unwrap(), options).unwrap();
    for export in ["one_by_one", "split", "keep", "kept", "one_by_one"] {
        assert_eq!(outcome(&plugin, export, b""), r#"output """#, "{export}");
    }
    let options = PluginOptions::from(Grants::none()).instances(1).memory_bytes(9 << 20);
    let plugin = PluginManager::new().load("guest", &wat::parse_str(text).unwrap(), options).unwrap();
    for export in ["many", "split", "many"] {
        assert_eq!(outcome(&plugin, export, b""), r#"output """#, "{export}");
    }
}

#[test]
fn requests_and_answers_of_any_size_go_through() {
    let guest = hostfn_test::forwarding_guest(in_memory().functions(), true);
    let manager = in_memory();
    let plugin = manager.load("guest", &guest, Grants::all()).unwrap();
    // Around the size of the scratch block, and of what is kept of a buffer.
    for bytes in [0, 1, 7, 8, 900, 1023, 1024, 1025, 2047, 65_535, 65_536, 500_000] {
        let text: String = "äbcdefg".chars().cycle().take(bytes).collect();
        let request = serde_json::json!({"text": text}).to_string();
        let answer = plugin.call("echo_text", &request).unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["data"], text, "{bytes}");
    }
}

#[test]
fn calls_of_one_instance_do_not_meet_each_others_scratch_block() {
    // Each call has the same input, so that the kernel has its first block at the same place, and of another size.
    let text = r#"(module
        (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
        (import "extism:host/env" "length" (func $length (param i64) (result i64)))
        (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
        (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
        (import "extism:host/env" "error_set" (func $error (param i64)))
        (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
        (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
        (import "my_app" "echo_text" (func $echo (param i64) (result i64)))
        (memory 1)
        (data (i32.const 0) "{\22text\22:\22")
        (func $request (param $bytes i64) (result i64) (local $block i64) (local $at i64)
            (local.set $block (call $alloc (i64.add (local.get $bytes) (i64.const 11))))
            (loop $start
                (call $store (i64.add (local.get $block) (local.get $at)) (i32.load8_u (i32.wrap_i64 (local.get $at))))
                (br_if $start (i64.lt_u (local.tee $at (i64.add (local.get $at) (i64.const 1))) (i64.const 9))))
            (loop $text
                (call $store (i64.add (local.get $block) (local.get $at)) (i32.const 120))
                (br_if $text
                    (i64.lt_u (local.tee $at (i64.add (local.get $at) (i64.const 1)))
                        (i64.add (local.get $bytes) (i64.const 9)))))
            (call $store (i64.add (local.get $block) (local.get $at)) (i32.const 34))
            (call $store (i64.add (local.get $block) (i64.add (local.get $at) (i64.const 1))) (i32.const 125))
            (local.get $block))
        (func $echoes (param $bytes i64)
            (if (i64.ne (call $length (call $echo (call $request (local.get $bytes))))
                    (i64.add (local.get $bytes) (i64.const 39)))
                (then unreachable)))
        (func (export "small") (result i32) (call $echoes (i64.const 10)) i32.const 0)
        (func (export "large") (result i32) (call $echoes (i64.const 5000)) i32.const 0)
        (func (export "both") (result i32)
            (call $echoes (i64.const 10)) (call $echoes (i64.const 9000)) (call $echoes (i64.const 10)) i32.const 0)
        (func $key (result i64) (local $key i64)
            (local.set $key (call $alloc (i64.const 1)))
            (call $store (local.get $key) (i32.const 107))
            (local.get $key))
        (func (export "keep") (result i32)
            (call $var_set (call $key) (call $request (i64.const 60000))) i32.const 0)
        ;; A small exchange, an error behind its block, and then one that is larger.
        (func (export "kept") (result i32)
            (call $echoes (i64.const 10))
            (call $error (call $key))
            (if (i64.ne (call $length (call $var_get (call $key))) (i64.const 60011)) (then unreachable))
            i32.const 1))"#;
    let options = PluginOptions::from(Grants::all()).instances(1);
    let plugin = in_memory().load("guest", &wat::parse_str(text).unwrap(), options).unwrap();
    for export in ["small", "large", "small", "both", "large", "keep", "small"] {
        assert_eq!(outcome(&plugin, export, b""), r#"output """#, "{export}");
    }
    for _ in 0..2 {
        assert_eq!(outcome(&plugin, "kept", b""), "failed: k");
    }
}

#[test]
fn no_number_leads_past_the_input_or_to_a_function_that_is_imported_in_two_ways() {
    same_in_both(
        r#"(module
            (import "extism:host/env" "input_load_u8" (func $u8 (param i64) (result i32)))
            (import "extism:host/env" "input_load_u64" (func $u64 (param i64) (result i64)))
            (func (export "run") (result i32)
                (i32.or (call $u8 (i64.const -1)) (i64.ne (call $u64 (i64.const 4294967296)) (i64.const 0)))))"#,
        &[("run", "eight or more bytes", r#"output """#)],
    );
    let text = r#"(module
        (import "extism:host/env" "input_load_u64" (func $u64 (param i64) (result i64)))
        (func (export "run") (result i32) (i64.ne (call $u64 (i64.const -8)) (i64.const 0))))"#;
    let plugin = PluginManager::new().load("guest", &wat::parse_str(text).unwrap(), Grants::none()).unwrap();
    assert_eq!(outcome(&plugin, "run", b"eight or more bytes"), r#"output """#);

    let text = r#"(module
        (import "extism:host/user" "count_notes" (func (result i64)))
        (import "extism:host/user" "count_notes" (func (param i64) (result i64)))
        (func (export "run") (result i32) i32.const 0))"#;
    let error = in_memory().load("guest", &wat::parse_str(text).unwrap(), Grants::all()).unwrap_err().to_string();
    assert!(error.contains("import it one way"), "{error}");
    let twice = text.replace("(func (result i64))", "(func (param i64) (result i64))");
    assert!(in_memory().load("guest", &wat::parse_str(twice).unwrap(), Grants::all()).is_ok());
}
