//! What a plugin may use, and what it is told when it wants more.

use hostfn_runtime::{CallError, Database, Grants, LimitChanges, LoadError, Plugin, PluginManager, PluginOptions};
use hostfn_test::forwarding_guest;
use serde_json::json;

use crate::functions::{answer, builder};

fn manager() -> PluginManager {
    builder().database(Database::open("sqlite::memory:").unwrap()).build().unwrap()
}

fn limited(change: impl FnOnce(&mut LimitChanges)) -> PluginOptions {
    let mut limits = LimitChanges::default();
    change(&mut limits);
    PluginOptions::from(Grants::all()).limits(limits)
}

/// Its export `run` calls `count_notes` as often as the first byte of its input says, and answers the last answer.
const COUNTING: &str = r#"(module
    (import "extism:host/env" "input_load_u8" (func $input (param i64) (result i32)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/user" "count_notes" (func $count (result i64)))
    (func (export "run") (result i32) (local $left i32) (local $answer i64)
        (local.set $left (call $input (i64.const 0)))
        (loop $again
            (local.set $answer (call $count))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $again (local.get $left)))
        (call $output (local.get $answer) (call $length (local.get $answer)))
        i32.const 0)
    (func (export "compute") (result i32) (loop $again (br $again)) i32.const 0)
    (func (export "nothing") (result i32) i32.const 0))"#;

fn counting(options: PluginOptions) -> Plugin {
    manager().load("guest", &wat::parse_str(COUNTING).unwrap(), options).unwrap()
}

/// The message of the last of so many host calls in one plugin call, if it was an error.
fn refusal(plugin: &Plugin, host_calls: u8) -> Option<String> {
    let output = plugin.call("run", [host_calls]).unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let error = answer["error"].as_object()?;
    assert_eq!(error["code"], "limit_exceeded");
    Some(error["message"].as_str().unwrap().to_owned())
}

#[test]
fn a_plugin_call_makes_so_many_host_calls_and_the_next_one_as_many() {
    let plugin = counting(limited(|limits| limits.host_calls = Some(10)));
    for _ in 0..2 {
        assert_eq!(refusal(&plugin, 10), None);
        assert!(refusal(&plugin, 11).unwrap().contains("allow more with `host_calls`"));
    }
}

#[test]
fn a_plugin_call_exchanges_so_many_bytes() {
    // `{"success":true,"data":0,"error":null}`
    let plugin = counting(limited(|limits| limits.host_call_bytes = Some(38 * 5)));
    assert_eq!(refusal(&plugin, 5), None);
    assert!(refusal(&plugin, 6).unwrap().contains("allow more with `host_call_bytes`"));
    assert_eq!(refusal(&plugin, 5), None, "the next call has as many");
}

#[test]
fn a_plugin_makes_so_many_host_calls_a_second_whatever_its_instances() {
    let plugin = counting(limited(|limits| {
        (limits.host_calls_per_second, limits.instances) = (Some(20), Some(2));
    }));
    assert_eq!(refusal(&plugin, 20), None);
    let refused = std::thread::scope(|scope| {
        let calls = [(); 2].map(|()| scope.spawn(|| refusal(&plugin, 100)));
        calls.map(|call| call.join().unwrap())
    });
    assert!(refused.iter().flatten().all(|said| said.contains("more than 20 host calls a second")), "{refused:?}");
    assert!(refused.iter().any(Option::is_some), "{refused:?}");
}

#[test]
fn what_would_take_too_much_to_tell_was_not_done() {
    let manager = manager();
    let options = limited(|limits| limits.host_call_bytes = Some(50));
    let plugin = manager.load("guest", &forwarding_guest(manager.functions(), true), options).unwrap();
    let request = json!({"text": "x".repeat(20)}).to_string();
    assert_eq!(answer(&plugin, "add_note", request)["error"]["code"], "limit_exceeded");
    assert_eq!(answer(&plugin, "count_notes", "")["data"], 0);
}

#[test]
fn a_request_is_nested_so_deep() {
    let manager = manager();
    let options = limited(|limits| limits.json_depth = Some(3));
    let plugin = manager.load("guest", &forwarding_guest(manager.functions(), true), options).unwrap();
    let refused = answer(&plugin, "add_note", r#"{"text": [[[]]]}"#);
    assert_eq!(refused["error"]["code"], "limit_exceeded");
    assert!(refused["error"]["message"].as_str().unwrap().contains("`json_depth`"), "{refused}");
    assert_eq!(answer(&plugin, "add_note", r#"{"text": [[]]}"#)["error"]["code"], "invalid_request");
    // Brackets within a string nest nothing.
    assert_eq!(answer(&plugin, "add_note", r#"{"text": "[[[[ \" [[[["}"#)["success"], true);
}

#[test]
fn a_guest_that_computes_too_much_is_ended_and_its_instance_discarded() {
    let plugin = counting(limited(|limits| limits.fuel = Some(1_000_000)));
    for _ in 0..2 {
        let error = plugin.call("compute", "").unwrap_err();
        assert!(matches!(error, CallError::OutOfFuel { fuel: 1_000_000, .. }), "{error}");
        assert_eq!(plugin.call("nothing", "").unwrap(), b"");
    }
}

#[test]
fn what_runs_when_an_instance_is_made_has_fuel_and_no_more() {
    let text = "(module (func $start (loop $again (br $again))) (start $start) (func (export \"run\")))";
    let guest = wat::parse_str(text).unwrap();
    let options = || limited(|limits| limits.fuel = Some(1_000_000));
    let error = manager().load("guest", &guest, options().without_adapter()).unwrap_err();
    assert!(matches!(error, LoadError::Compile { .. }), "{error}");
    let plugin = manager().load("guest", &guest, options()).unwrap();
    for _ in 0..2 {
        let error = plugin.call("run", "").unwrap_err();
        assert!(matches!(error, CallError::OutOfFuel { .. }), "{error}");
    }
}

/// What WebAssembly's own garbage collector holds is in no memory that the module declares.
#[test]
fn objects_of_the_garbage_collector_count_as_memory() {
    let text = r#"(module
        (type $bytes (array (mut i8)))
        (type $list (struct (field (ref null $list)) (field (ref $bytes))))
        (global $kept (mut (ref null $list)) (ref.null $list))
        (func (export "at_once") (result i32) (drop (array.new_default $bytes (i32.const 200000000))) i32.const 0)
        (func (export "little_by_little") (result i32)
            (loop $again
                (global.set $kept
                    (struct.new $list (global.get $kept) (array.new_default $bytes (i32.const 100000))))
                (br $again))
            i32.const 0))"#;
    let options = limited(|limits| limits.memory_bytes = Some(8 << 20));
    let plugin = manager().load("guest", &wat::parse_str(text).unwrap(), options).unwrap();
    for export in ["at_once", "little_by_little"] {
        let error = plugin.call(export, "").unwrap_err();
        assert!(matches!(error, CallError::Trapped { .. }), "{export}: {error}");
    }
}
