use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use hostfn_runtime::{CallError, Grants, Plugin, PluginManager, PluginOptions};
use hostfn_test::forwarding_guest;

use crate::functions::{FAR, answer, in_memory};

/// A guest that ends in every way that a guest can. `count` ends with the number of times that it was
/// called in the same instance.
const ENDINGS: &str = r#"(module
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
    (import "extism:host/env" "error_set" (func $error_set (param i64)))
    (memory 1)
    (global $count (mut i32) (i32.const 0))
    (func $say_mad (local $text i64)
        (local.set $text (call $alloc (i64.const 3)))
        (call $store_u8 (local.get $text) (i32.const 109))
        (call $store_u8 (i64.add (local.get $text) (i64.const 1)) (i32.const 97))
        (call $store_u8 (i64.add (local.get $text) (i64.const 2)) (i32.const 100))
        (call $error_set (local.get $text)))
    (func (export "count") (result i32)
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (global.get $count))
    (func (export "succeed") (result i32) i32.const 0)
    (func (export "fail") (result i32) (call $say_mad) i32.const 1)
    (func (export "fail_in_silence") (result i32) i32.const 7)
    (func (export "trap") (result i32) unreachable)
    (func (export "fail_and_trap") (result i32) (call $say_mad) unreachable)
    (func (export "loop") (result i32) (loop $again (br $again)) i32.const 0)
    (func $recurse (export "recurse") (result i32) (i32.add (call $recurse) (i32.const 1)))
    (func (export "take_memory") (result i32)
        (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        i32.const 9)
    (func (export "take_kernel_memory") (result i32)
        (loop $again (drop (call $alloc (i64.const 1048576))) (br $again))
        i32.const 0))"#;

fn endings(options: PluginOptions) -> Plugin {
    PluginManager::new().load("endings", &wat::parse_str(ENDINGS).unwrap(), options).unwrap()
}

fn options() -> PluginOptions {
    PluginOptions::from(Grants::none()).timeout(FAR)
}

/// Which call this was of its instance.
fn count(plugin: &Plugin) -> i32 {
    match plugin.call("count", "") {
        Err(CallError::FailedSilently { exit_code, .. }) => exit_code,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn an_export_that_is_not_there_is_answered_with_those_that_are() {
    let error = endings(options()).call("sukzeed", "").unwrap_err();
    assert!(matches!(error, CallError::UnknownExport { .. }));
    assert!(error.to_string().contains("it exports `count`, `succeed`, `fail`"), "{error}");
    let error = endings(options()).call("suceed", "").unwrap_err();
    assert!(error.to_string().ends_with("; did you mean `succeed`?"), "{error}");
}

#[test]
fn a_guest_that_says_that_it_failed_is_quoted_and_used_again() {
    let plugin = endings(options());
    count(&plugin);
    let Err(CallError::Failed { message, .. }) = plugin.call("fail", "") else { panic!("it did not fail") };
    assert_eq!(message, "mad");
    let error = plugin.call("fail_in_silence", "").unwrap_err();
    assert_eq!(error.code(), "failed-without-message");
    assert_eq!(
        error.to_string(),
        "plugin `endings`, export `fail_in_silence`: it returned 7 without an error message: return 0 for success, or \
         set the error message with your PDK before you return"
    );
    assert_eq!(count(&plugin), 2, "the instance is the same");
}

#[test]
fn an_error_message_that_is_no_text_is_told_in_our_words() {
    let text = r#"(module
        (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
        (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
        (import "extism:host/env" "error_set" (func $error (param i64)))
        (func $say (local $block i64)
            (local.set $block (call $alloc (i64.const 1)))
            (call $store (local.get $block) (i32.const 255))
            (call $error (local.get $block)))
        (func (export "fail") (result i32) (call $say) i32.const 1)
        (func (export "trap") (result i32) (call $say) unreachable))"#;
    let module = wat::parse_str(text).unwrap();
    for options in [options(), options().without_adapter()] {
        let plugin = PluginManager::new().load("guest", &module, options).unwrap();
        for export in ["fail", "trap"] {
            let error = plugin.call(export, "").unwrap_err();
            assert_eq!(error.code(), "message-not-text");
            assert_eq!(
                error.to_string(),
                format!(
                    "plugin `guest`, export `{export}`: it failed with an error message that is not UTF-8: set the error \
                     message to a UTF-8 string"
                )
            );
        }
    }
}

#[test]
fn a_guest_that_was_stopped_is_not_used_again() {
    let plugin = endings(options());
    for export in ["trap", "fail_and_trap", "recurse"] {
        count(&plugin);
        let error = plugin.call(export, "").unwrap_err();
        assert!(matches!(error, CallError::Trapped { .. }), "{export}: {error:?}");
        assert_eq!(count(&plugin), 1, "{export}: the instance is the same");
    }
    assert_eq!(plugin.call("succeed", "").unwrap(), b"");
}

#[test]
fn a_call_that_takes_too_long_ends_and_ends_no_other() {
    const TIMEOUT: Duration = Duration::from_millis(300);
    let plugin = endings(options().timeout(TIMEOUT).instances(4));
    let is_over = AtomicBool::new(false);
    // On a busy machine it may be overdue as well, and is so only after a time of its own.
    let succeeds = || {
        let started = Instant::now();
        match plugin.call("succeed", "") {
            Ok(_) => true,
            Err(CallError::TimedOut { .. }) if started.elapsed() >= TIMEOUT => false,
            Err(error) => panic!("it was ended after {:?}: {error}", started.elapsed()),
        }
    };
    std::thread::scope(|scope| {
        let others = [(); 2].map(|()| {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    succeeds();
                }
            })
        });
        let overdue = plugin.call("loop", "");
        is_over.store(true, Ordering::SeqCst);
        assert!(matches!(overdue, Err(CallError::TimedOut { .. })), "{overdue:?}");
        others.into_iter().for_each(|other| other.join().unwrap());
    });
    while !succeeds() {}
}

