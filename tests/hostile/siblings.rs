//! Calls that are stopped while others of the same plugin run, and what the next call finds.

use std::thread;

use hostfn::{LimitChanges, Plugin};
use hostfn_runtime::defence::Defence::{ContainPanics, DiscardInstances, EngineOfItsOwn};

use crate::harness::{
    case::{
        Case,
        Must::{self, Fail, Output},
        Outcome, defended, ensure,
    },
    child::ended,
    functions::Gate,
    guest::export,
    pace::at_least,
    world::World,
};

pub(crate) fn cases() -> Vec<Case> {
    let beside = [
        ("computing", "is late while another call computes", "compute", false),
        ("calling", "is late while another call calls the host", "call_host", false),
        ("returning", "is late while another call is about to return", "return", false),
        ("in_memory", "is late while another call fills its memory", "fill", false),
        ("transaction", "is late while another call has a transaction open", "write", true),
        ("computing_transaction", "is late while another call computes in a transaction", "compute", true),
    ];
    let beside = beside.map(|(name, what, sibling, is_atomic)| {
        defended(name, what, EngineOfItsOwn)
            .guest(guests())
            .limits(|limits| (limits.instances, limits.timeout) = (Some(3), Some(at_least(1500))))
            .does(move |world| late_beside(world, sibling, is_atomic))
    });
    let spoils = [
        ("unreachable", "spoils its memory and traps", "unreachable", "trapped"),
        (
            "division",
            "spoils its memory and divides by zero",
            "(drop (i32.div_u (i32.const 1) (local.get $i)))",
            "trapped",
        ),
        ("reaching", "spoils its memory and reaches past it", "(drop (i32.load (i32.const -8)))", "trapped"),
        (
            "conversion",
            "spoils its memory and converts what is no number",
            "(drop (i32.trunc_f32_s (f32.const nan)))",
            "trapped",
        ),
        ("no_function", "spoils its memory and calls nothing", "(call_indirect (i32.const 0))", "trapped"),
        ("memory", "spoils its memory and wants too much", "(drop (memory.grow (i32.const 9000)))", "trapped"),
        ("fuel", "spoils its memory and uses up its fuel", "(loop $for_ever (br $for_ever))", "out_of_fuel"),
        (
            "time",
            "spoils its memory and is late",
            "(drop (call $think (call $input))) (loop $for_ever (br $for_ever))",
            "timed_out",
        ),
    ];
    let spoils = spoils.map(|(name, what, then, ending)| {
        let spoil = export("spoil", &format!("(i32.store (i32.const 100) (i32.const 7)) {then}"));
        let look = export("look", "(if (i32.load (i32.const 100)) (then unreachable))");
        defended(name, what, DiscardInstances)
            .guest(format!("(table 1 funcref) {spoil} {look}"))
            .limits(if name == "time" { is_timed } else { is_fuelled })
            .call("look", "", Output(""))
            .call("spoil", r#"{"milliseconds": 320}"#, Fail(ending))
            .call("look", "", Output(""))
    });
    let panics = [
        ("panicking", "makes a function panic while another call computes", "compute", false),
        ("panicking_beside_transaction", "makes a function panic while another has a transaction open", "write", true),
    ];
    let panics = panics.map(|(name, what, sibling, is_atomic)| {
        defended(name, what, ContainPanics)
            .guest(guests())
            .limits(|limits| limits.instances = Some(3))
            .does(move |world| panics_beside(world, sibling, is_atomic))
    });
    beside.into_iter().chain(spoils).chain(panics).collect()
}

/// One instance, and little fuel.
fn is_fuelled(limits: &mut LimitChanges) {
    (limits.fuel, limits.instances) = (Some(5_000_000), Some(1));
}

/// One instance, and little time, in which fuel does not run out.
fn is_timed(limits: &mut LimitChanges) {
    (limits.fuel, limits.timeout, limits.instances) = (Some(u64::MAX), Some(at_least(300)), Some(1));
}

/// Each meets the test in the host, and then does something.
fn guests() -> String {
    let meet = "(drop (call $meet (call $input)))";
    let long = "(local.set $i (i32.const 100000))
        (loop $again (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if $again (local.get $i)))";
    [
        export("be_late", &format!("{meet} (loop $for_ever (br $for_ever))")),
        export("panic", "(drop (call $panic (call $input)))"),
        export("return", meet),
        export("compute", &format!("{meet} {long}")),
        export("fill", &format!("{meet} (memory.fill (i32.const 0) (i32.const 1) (i32.const 60000)) {long}")),
        export("call_host", &format!("{meet} (drop (call $touch)) {long}")),
        export("write", &format!("(drop (call $touch)) {meet} {long} (drop (call $touch))")),
    ]
    .concat()
}

fn call(plugin: &Plugin, export: &str, is_atomic: bool) -> Result<Vec<u8>, hostfn::CallError> {
    let request = r#"{"gate": "sibling"}"#;
    if is_atomic { plugin.call_atomic(export, request) } else { plugin.call(export, request) }
}

fn late_beside(world: &World<'_>, sibling: &str, is_atomic: bool) -> Outcome {
    let plugin = world.attacker()?;
    let (gate, started) = (Gate::named("sibling"), Gate::named("started"));
    started.open();
    thread::scope(|scope| {
        let late = scope.spawn(|| plugin.call("be_late", r#"{"gate": "started"}"#));
        ensure(started.has_come(1), || "the call that is late did not start".to_owned())?;
        // So that the sibling is not late itself when the first is.
        thread::sleep(at_least(1500) / 2);
        let sibling = scope.spawn(|| call(&plugin, sibling, is_atomic));
        let came = gate.has_come(1);
        let late = late.join();
        gate.open();
        let sibling = sibling.join();
        ensure(came, || "the sibling did not come".to_owned())?;
        both(late, &Fail("timed_out"), sibling)
    })?;
    ended(&Output(""), plugin.call("return", r#"{"gate": "sibling"}"#))
}

fn panics_beside(world: &World<'_>, sibling: &str, is_atomic: bool) -> Outcome {
    let plugin = world.attacker()?;
    let gate = Gate::named("sibling");
    thread::scope(|scope| {
        let sibling = scope.spawn(|| call(&plugin, sibling, is_atomic));
        let came = gate.has_come(1);
        let panicking = scope.spawn(|| plugin.call("panic", r#"{"what": "text"}"#)).join();
        gate.open();
        let sibling = sibling.join();
        ensure(came, || "the sibling did not come".to_owned())?;
        both(panicking, &Output(""), sibling)
    })
}

type Joined = thread::Result<Result<Vec<u8>, hostfn::CallError>>;

/// How one ended, and that the other came to its end.
fn both(one: Joined, must: &Must, sibling: Joined) -> Outcome {
    let panicked = |_| "a call panicked".to_owned();
    ended(must, one.map_err(panicked)?)?;
    ended(&Output(""), sibling.map_err(panicked)?).map_err(|fault| format!("the sibling: {fault}"))
}
