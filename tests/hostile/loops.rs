//! Guests that do not come to an end by themselves.

use std::time::Duration;

use crate::harness::{
    case::{
        Case,
        Must::{Fail, Output},
        limited,
    },
    guest::{export, run},
};

/// What is done again and again: the name of the case that runs out of fuel, that of the one that runs out of time, what it
/// is, and how.
const LOOPS: [(&str, &str, &str, &str); 7] = [
    ("nothing", "nothing_in_time", "does nothing for ever", ""),
    ("jump_table", "jump_table_in_time", "jumps by a table for ever", "(br_table $for_ever $for_ever (i32.const 7))"),
    (
        "filling",
        "filling_in_time",
        "fills its memory for ever",
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))",
    ),
    (
        "moving",
        "moving_in_time",
        "moves its memory about for ever",
        "(memory.copy (i32.const 0) (i32.const 8) (i32.const 60000))",
    ),
    ("kernel_calls", "kernel_calls_in_time", "asks the kernel for ever", "(drop (call $input_length))"),
    ("blocks", "blocks_in_time", "makes and frees blocks for ever", "(call $free (call $alloc (i64.const 100)))"),
    ("host_calls", "host_calls_in_time", "calls the host for ever", "(call $free (call $probe (i64.const 0)))"),
];

pub(crate) fn cases() -> Vec<Case> {
    let for_ever = |body: &str| run(&format!("(loop $for_ever {body} (br $for_ever))"));
    let fuel = LOOPS.map(|(name, _, what, body)| with_fuel(name, what).guest(for_ever(body)).runs(Fail("out_of_fuel")));
    let time = LOOPS.map(|(_, name, what, body)| in_time(name, what).guest(for_ever(body)).runs(Fail("timed_out")));
    let others = [
        with_fuel("tail_calls", "calls itself without a stack")
            .guest(r#"(func $again (export "run") (result i32) (return_call $again))"#)
            .runs(Fail("out_of_fuel")),
        with_fuel("indirect_calls", "calls through a table for ever")
            .guest(
                "(table 1 funcref) (elem (i32.const 0) $nothing) (func $nothing)".to_owned()
                    + &for_ever("(call_indirect (i32.const 0))"),
            )
            .runs(Fail("out_of_fuel")),
        with_fuel("after_a_good_call", "behaves in its first call, and then does not")
            .guest(for_ever("") + &export("behave", ""))
            .call("behave", "", Output(""))
            .runs(Fail("out_of_fuel"))
            .call("behave", "", Output(""))
            .runs(Fail("out_of_fuel")),
        in_time("in_a_transaction", "goes on for ever with a transaction open")
            .guest(
                r#"(data (i32.const 0) "{\"then\": \"go on\"}")
                (func (export "run") (result i32)
                    (drop (call $deface (call $block (i32.const 0) (i32.const 17))))
                    (loop $for_ever (br $for_ever))
                    i32.const 0)"#,
            )
            .call_atomic("run", "", Fail("timed_out")),
    ];
    fuel.into_iter().chain(time).chain(others).collect()
}

/// What ends it is its fuel; without, its time is up at last.
fn with_fuel(name: &'static str, what: &'static str) -> Case {
    limited(
        name,
        what,
        |limits| limits.fuel = Some(2_000_000),
        |limits| (limits.fuel, limits.timeout) = (Some(u64::MAX), Some(Duration::from_millis(300))),
    )
}

/// What ends it is its time; without, its fuel is used up at last.
fn in_time(name: &'static str, what: &'static str) -> Case {
    limited(
        name,
        what,
        |limits| limits.timeout = Some(Duration::from_millis(250)),
        |limits| (limits.fuel, limits.timeout) = (Some(2_000_000), Some(Duration::from_secs(600))),
    )
}
