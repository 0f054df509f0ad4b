//! Plugin calls whose host calls are one transaction.

use hostfn_runtime::{CallError, Database, Grants, IdempotencyKey, Plugin, PluginManager};

use crate::functions::{answer, builder, forwarding};

/// A guest that adds the note "one", then the note "two", and then does what its export's name says. It also
/// hands on what the host answers.
const TWO_NOTES: &str = r#"(module
    (import "extism:host/user" "add_note" (func $add_note (param i64) (result i64)))
    (import "extism:host/user" "add_note_and_fail" (func $add_note_and_fail (param i64) (result i64)))
    (import "extism:host/user" "add_note_and_panic" (func $add_note_and_panic (param i64) (result i64)))
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

fn load(manager: &PluginManager) -> Plugin {
    let module = wat::parse_str(TWO_NOTES).unwrap();
    let options = hostfn_runtime::PluginOptions::from(Grants::all()).timeout(std::time::Duration::from_millis(500));
    manager.load("two-notes", &module, options).unwrap()
}

fn both_kinds(test: impl Fn(&Plugin, &dyn Fn() -> i64)) {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}", folder.path().join("test.db").display());
    for url in ["sqlite::memory:", &file] {
        let manager = builder().database(Database::open(url).unwrap()).keep_answers().build().unwrap();
        let counter = forwarding(&manager);
        let count = || answer(&counter, "count_notes", "")["data"].as_i64().unwrap();
        test(&load(&manager), &count);
    }
}

#[test]
fn all_is_done_when_the_export_succeeds_and_nothing_when_it_does_not() {
    both_kinds(|plugin, count| {
        let answer = plugin.call_atomic("succeed", "").unwrap();
        assert!(String::from_utf8(answer).unwrap().contains(r#""data":2"#), "it reads what it wrote");
        assert_eq!(count(), 2);
        assert!(matches!(plugin.call_atomic("fail", ""), Err(CallError::Failed { retryable: false, .. })));
        assert!(matches!(plugin.call_atomic("trap", ""), Err(CallError::Trapped { .. })));
        assert!(matches!(plugin.call_atomic("loop", ""), Err(CallError::TimedOut { .. })));
        assert_eq!(count(), 2);
        plugin.call_atomic("nothing", "").unwrap();
        // Without it, what was done until then stays.
        assert!(plugin.call("fail", "").is_err());
        assert_eq!(count(), 4);
    });
}

#[test]
fn a_function_that_fails_undoes_only_itself() {
    both_kinds(|plugin, count| {
        plugin.call_atomic("refused_between", "").unwrap();
        assert_eq!(count(), 2);
    });
}

#[test]
fn a_function_that_panics_or_meddles_undoes_everything() {
    both_kinds(|plugin, count| {
        for export in ["panic_between", "rolled_back_between"] {
            let error = plugin.call_atomic(export, "").unwrap_err();
            assert!(matches!(error, CallError::NotSaved { .. }), "{export}: {error}");
            assert_eq!(count(), 0, "{export}");
        }
        // What it left open can be told from what was there before.
        plugin.call_atomic("left_open_between", "").unwrap();
        assert_eq!(count(), 2);
        plugin.call_atomic("succeed", "").unwrap();
        assert_eq!(count(), 4);
    });
}

#[test]
fn a_call_that_is_made_again_with_its_key_gets_the_first_answer() {
    both_kinds(|plugin, count| {
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
