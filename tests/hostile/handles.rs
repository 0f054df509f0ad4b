//! Handles that name no block, or not the guest's to pass any more.

use hostfn_runtime::defence::Defence::Handles;

use crate::harness::{
    case::{Case, Must::AnswerSaying, defended},
    guest::run,
};

pub(crate) fn cases() -> Vec<Case> {
    let made_up = [
        ("one", "1"),
        ("odd", "7"),
        ("far", "123456789"),
        ("beyond_32_bits", "1099511627776"),
        ("greatest", "9223372036854775807"),
        ("least", "-9223372036854775808"),
        ("minus_one", "-1"),
        ("minus_eight", "-8"),
        ("end_of_32_bits", "4294967295"),
    ];
    let made_up = made_up.map(|(name, handle)| {
        let body = format!("(call $answer (call $probe (i64.const {handle})))");
        case(name, "passes a handle that it made up", &body)
    });
    let of_blocks = [
        case(
            "freed",
            "passes the handle of a block that it freed",
            "(local.set $h (call $alloc (i64.const 64))) (call $free (local.get $h))
            (call $answer (call $probe (local.get $h)))",
        ),
        case(
            "inside_a_block",
            "passes a place in the middle of a block",
            "(call $answer (call $probe (i64.add (call $alloc (i64.const 64)) (i64.const 8))))",
        ),
        case(
            "before_a_block",
            "passes the place before a block",
            "(call $answer (call $probe (i64.sub (call $alloc (i64.const 64)) (i64.const 1))))",
        ),
        case(
            "behind_a_block",
            "passes the place behind the last block",
            "(call $answer (call $probe (i64.add (call $alloc (i64.const 64)) (i64.const 64))))",
        ),
        case(
            "answer_that_was_freed",
            "passes the handle of an answer that it freed",
            "(local.set $h (call $probe (i64.const 0))) (call $free (local.get $h))
            (call $answer (call $probe (local.get $h)))",
        ),
        case(
            "freed_twice",
            "frees a block twice and passes its handle",
            "(local.set $h (call $alloc (i64.const 64))) (call $free (local.get $h)) (call $free (local.get $h))
            (call $answer (call $probe (local.get $h)))",
        ),
        case(
            "tagged",
            "passes the handle of a block with a bit of its upper half set",
            "(call $answer (call $probe (i64.or (call $alloc (i64.const 64)) (i64.const 0x100000000))))",
        ),
    ];
    made_up.into_iter().chain(of_blocks).collect()
}

fn case(name: &'static str, what: &'static str, body: &str) -> Case {
    defended(name, what, Handles).guest(run(body)).runs(AnswerSaying("invalid_request", "names no block"))
}
