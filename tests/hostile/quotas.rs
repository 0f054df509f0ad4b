//! Each limit: exactly at its bound, one past it, and at it again, since the next call has as much.

use std::{thread, time::Duration};

use hostfn::LimitChanges;

use crate::harness::{
    case::{
        Case,
        Must::{self, AnswerSaying, Fail, Output, Succeed},
        Outcome,
        Refusal::Finding,
        ensure, limited,
    },
    child::{ended, refused},
    functions::Gate,
    guest::run,
    pace::at_least,
    world::World,
};

/// Makes as many host calls as the first byte of its input says, and answers the last answer.
const CALLS: &str = "(local.set $i (call $load (call $input)))
    (loop $again
        (local.set $h (call $probe (i64.const 0)))
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (br_if $again (local.get $i)))
    (call $answer (local.get $h))";

/// Computes for as many thousand rounds as the first byte of its input says.
const COMPUTES: &str = "(local.set $i (i32.mul (call $load (call $input)) (i32.const 1000)))
    (loop $again
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (br_if $again (local.get $i)))";

type Change = fn(&mut LimitChanges);

pub(crate) fn cases() -> Vec<Case> {
    let exceeded = |limit| AnswerSaying("limit_exceeded", limit);
    let bound = |name, what, set: Change, lift: Change| limited(name, what, set, lift);
    let calls = [
        at_and_past(
            bound("request_bytes", "sends 100 bytes, and 101", |l| l.request_bytes = Some(100), |l| l.request_bytes = Some(101)),
            "probe",
            [format!("{:100}", "{}"), format!("{:101}", "{}")],
            Succeed,
            exceeded("takes 100"),
        ),
        at_and_past(
            bound("response_bytes", "is answered 100 bytes, and 101", |l| l.response_bytes = Some(100), |l| {
                l.response_bytes = Some(200);
            }),
            "repeat",
            [r#"{"bytes": 61}"#, r#"{"bytes": 62}"#],
            Succeed,
            exceeded("more than 100"),
        ),
        at_and_past(
            bound("json_depth", "nests four levels, and five", |l| l.json_depth = Some(4), |l| l.json_depth = Some(5)),
            "probe",
            [r#"{"tree": [[[]]]}"#, r#"{"tree": [[[[]]]]}"#],
            Succeed,
            exceeded("4 levels"),
        ),
        at_and_past(
            bound("host_calls", "makes ten host calls, and eleven", |l| l.host_calls = Some(10), |l| l.host_calls = Some(11))
                .guest(run(CALLS)),
            "run",
            [[10], [11]],
            Succeed,
            exceeded("made 10 host calls"),
        ),
        at_and_past(
            // An answer has 38 bytes: `{"success":true,"data":0,"error":null}`.
            bound("host_call_bytes", "exchanges 380 bytes, and more", |l| l.host_call_bytes = Some(380), |l| {
                l.host_call_bytes = Some(418);
            })
            .guest(run(CALLS)),
            "run",
            [[10], [11]],
            Succeed,
            exceeded("it may, 380"),
        ),
        at_and_past(
            bound("fuel", "computes a little, and more", |l| l.fuel = Some(100_000), |l| l.fuel = Some(2_000_000))
                .guest(run(COMPUTES)),
            "run",
            [[10], [40]],
            Output(""),
            Fail("out_of_fuel"),
        ),
        at_and_past(
            bound("timeout", "takes a little time, and more", |l| l.timeout = Some(at_least(400)), |l| {
                l.timeout = Some(Duration::from_secs(600));
            }),
            "think",
            [r#"{"milliseconds": 1}"#.to_owned(), format!(r#"{{"milliseconds": {}}}"#, 2 * at_least(400).as_millis())],
            Succeed,
            Fail("timed_out"),
        ),
        at_and_past(
            bound("memory_bytes", "takes all of its memory, and a page more", |l| l.memory_bytes = Some(4 << 20), |l| {
                l.memory_bytes = Some(8 << 20);
            })
            .text(
                r#"(module (import "extism:host/env" "input_length" (func $length (result i64))) (memory 1)
                    (func (export "run") (result i32) (drop (memory.grow (i32.wrap_i64 (call $length)))) i32.const 0))"#,
            ),
            "run",
            [vec![0_u8; 1], vec![0; 64]],
            Output(""),
            Fail("trapped"),
        ),
    ];
    let loading = [
        bound(
            "module_functions",
            "has ten functions, and may have nine",
            |l| l.module_functions = Some(9),
            |l| {
                l.module_functions = Some(10);
            },
        )
        .text(format!("(module {})", "(func)".repeat(10)))
        .does(|world| is_the_bound(world, "too-many-functions", |l| l.module_functions = Some(10))),
        // A body of 100 bytes: that there are no variables, 98 times nothing, and its end.
        bound(
            "function_bytes",
            "has a function of 100 bytes, and may have 99",
            |l| l.function_bytes = Some(99),
            |l| {
                l.function_bytes = Some(100);
            },
        )
        .text(format!("(module (func {}))", "nop ".repeat(98)))
        .does(|world| is_the_bound(world, "function-too-large", |l| l.function_bytes = Some(100))),
        bound(
            "table_elements",
            "has a table of 100 elements, and may have 99",
            |l| l.table_elements = Some(99),
            |l| {
                l.table_elements = Some(100);
            },
        )
        .text("(module (table 100 funcref))")
        .does(|world| is_the_bound(world, "table-too-large", |l| l.table_elements = Some(100))),
        bound(
            "first_memory",
            "starts with ten pages, and may have nine",
            |l| l.memory_bytes = Some(9 << 16),
            |l| {
                l.memory_bytes = Some(10 << 16);
            },
        )
        .text("(module (memory 10))")
        .does(|world| is_the_bound(world, "memory-too-large", |l| l.memory_bytes = Some(10 << 16))),
        // The head of a module has eight bytes.
        bound(
            "module_bytes",
            "has eight bytes, and may have seven",
            |l| l.module_bytes = Some(7),
            |l| {
                l.module_bytes = Some(8);
            },
        )
        .text("(module)")
        .does(|world| is_the_bound(world, "module-too-large", |l| l.module_bytes = Some(8))),
    ];
    let others = [
        bound(
            "log_bytes",
            "logs 100 bytes, and then one more",
            // Each line counts for 128 beside what it says.
            |l| l.log_bytes = Some(228),
            |l| l.log_bytes = Some(1000),
        )
        .guest(run("(call $log_error (call $alloc (call $input_length)))"))
        .does(|world| {
            let plugin = world.attacker()?;
            let is_told = || world.log.text().matches("as many bytes as it may, 228").count();
            ended(&Output(""), plugin.call("run", [0; 100]))?;
            ensure(is_told() == 0, || "100 bytes were too many".to_owned())?;
            ended(&Output(""), plugin.call("run", [0; 101]))?;
            ensure(is_told() == 1, || "101 bytes were not too many".to_owned())?;
            ended(&Output(""), plugin.call("run", [0; 100]))?;
            ensure(is_told() == 1, || "the next call had less".to_owned())
        }),
        bound(
            "instances",
            "is called twice at once, and a third time",
            |l| {
                (l.instances, l.timeout) = (Some(2), Some(at_least(800)));
            },
            |l| l.instances = Some(3),
        )
        .does(third_call_at_once),
        bound(
            "one_plugin_for_another",
            "uses up what another plugin may have",
            |l| l.host_calls_per_second = Some(10),
            |l| {
                l.host_calls_per_second = Some(1_000_000);
            },
        )
        .guest(run(CALLS))
        .does(|world| {
            let first = world.attacker()?;
            ended(&AnswerSaying("limit_exceeded", "`host_calls_per_second`"), first.call("run", [200]))?;
            let second = world.load_as("another", &crate::harness::case::Module::Guest(run(CALLS)));
            ended(&Succeed, second.map_err(|error| error.to_string())?.call("run", [10]))
        }),
    ];
    calls.into_iter().chain(loading).chain(others).collect()
}

/// Calls with what is just not too much, with what is, and once more with what is not.
fn at_and_past<T: Into<Vec<u8>>>(case: Case, export: &'static str, inputs: [T; 2], at: Must, past: Must) -> Case {
    let [most, more] = inputs.map(Into::into);
    case.call(export, most.clone(), at.clone()).call(export, more, past).call(export, most, at)
}

/// That the module is loaded with this limit, and not with the case's, which is lower by one.
fn is_the_bound(world: &World<'_>, finding: &'static str, most: Change) -> Outcome {
    let case = world.case();
    world.load_with("at the bound", &case.module, most).map_err(|error| format!("at its bound: {error}"))?;
    refused(Finding(finding), world.load())
}

fn third_call_at_once(world: &World<'_>) -> Outcome {
    let plugin = world.attacker()?;
    let gate = Gate::named("quota");
    thread::scope(|scope| {
        let calls = [(); 2].map(|()| scope.spawn(|| plugin.call("meet", r#"{"gate": "quota"}"#)));
        let came = gate.has_come(2);
        let third = scope.spawn(|| plugin.call("probe", "{}")).join();
        gate.open();
        calls.into_iter().for_each(|call| drop(call.join()));
        ensure(came, || "two calls do not run at once".to_owned())?;
        ended(&Fail("busy"), third.map_err(|_| "a call panicked".to_owned())?)
    })?;
    ended(&Succeed, plugin.call("probe", "{}"))
}
