//! Lengths: of what is passed, of what comes back, and of what is said to be there.

use crate::harness::{
    case::{
        Case,
        Must::{Answer, AnswerSaying, Fail, Output},
        adapted, limited,
    },
    guest::{run, times, with_text},
};

pub(crate) fn cases() -> Vec<Case> {
    let too_long = |limit| AnswerSaying("limit_exceeded", limit);
    vec![
        limited(
            "request_one_past",
            "sends a request of one byte too many",
            |limits| limits.request_bytes = Some(99),
            |limits| limits.request_bytes = Some(100),
        )
        .call("probe", padded(100), too_long("takes 99")),
        limited(
            "request_past_default",
            "sends a mebibyte and a byte",
            |_| {},
            |limits| {
                limits.request_bytes = Some(2 << 20);
            },
        )
        .call("probe", padded((1 << 20) + 1), too_long("takes 1048576")),
        limited(
            "request_of_much_memory",
            "passes a block of 16 MiB that it never wrote",
            |_| {},
            |limits| limits.request_bytes = Some(32 << 20),
        )
        .guest(run("(call $answer (call $probe (call $alloc (i64.const 16777216))))"))
        .runs(too_long("takes 1048576")),
        limited(
            "answer_one_past",
            "asks for an answer of one byte too many",
            |limits| limits.response_bytes = Some(99),
            |limits| limits.response_bytes = Some(200),
        )
        .call("repeat", r#"{"bytes": 100}"#, too_long("allow more with `response_bytes`")),
        limited(
            "answer_past_default",
            "asks for an answer of two mebibytes",
            |_| {},
            |limits| {
                limits.response_bytes = Some(4 << 20);
            },
        )
        .call("repeat", r#"{"bytes": 2097152}"#, too_long("allow more with `response_bytes`")),
        limited(
            "answer_after_writing",
            "makes a function write and then answer too much",
            |_| {},
            |limits| limits.response_bytes = Some(4 << 20),
        )
        .call("deface", r#"{"then": "much"}"#, too_long("allow more with `response_bytes`")),
        limited(
            "block_past_memory",
            "wants a block larger than its memory",
            |limits| limits.memory_bytes = Some(4 << 20),
            |limits| limits.memory_bytes = Some(64 << 20),
        )
        .guest(run("(drop (call $alloc (i64.const 8388608)))"))
        .runs(Fail("trapped")),
        limited(
            "answer_past_memory",
            "asks for an answer that its memory has no room for",
            |limits| limits.memory_bytes = Some(1 << 20),
            |limits| limits.memory_bytes = Some(64 << 20),
        )
        .guest(with_text(
            br#"{"bytes": 900000}"#,
            "(drop (call $repeat (local.get $h))) (drop (call $repeat (local.get $h)))",
        ))
        .runs(Fail("trapped")),
        limited(
            "input_past_memory",
            "is called with more than its memory",
            |limits| limits.memory_bytes = Some(1 << 20),
            |limits| limits.memory_bytes = Some(64 << 20),
        )
        .guest(run(""))
        .call("run", vec![b' '; 4 << 20], Fail("trapped")),
        limited(
            "many_requests",
            "sends the same long request again and again",
            |limits| limits.host_call_bytes = Some(1 << 20),
            |limits| limits.host_call_bytes = Some(1 << 30),
        )
        .guest(run(&times(20, "(local.set $h (call $probe (call $input)))")
            .replace("(br_if $again (local.get $i)))", "(br_if $again (local.get $i))) (call $answer (local.get $h))")))
        .call("run", padded(100_000), too_long("`host_call_bytes`")),
        adapted("block_that_wraps", "wants a block of more than there are addresses")
            .guest(run("(call $answer (call $probe (call $alloc (i64.const -12))))"))
            .runs(Fail("trapped")),
        adapted("block_with_another_length", "writes over the length of a block")
            .guest(run(
                &(another(2, 15) + "(if (i64.ne (call $length (local.get $h)) (i64.const 64)) (then unreachable))")
            ))
            .runs(Output("")),
        adapted("request_of_another_length", "passes a block that says that it goes past the memory")
            .guest(run(&(another(1, 127) + "(call $answer (call $probe (local.get $h)))")))
            .limits(|limits| limits.request_bytes = Some(usize::MAX >> 1))
            .runs(Answer("invalid_request")),
        adapted("error_of_another_length", "fails with a block that says that it goes past the memory")
            .guest(run(&(another(1, 127) + "(call $error (local.get $h)) (return (i32.const 1))")))
            .runs(Fail("failed")),
        adapted("circle_of_blocks", "makes a block the next one of itself, and fails with one behind it")
            .guest(run(&(another(8, 244)
                + &size(7)
                + &size(6)
                + &size(5)
                + "(call $error (call $alloc (i64.const 64))) (return (i32.const 1))")))
            .limits(|limits| limits.fuel = Some(100_000_000))
            .runs(Fail("failed")),
    ]
}

/// Makes a block, and writes over a byte before it.
fn another(before: u8, byte: u8) -> String {
    format!(
        "(local.set $h (call $alloc (i64.const 64)))
        (call $store (i64.sub (local.get $h) (i64.const {before})) (i32.const {byte}))"
    )
}

/// Writes over another byte before the same block.
fn size(before: u8) -> String {
    format!("(call $store (i64.sub (local.get $h) (i64.const {before})) (i32.const 255))")
}

/// An object of so many bytes.
fn padded(bytes: usize) -> String {
    format!("{{}}{}", " ".repeat(bytes - 2))
}
