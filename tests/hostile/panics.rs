//! Host functions and observers that panic, at every step.

use std::sync::Arc;

use hostfn::{HostCall, Observer, PluginCallEnd};
use hostfn_runtime::defence::Defence::ContainPanics;

use crate::harness::{
    case::{
        Case,
        Must::{Answer, Fail, Succeed},
        defended,
    },
    guest::with_text,
};

pub(crate) fn cases() -> Vec<Case> {
    let ways = [
        ("text", "makes a function panic with a text", r#"{"what": "text"}"#),
        ("string", "makes a function panic with words of its own", r#"{"what": "string"}"#),
        ("number", "makes a function panic with what is no text", r#"{"what": "number"}"#),
        ("drop", "makes a value panic that is dropped", r#"{"what": "drop"}"#),
        ("index", "makes a function reach past an end", r#"{"what": "index"}"#),
        ("lock", "makes a function panic with a lock held", r#"{"what": "lock"}"#),
        ("thread", "makes a function's thread panic", r#"{"what": "thread"}"#),
        ("answer", "makes an answer panic while it is written", r#"{"what": "answer"}"#),
    ];
    let ways = ways.map(|(name, what, request)| {
        defended(name, what, ContainPanics)
            .call("panic_with", request, Answer("internal"))
            .call("panic_with", request, Answer("internal"))
            .call("probe", "{}", Succeed)
    });
    let others = [
        defended("after_writing", "makes a function panic after it wrote", ContainPanics)
            .call("deface", r#"{"then": "panic"}"#, Answer("internal"))
            .call("read_and_panic", "{}", Answer("internal")),
        defended("after_reading", "makes a function panic more often than there are readers", ContainPanics).does(
            |world| {
                let plugin = world.attacker()?;
                (0..20).try_for_each(|_| {
                    crate::harness::child::ended(&Answer("internal"), plugin.call("read_and_panic", "{}"))
                })
            },
        ),
        defended("in_a_transaction", "makes a function panic in the middle of a transaction", ContainPanics)
            .call_atomic("deface", r#"{"then": "panic"}"#, Fail("not_saved")),
        defended("after_another_in_a_transaction", "writes, and then makes another function panic", ContainPanics)
            .guest(with_text(
                br#"{"then": "panic"}"#,
                "(drop (call $probe (i64.const 0))) (drop (call $deface (local.get $h)))
                (drop (call $deface (local.get $h)))",
            ))
            .call_atomic("run", "", Fail("not_saved")),
        defended("observer", "is watched by somebody who panics", ContainPanics)
            .host(|host| host.observer(Arc::new(Panics::AtHostCalls)))
            .call("probe", "{}", Succeed)
            .call("probe", "{}", Succeed),
        defended("observer_of_the_end", "is watched to its end by somebody who panics", ContainPanics)
            .host(|host| host.observer(Arc::new(Panics::AtTheEnd)))
            .call("probe", "{}", Succeed)
            .call("probe", "{}", Succeed),
    ];
    ways.into_iter().chain(others).collect()
}

/// Panics at what the attacker does.
enum Panics {
    AtHostCalls,
    AtTheEnd,
}

impl Observer for Panics {
    fn host_call(&self, call: &HostCall<'_>) {
        assert!(!matches!(self, Self::AtHostCalls) || call.caller.plugin() != "attacker", "at a host call");
    }

    fn plugin_call(&self, call: &PluginCallEnd<'_>) {
        assert!(!matches!(self, Self::AtTheEnd) || call.plugin != "attacker", "at the end");
    }
}
