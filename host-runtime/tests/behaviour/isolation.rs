//! What goes wrong in one call stays in it.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use hostfn_runtime::{CallError, Grants, Plugin, PluginManager, PluginOptions, Registry, host_fn};

use crate::functions::FAR;

/// How long a test waits for what comes, before it says that it does not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Holds whoever comes until it is opened.
#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    came: usize,
    /// How many of them may go.
    let_go: usize,
    gone: usize,
    /// How many calls are over, whether they came or not.
    over: usize,
}

impl Gate {
    /// The gate of this name; each test has names of its own.
    fn named(name: &str) -> Arc<Self> {
        static GATES: LazyLock<Mutex<HashMap<String, Arc<Gate>>>> = LazyLock::new(Mutex::default);
        GATES.lock().unwrap().entry(name.to_owned()).or_default().clone()
    }

    fn wait_until(&self, is_time: impl Fn(&GateState) -> bool) {
        drop(self.lock_when(is_time));
    }

    fn lock_when(&self, is_time: impl Fn(&GateState) -> bool) -> MutexGuard<'_, GateState> {
        let state = self.state.lock().unwrap();
        let (state, waited) = self.changed.wait_timeout_while(state, PATIENCE, |state| !is_time(state)).unwrap();
        assert!(!waited.timed_out(), "waited at a gate in vain");
        state
    }

    fn pass(&self) {
        self.change(|state| state.came += 1);
        self.lock_when(|state| state.gone < state.let_go).gone += 1;
    }

    fn change(&self, change: impl FnOnce(&mut GateState)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn open(&self) {
        self.change(|state| state.let_go = usize::MAX);
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

/// Tries something whose calls are to be overdue and yet to come as far as a gate, with more and more time, until the
/// machine is quick enough for it.
fn with_time_enough(attempt: impl Fn(Duration) -> bool) {
    let mut timeout = Duration::from_millis(500);
    while !attempt(timeout) {
        timeout *= 2;
        assert!(timeout < 2 * FAR, "it is never reached");
    }
}

#[test]
fn a_call_that_is_overdue_ends_while_another_of_the_same_plugin_goes_on() {
    with_time_enough(|timeout| {
        let plugin = load(timeout, 2);
        let name = format!("beside, {timeout:?}");
        let gate = Gate::named(&name);
        let beside = std::thread::scope(|scope| {
            let overdue = scope.spawn(|| plugin.call("compute_for_ever", ""));
            // So that the second is not overdue itself when the first is.
            std::thread::sleep(timeout / 2);
            let beside = scope.spawn(|| {
                let started = Instant::now();
                let ended = plugin.call("pass_and_compute", request(&name));
                (ended, started.elapsed())
            });
            let ended = overdue.join().unwrap();
            assert!(matches!(ended, Err(CallError::TimedOut { .. })), "{ended:?}");
            gate.open();
            beside.join().unwrap()
        });
        match beside {
            (Ok(output), _) => assert_eq!(output, b""),
            // It was overdue itself.
            (Err(CallError::TimedOut { .. }), took) if took >= timeout => return false,
            (Err(error), took) => panic!("it was ended with the other, after {took:?}: {error}"),
        }
        true
    });
}

#[test]
fn the_place_of_a_call_that_was_overdue_is_not_lost() {
    with_time_enough(|timeout| {
        let plugin = load(timeout, 2);
        let ended = plugin.call("compute_for_ever", "");
        assert!(matches!(ended, Err(CallError::TimedOut { .. })), "{ended:?}");
        // Two calls run at once again, one of them in an instance that is new.
        let name = format!("afterwards, {timeout:?}");
        let gate = Gate::named(&name);
        std::thread::scope(|scope| {
            let calls = [(); 2].map(|()| {
                scope.spawn(|| {
                    let ended = plugin.call("pass", request(&name));
                    gate.change(|state| state.over += 1);
                    ended
                })
            });
            gate.wait_until(|state| state.came == 2 || state.over > 0);
            let both_came = gate.state.lock().unwrap().came == 2;
            gate.open();
            for call in calls {
                let ended = call.join().unwrap();
                assert!(matches!(ended, Ok(_) | Err(CallError::TimedOut { .. })), "{ended:?}");
            }
            both_came
        })
    });
}

#[test]
fn no_more_calls_run_than_there_are_instances_and_the_others_wait() {
    const CALLS: usize = 5;
    let plugin = load(FAR, 2);
    let gate = Gate::named("crowd");
    std::thread::scope(|scope| {
        let calls = [(); CALLS].map(|()| scope.spawn(|| plugin.call("pass", request("crowd"))));
        // Each that goes makes room for one, and for no more.
        for gone in 0..CALLS {
            let expected = (gone + 2).min(CALLS);
            gate.wait_until(|state| state.came >= expected);
            assert_eq!(gate.state.lock().unwrap().came, expected);
            gate.change(|state| state.let_go += 1);
        }
        calls.into_iter().for_each(|call| assert_eq!(call.join().unwrap().unwrap(), b""));
    });
}

#[test]
fn who_waits_for_an_instance_longer_than_a_call_may_take_is_told_that_all_are_busy() {
    with_time_enough(|timeout| {
        let plugin = load(timeout, 1);
        let name = format!("held, {timeout:?}");
        let gate = Gate::named(&name);
        let is_held = std::thread::scope(|scope| {
            let held = scope.spawn(|| {
                let ended = plugin.call("pass", request(&name));
                gate.change(|state| state.over += 1);
                ended
            });
            gate.wait_until(|state| state.came == 1 || state.over == 1);
            let is_held = gate.state.lock().unwrap().came == 1;
            if is_held {
                let started = Instant::now();
                let busy = plugin.call("pass", request(&name)).unwrap_err();
                assert!(matches!(busy, CallError::Busy { instances: 1, .. }), "{busy:?}");
                assert!(started.elapsed() >= timeout, "{:?}", started.elapsed());
                assert_eq!(gate.state.lock().unwrap().came, 1, "it never ran");
            }
            gate.open();
            // It was held for longer than it may take; a host function is not interrupted, its guest is.
            let held = held.join().unwrap();
            assert!(matches!(held, Ok(_) | Err(CallError::TimedOut { .. })), "{held:?}");
            is_held
        });
        let afterwards = plugin.call("pass", request(&name));
        assert!(matches!(afterwards, Ok(_) | Err(CallError::TimedOut { .. })), "the place is free: {afterwards:?}");
        is_held
    });
}

#[test]
fn a_timeout_may_be_as_long_as_can_be_said() {
    let gate = Gate::named("open");
    gate.open();
    assert_eq!(load(Duration::MAX, 1).call("pass", request("open")).unwrap(), b"");
}
