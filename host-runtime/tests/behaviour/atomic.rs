//! Plugin calls whose host calls are one transaction.

use std::time::Duration;

use hostfn_runtime::{CallError, Grants, IdempotencyKey, Plugin, PluginManager, PluginOptions, db::Backend};

use crate::{
    databases::every_kind,
    functions::{FAR, answer, builder, forwarding},
};

/// A guest that adds the note "one", then the note "two", and then does what its export's name says. It also
/// hands on what the host answers.
const TWO_NOTES: &str = r#"(module
    (import "extism:host/user" "add_note" (func $add_note (param i64) (result i64)))
    (import "extism:host/user" "add_note_and_fail" (func $add_note_and_fail (param i64) (result i64)))
    (import "extism:host/user" "add_note_and_panic" (func $add_note_and_panic (param i64) (result i64)))
    (import "extism:host/user" "add_note_nested_and_panic" (func $add_note_nested_and_panic (param i64) (result i64)))
    (import "extism:host/user" "panic_now" (func $panic_now (result i64)))
    (import "extism:host/user" "add_note_twice" (func $add_note_twice (param i64) (result i64)))
    (import "extism:host/user" "add_note_twice_nested" (func $add_note_twice_nested (param i64) (result i64)))
    (import "extism:host/user" "add_note_and_leave_open" (func $add_note_and_leave_open (param i64) (result i64)))
    (import "extism:host/user" "roll_back" (func $roll_back (param i64) (result i64)))
    (import "extism:host/user" "count_notes" (func $count_notes (result i64)))
    (import "extism:host/user" "add_note_while_reading" (func $add_note_while_reading (param i64) (result i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    ;; {"text":"one"}   and two spaces
    (func $request (result i64) (local $block i64)
        (local.set $block (call $alloc (i64.const 16)))
        (call $store_u64 (local.get $block) (i64.const 0x3a2274786574227b))
        (call $store_u64 (i64.add (local.get $block) (i64.const 8)) (i64.const 0x20207d22656e6f22))
        (local.get $block))
    (func $answer (param $block i64) (call $output_set (local.get $block) (call $length (local.get $block))))
    (func $two_notes
        (drop (call $add_note (call $request)))
        (drop (call $add_note (call $request))))
    (func (export "succeed") (result i32) (call $two_notes) (call $answer (call $count_notes)) (i32.const 0))
    (func (export "fail") (result i32) (call $two_notes) (i32.const 1))
    (func (export "trap") (result i32) (call $two_notes) unreachable)
    (func (export "loop") (result i32) (call $two_notes) (loop $for_ever (br $for_ever)) (i32.const 0))
    (func (export "nothing") (result i32) (i32.const 0))
    (func (export "refused_between") (result i32)
        (drop (call $add_note (call $request)))
        (drop (call $add_note_and_fail (call $request)))
        (drop (call $add_note_while_reading (call $request)))
        (drop (call $add_note (call $request)))
        (i32.const 0))
    (func (export "panic_between") (result i32)
        (drop (call $add_note (call $request)))
        (drop (call $add_note_and_panic (call $request)))
        (call $answer (call $add_note (call $request)))
        (i32.const 0))
    (func (export "panic_nested_between") (result i32)
        (drop (call $add_note (call $request)))
        (drop (call $add_note_nested_and_panic (call $request)))
        (call $answer (call $add_note (call $request)))
        (i32.const 0))
    (func (export "panic_without_database_between") (result i32)
        (drop (call $panic_now))
        (drop (call $add_note (call $request)))
        (drop (call $panic_now))
        (i32.const 0))
    (func (export "swallowed_between") (result i32)
        (drop (call $add_note (call $request)))
        (call $answer (call $add_note_twice (call $request)))
        (drop (call $add_note (call $request)))
        (i32.const 0))
    (func (export "swallowed_nested_between") (result i32)
        (drop (call $add_note (call $request)))
        (call $answer (call $add_note_twice_nested (call $request)))
        (drop (call $add_note (call $request)))
        (i32.const 0))
    (func (export "left_open_between") (result i32)
        (drop (call $add_note (call $request)))
        (drop (call $add_note_and_leave_open (call $request)))
        (drop (call $add_note (call $request)))
        (i32.const 0))
    (func (export "rolled_back_between") (result i32)
        (drop (call $add_note (call $request)))
        (drop (call $roll_back (call $request)))
        (call $answer (call $add_note (call $request)))
        (i32.const 0)))"#;

fn load(manager: &PluginManager, timeout: Duration) -> Plugin {
    let module = wat::parse_str(TWO_NOTES).unwrap();
    manager.load("two-notes", &module, PluginOptions::from(Grants::all()).timeout(timeout)).unwrap()
}

fn on_every_kind(test: impl Fn(&Plugin, &dyn Fn() -> i64)) {
    on_every_backend(|_, plugin, count| test(plugin, count));
}

fn on_every_backend(test: impl Fn(Backend, &Plugin, &dyn Fn() -> i64)) {
    on_every_manager(|manager, count| test(manager.database().unwrap().backend(), &load(manager, FAR), count));
}

fn on_every_manager(test: impl Fn(&PluginManager, &dyn Fn() -> i64)) {
    for empty in every_kind() {
        let manager = builder().database(empty.database.clone()).keep_answers().build().unwrap();
        let counter = forwarding(&manager);
        let count = || answer(&counter, "count_notes", "")["data"].as_i64().unwrap();
        test(&manager, &count);
    }
}

#[test]
fn all_is_done_when_the_export_succeeds_and_nothing_when_it_does_not() {
    on_every_kind(|plugin, count| {
        let answer = plugin.call_atomic("succeed", "").unwrap();
        assert!(String::from_utf8(answer).unwrap().contains(r#""data":2"#), "it reads what it wrote");
        assert_eq!(count(), 2);
        assert!(matches!(plugin.call_atomic("fail", ""), Err(CallError::FailedSilently { retryable: false, .. })));
        assert!(matches!(plugin.call_atomic("trap", ""), Err(CallError::Trapped { .. })));
        assert_eq!(count(), 2);
        plugin.call_atomic("nothing", "").unwrap();
        // Without it, what was done until then stays.
        assert!(plugin.call("fail", "").is_err());
        assert_eq!(count(), 4);
    });
}

/// However much of it was done by then: the guest goes on until it is ended.
#[test]
fn nothing_is_done_when_the_time_of_the_call_is_over() {
    on_every_manager(|manager, count| {
        let hurried = load(manager, Duration::from_millis(200));
        assert!(matches!(hurried.call_atomic("loop", ""), Err(CallError::TimedOut { .. })));
        assert_eq!(count(), 0);
    });
}

#[test]
fn a_function_that_fails_undoes_only_itself() {
    on_every_kind(|plugin, count| {
        plugin.call_atomic("refused_between", "").unwrap();
        assert_eq!(count(), 2);
    });
}

#[test]
fn a_function_that_panics_or_meddles_undoes_everything() {
    on_every_kind(|plugin, count| {
        for export in ["panic_between", "panic_nested_between", "rolled_back_between"] {
            let error = plugin.call_atomic(export, "").unwrap_err();
            assert!(matches!(error, CallError::NotSaved { .. }), "{export}: {error}");
            assert_eq!(count(), 0, "{export}");
        }
        // What it left open can be told from what was there before.
        plugin.call_atomic("left_open_between", "").unwrap();
        assert_eq!(count(), 2);
        // What panics without a connection cannot have harmed the transaction.
        plugin.call_atomic("panic_without_database_between", "").unwrap();
        assert_eq!(count(), 3);
        plugin.call_atomic("succeed", "").unwrap();
        assert_eq!(count(), 5);
    });
}

#[test]
fn a_function_that_goes_on_after_a_failed_statement_is_told_of_as_it_came_out() {
    on_every_backend(|backend, plugin, count| {
        let said = |export| String::from_utf8(plugin.call_atomic(export, "").unwrap()).unwrap();
        let answer = said("swallowed_between");
        // PostgreSQL undoes all that a function did when one of its statements fails; SQLite that statement.
        match backend {
            Backend::Postgres => assert!(answer.contains(r#""code":"internal""#), "{answer}"),
            _ => assert!(answer.contains(r#""success":true"#), "{answer}"),
        }
        let notes = if backend == Backend::Postgres { 2 } else { 3 };
        assert_eq!(count(), notes, "{backend}");
        let answer = said("swallowed_nested_between");
        assert!(answer.contains(r#""success":true"#), "{answer}");
        assert_eq!(count(), notes + 3, "{backend}");
    });
}

#[test]
fn a_call_that_is_made_again_with_its_key_gets_the_first_answer() {
    on_every_kind(|plugin, count| {
        let key: IdempotencyKey = "0c4a9e6e-3f1b-4d0e-9f0a-1f2d3c4b5a69".parse().unwrap();
        assert!(plugin.call_idempotent(&key, "fail", "").is_err());
        let first = plugin.call_idempotent(&key, "succeed", "input").unwrap();
        assert_eq!(count(), 2);
        assert_eq!(plugin.call_idempotent(&key, "succeed", "input").unwrap(), first);
        assert_eq!(count(), 2);
        assert!(matches!(plugin.call_idempotent(&key, "succeed", "other"), Err(CallError::KeyReused { .. })));
        assert!(plugin.call_idempotent(&key, "fail", "").is_err());
        let other: IdempotencyKey = "another key of 32 random letters".parse().unwrap();
        assert_ne!(plugin.call_idempotent(&other, "succeed", "input").unwrap(), first);
        assert_eq!(count(), 4);
    });
}
