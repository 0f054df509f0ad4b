//! More of something than a host can take: calls, bytes, lines, instances.

use std::thread;

use hostfn::{CallError, PluginOptions};

use crate::harness::{
    case::{
        Case, ClosedBy,
        Must::{AnswerSaying, Fail, FailSaying},
        case, ensure, limited,
    },
    child::kind_of,
    functions::Gate,
    guest::{run, times, with_text},
    pace::at_least,
    world::World,
};

pub(crate) fn cases() -> Vec<Case> {
    let last =
        |count, call: &str| run(&(times(count, &format!("(local.set $h {call})")) + "(call $answer (local.get $h))"));
    let exceeded = |limit| AnswerSaying("limit_exceeded", limit);
    let logs = |name, what| {
        limited(name, what, |limits| limits.log_bytes = Some(2000), |limits| limits.log_bytes = Some(10 << 20))
    };
    vec![
        limited(
            "host_calls",
            "makes more host calls than it may",
            |limits| limits.host_calls = Some(1000),
            |limits| limits.host_calls = Some(2000),
        )
        .guest(last(1001, "(call $probe (i64.const 0))"))
        .runs(exceeded("`host_calls`")),
        limited(
            "calls_after_the_last",
            "goes on calling after it was told that it may not",
            |limits| limits.host_calls = Some(1000),
            |limits| limits.host_calls = Some(10_000),
        )
        .guest(last(3000, "(call $probe (i64.const 0))"))
        .runs(FailSaying("trapped", "told to make no more calls")),
        limited(
            "denied_calls",
            "calls again and again what it may not",
            |limits| limits.host_calls = Some(1000),
            |limits| limits.host_calls = Some(2000),
        )
        .grants(&["users:read"])
        .guest(last(1001, "(call $probe (i64.const 0))"))
        .runs(exceeded("`host_calls`")),
        limited(
            "wrong_calls",
            "calls again and again with handles of nothing",
            |limits| limits.host_calls = Some(1000),
            |limits| limits.host_calls = Some(2000),
        )
        .guest(last(1001, "(call $probe (i64.const 77))"))
        .runs(exceeded("`host_calls`")),
        limited(
            "calls_a_second",
            "makes more host calls a second than it may",
            |limits| limits.host_calls_per_second = Some(1),
            |limits| limits.host_calls_per_second = Some(1_000_000),
        )
        .guest(last(200, "(call $probe (i64.const 0))"))
        .runs(exceeded("`host_calls_per_second`")),
        limited(
            "calls_a_second_in_many",
            "spreads its host calls over many plugin calls",
            |limits| limits.host_calls_per_second = Some(1),
            |limits| limits.host_calls_per_second = Some(1_000_000),
        )
        .does(|world| {
            let plugin = world.attacker()?;
            let refused = (0..60).filter(|_| {
                plugin
                    .call("probe", "{}")
                    .is_ok_and(|output| String::from_utf8_lossy(&output).contains("limit_exceeded"))
            });
            let refused = refused.count();
            ensure(refused > 0, || "none of 60 calls was refused".to_owned())
        }),
        limited(
            "answers",
            "asks for more bytes than it may",
            |limits| limits.host_call_bytes = Some(1 << 20),
            |limits| limits.host_call_bytes = Some(64 << 20),
        )
        .guest(with_text(
            br#"{"bytes": 50000}"#,
            &(times(30, "(local.set $j (i32.const 0)) (call $free (call $repeat (local.get $h)))")
                + "(call $answer (call $repeat (local.get $h)))"),
        ))
        .runs(exceeded("`host_call_bytes`")),
        limited(
            "answers_kept",
            "keeps every answer that it gets",
            |limits| limits.memory_bytes = Some(4 << 20),
            |limits| limits.memory_bytes = Some(64 << 20),
        )
        .guest(with_text(br#"{"bytes": 50000}"#, &times(200, "(drop (call $repeat (local.get $h)))")))
        .runs(Fail("trapped")),
        logs("log_lines", "logs a thousand lines")
            .guest(
                r#"(data (i32.const 0) "a line of twenty bytes")"#.to_owned()
                    + &run(&times(1000, "(call $log_info (call $block (i32.const 0) (i32.const 22)))")),
            )
            .does(|world| logged_at_most(world, 40_000)),
        logs("log_line", "logs one long line")
            .guest(run("(call $log_info (call $alloc (i64.const 1000000)))"))
            .does(|world| logged_at_most(world, 40_000)),
        logs("log_errors", "logs a thousand errors")
            .guest(
                r#"(data (i32.const 0) "an error of 22 bytes..")"#.to_owned()
                    + &run(&times(1000, "(call $log_error (call $block (i32.const 0) (i32.const 22)))")),
            )
            .does(|world| logged_at_most(world, 40_000)),
        limited(
            "calls_at_once",
            "is called more often at once than it has instances",
            |limits| (limits.instances, limits.timeout) = (Some(2), Some(at_least(400))),
            |limits| limits.instances = Some(8),
        )
        .does(|world| {
            let plugin = world.attacker()?;
            let calls = all_at_the_gate(8, "busy", || plugin.call("meet", r#"{"gate": "busy"}"#));
            let busy = calls.iter().filter(|call| call.as_ref().is_err_and(|error| kind_of(error) == "busy")).count();
            ensure(busy == 6, || format!("of eight calls {busy} were told that all instances are busy"))
        }),
        case(
            "instances",
            "wants more instances than the process may have",
            ClosedBy::Host(|host| host.process_instances(64)),
        )
        .host(|host| host.process_instances(4))
        .limits(|limits| limits.instances = Some(16))
        .does(|world| {
            let plugin = world.attacker()?;
            let calls = all_at_the_gate(8, "instances", || plugin.call("meet", r#"{"gate": "instances"}"#));
            let refused = calls.iter().filter(|call| matches!(call, Err(CallError::TooManyInstances { .. })));
            let refused = refused.count();
            ensure(refused >= 4, || format!("of eight calls {refused} were told that there are too many"))
        }),
        case(
            "plugins",
            "is loaded again and again under other names",
            ClosedBy::Host(|host| host.process_instances(64)),
        )
        .host(|host| host.process_instances(4))
        .limits(|limits| limits.instances = Some(1))
        .does(|world| {
            let gate = Gate::named("plugins");
            let module = hostfn_test::forwarding_guest(world.manager.functions(), true);
            let loaded: Vec<_> = (0..4)
                .map(|number| {
                    let options = PluginOptions::from(hostfn::Grants::all());
                    world.manager.load(&format!("plugin {number}"), &module, options)
                })
                .collect::<Result<_, _>>()
                .map_err(|error| error.to_string())?;
            let fifth = thread::scope(|scope| {
                for plugin in &loaded {
                    scope.spawn(|| plugin.call("meet", r#"{"gate": "plugins"}"#));
                }
                let came = gate.has_come(4);
                let fifth = world.load();
                gate.open();
                came.then_some(fifth)
            });
            let refused = matches!(fifth, Some(Err(hostfn::LoadError::TooManyInstances { .. })));
            ensure(refused, || "a fifth instance was made".to_owned())
        }),
    ]
}

/// Makes so many calls to a gate at once, which opens when each has come to it or was refused.
fn all_at_the_gate<T: Send>(count: usize, gate: &str, call: impl Fn() -> T + Sync) -> Vec<T> {
    let gate = Gate::named(gate);
    let (call, gate) = (&call, &gate);
    thread::scope(|scope| {
        let call = || {
            let called = call();
            gate.come();
            called
        };
        let calls: Vec<_> = (0..count).map(|_| scope.spawn(call)).collect();
        gate.has_come(count);
        gate.open();
        calls.into_iter().filter_map(|call| call.join().ok()).collect()
    })
}

/// That the log has something of what the guest says, and no more than so many bytes.
fn logged_at_most(world: &World<'_>, most: usize) -> Result<(), String> {
    let plugin = world.attacker()?;
    plugin.call("run", "").map_err(|error| error.to_string())?;
    let log = world.log.text();
    ensure(log.contains("log_bytes"), || format!("nobody is told that it logged too much: {} bytes", log.len()))?;
    ensure(log.len() <= most, || format!("the log has {} bytes", log.len()))
}
