//! How many instances there are in the process: a test of its own process, since others would count.

// As an application names it.
extern crate hostfn_runtime as hostfn;

use std::sync::Barrier;

use hostfn::{CallError, Grants, LoadError, PluginManager, PluginOptions, host_fn};

hostfn::registry!();

/// Where two calls meet the test that watches them.
static MEETING: Barrier = Barrier::new(3);

/// Answers after two meetings.
#[host_fn(permission = "meetings")]
fn meet() {
    MEETING.wait();
    MEETING.wait();
}

const GUEST: &str = r#"(module
    (import "extism:host/user" "meet" (func $meet (result i64)))
    (func (export "meet") (result i32) (drop (call $meet)) i32.const 0)
    (func (export "nothing") (result i32) i32.const 0))"#;

#[test]
fn there_are_so_many_and_idle_ones_give_way() {
    let manager = PluginManager::builder().functions(registry()).process_instances(2).build().unwrap();
    let module = wat::parse_str(GUEST).unwrap();
    let load = |name| manager.load(name, &module, Grants::all());
    // Each is loaded with an instance, of which the idle ones make room.
    let plugins = ["first", "second", "third"].map(|name| load(name).unwrap());
    for plugin in plugins.iter().chain(&plugins) {
        assert_eq!(plugin.call("nothing", "").unwrap(), b"");
    }
    std::thread::scope(|scope| {
        let meetings = [&plugins[0], &plugins[1]].map(|plugin| scope.spawn(|| plugin.call("meet", "")));
        MEETING.wait();
        let error = plugins[2].call("nothing", "").unwrap_err();
        assert!(matches!(error, CallError::TooManyInstances { instances: 2, .. }) && error.is_retryable(), "{error}");
        let error = load("fourth").unwrap_err();
        assert!(matches!(error, LoadError::TooManyInstances { instances: 2, .. }), "{error}");
        // Another host of the same process counts them too, and has none of its own that could give way.
        let other = PluginManager::builder().functions(registry()).process_instances(2).build().unwrap();
        assert!(matches!(other.load("fifth", &module, Grants::all()), Err(LoadError::TooManyInstances { .. })));
        MEETING.wait();
        meetings.into_iter().for_each(|meeting| assert_eq!(meeting.join().unwrap().unwrap(), b""));
    });
    assert_eq!(plugins[2].call("nothing", "").unwrap(), b"");
    load("fourth").unwrap();

    // What is made ahead is there without a call: a host that has nothing idle finds no place any more.
    drop((plugins, manager));
    let (warm, other) = (host_of_two(), host_of_two());
    let plugin = warm.load("warm", &module, PluginOptions::from(Grants::all()).instances(2)).unwrap();
    drop(other.load("other", &module, Grants::all()).unwrap());
    for _ in 0..2 {
        plugin.warm_up(9).unwrap();
        assert!(matches!(other.load("other", &module, Grants::all()), Err(LoadError::TooManyInstances { .. })));
    }
    assert_eq!(plugin.call("nothing", "").unwrap(), b"");
}

fn host_of_two() -> PluginManager {
    PluginManager::builder().functions(registry()).process_instances(2).build().expect("the host lacks nothing")
}
