//! What goes wrong in one call stays in it.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, LazyLock, Mutex},
    time::{Duration, Instant},
};

use hostfn_runtime::{CallError, Grants, Plugin, PluginManager, PluginOptions, Registry, host_fn};

/// How long a test waits for what comes at once, before it says that it does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds whoever comes until it is opened.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    came: usize,
    is_open: bool,
}

impl Gate {
    /// The gate of this name; each test has names of its own.
    fn named(name: &str) -> Arc<Self> {
        static GATES: LazyLock<Mutex<HashMap<String, Arc<Gate>>>> = LazyLock::new(Mutex::default);
        GATES.lock().unwrap().entry(name.to_owned()).or_default().clone()
    }

    fn wait_until(&self, is_time: impl Fn(&GateState) -> bool) {
        let state = self.state.lock().unwrap();
        let waited = self.changed.wait_timeout_while(state, PATIENCE, |state| !is_time(state)).unwrap().1;
        assert!(!waited.timed_out(), "waited at a gate in vain");
    }

    fn pass(&self) {
        self.change(|state| state.came += 1);
        self.wait_until(|state| state.is_open);
    }

    fn change(&self, change: impl FnOnce(&mut GateState)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn open(&self) {
        self.change(|state| state.is_open = true);
    }
}

/// Does not answer before a test says so.
#[host_fn(permission = "gates")]
fn pass_gate(gate: String) {
    Gate::named(&gate).pass();
}

/// Its `pass_and_compute` goes on computing after the gate; were it ended together with another
/// call, it would be so there.
const GUEST: &str = r#"(module
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/user" "pass_gate" (func $pass_gate (param i64) (result i64)))
    (memory 1)
    (func (export "compute_for_ever") (result i32) (loop $again (br $again)) i32.const 0)
    (func (export "pass") (result i32) (drop (call $pass_gate (call $input_offset))) i32.const 0)
    (func (export "pass_and_compute") (result i32) (local $left i32)
        (drop (call $pass_gate (call $input_offset)))
        (local.set $left (i32.const 100000))
        (loop $again
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $again (local.get $left)))
        i32.const 0))"#;

fn load(timeout: Duration, instances: usize) -> Plugin {
    let all = crate::registry();
    let pass_gate = all.functions().iter().find(|function| function.name() == "pass_gate").copied();
    let manager = PluginManager::builder().functions(Registry::new("gates", pass_gate)).build().unwrap();
    let options = PluginOptions::from(Grants::all()).timeout(timeout).instances(instances);
    manager.load("guest", &wat::parse_str(GUEST).unwrap(), options).unwrap()
}

fn request(gate: &str) -> String {
    format!(r#"{{"gate": "{gate}"}}"#)
}

#[test]
fn a_call_that_is_overdue_ends_while_another_of_the_same_plugin_goes_on() {
    let plugin = load(Duration::from_secs(2), 2);
    let gate = Gate::named("beside");
    std::thread::scope(|scope| {
        let started = Instant::now();
        let overdue = scope.spawn(|| plugin.call("compute_for_ever", ""));
        // So that the second is not overdue itself when the first is.
        std::thread::sleep(Duration::from_millis(700));
        let beside = scope.spawn(|| plugin.call("pass_and_compute", request("beside")));
        gate.wait_until(|state| state.came == 1);
        let ended = overdue.join().unwrap();
        gate.open();
        assert!(matches!(ended, Err(CallError::TimedOut { .. })), "{ended:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        assert_eq!(beside.join().unwrap().unwrap(), b"");
    });
    // Neither place is lost: two calls run at once again, one of them in an instance that is new.
    let gate = Gate::named("afterwards");
    std::thread::scope(|scope| {
        let calls = [(); 2].map(|()| scope.spawn(|| plugin.call("pass", request("afterwards"))));
        gate.wait_until(|state| state.came == 2);
        gate.open();
        calls.into_iter().for_each(|call| assert_eq!(call.join().unwrap().unwrap(), b""));
    });
}

#[test]
fn no_more_calls_run_than_there_are_instances_and_the_others_wait() {
    let plugin = load(PATIENCE, 2);
    let gate = Gate::named("crowd");
    std::thread::scope(|scope| {
        let calls = [(); 5].map(|()| scope.spawn(|| plugin.call("pass", request("crowd"))));
        gate.wait_until(|state| state.came == 2);
        // Time enough for a third to come, if it could.
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(gate.state.lock().unwrap().came, 2);
        gate.open();
        calls.into_iter().for_each(|call| assert_eq!(call.join().unwrap().unwrap(), b""));
    });
    assert_eq!(gate.state.lock().unwrap().came, 5);
}

#[test]
fn who_waits_for_an_instance_longer_than_a_call_may_take_is_told_that_all_are_busy() {
    const TIMEOUT: Duration = Duration::from_millis(500);
    let plugin = load(TIMEOUT, 1);
    let gate = Gate::named("held");
    std::thread::scope(|scope| {
        let held = scope.spawn(|| plugin.call("pass", request("held")));
        gate.wait_until(|state| state.came == 1);
        let started = Instant::now();
        let busy = plugin.call("pass", request("held")).unwrap_err();
        let waited = started.elapsed();
        assert!(matches!(busy, CallError::Busy { instances: 1, .. }), "{busy:?}");
        assert!((TIMEOUT..Duration::from_secs(10)).contains(&waited), "{waited:?}");
        assert_eq!(gate.state.lock().unwrap().came, 1, "it never ran");
        gate.open();
        // It was held for longer than it may take; a host function is not interrupted, its guest is.
        let held = held.join().unwrap();
        assert!(matches!(held, Ok(_) | Err(CallError::TimedOut { .. })), "{held:?}");
    });
    assert_eq!(plugin.call("pass", request("held")).unwrap(), b"");
}

#[test]
fn a_timeout_may_be_as_long_as_can_be_said() {
    let gate = Gate::named("open");
    gate.open();
    assert_eq!(load(Duration::MAX, 1).call("pass", request("open")).unwrap(), b"");
}