#[test]
fn a_guest_gets_the_memory_that_it_is_allowed() {
    let plugin = endings(options().memory_bytes(4 << 20));
    for export in ["take_memory", "take_kernel_memory"] {
        let error = plugin.call(export, "").unwrap_err();
        assert!(
            matches!(&error, CallError::Trapped { reason, .. } if reason.contains("allow more with `memory_bytes`")),
            "{export}: {error:?}"
        );
    }
    assert_eq!(plugin.call("succeed", "").unwrap(), b"");
}

#[test]
fn a_guest_that_recurses_for_ever_on_a_small_stack_stops_alone() {
    let call = || endings(options()).call("recurse", "");
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(call).unwrap();
    assert!(matches!(thread.join().unwrap(), Err(CallError::Trapped { .. })));
}

#[test]
fn a_call_waits_for_an_instance() {
    let manager = in_memory();
    let options = PluginOptions::from(Grants::all()).instances(1).timeout(FAR);
    let plugin = manager.load("sleeper", &forwarding_guest(manager.functions(), true), options).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(answer(&plugin, "sleep", r#"{"milliseconds": 50}"#)["success"], true));
        }
    });
}

#[test]
fn a_configuration_value_is_not_shown() {
    let shown = format!("{:?}", options().config("api_key", "hunter2"));
    assert!(shown.contains("api_key") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn what_begins_and_ends_itself_well_has_begun() {
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (global $begun (mut i32) (i32.const 0))
        (func (export "_initialize")
            (global.set $begun (i32.add (global.get $begun) (i32.const 1))) (call $exit (i32.const 0)))
        (func (export "run") (result i32) (global.get $begun)))"#;
    let options = PluginOptions::from(Grants::none()).instances(1);
    let plugin = PluginManager::new().load("guest", &wat::parse_str(text).unwrap(), options).unwrap();
    assert_eq!(plugin.call("run", "").unwrap(), b"", "it ends itself before its export is called");
    assert!(matches!(plugin.call("run", ""), Err(CallError::FailedSilently { exit_code: 1, .. })));
}
