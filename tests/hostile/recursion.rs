//! Guests that call deeper and deeper, on threads with little stack.

use hostfn_runtime::defence::Defence::NativeStack;

use crate::harness::{
    case::{Case, Must::Fail, defended},
    guest::run,
};

/// As little as the threads of some programs have.
const SMALL: usize = 256 << 10;

pub(crate) fn cases() -> Vec<Case> {
    let locals = "(local i64 i64 i64 i64 i64 i64 i64 i64)".repeat(40);
    let vectors = "(local v128 v128 v128 v128)".repeat(20);
    [
        ("itself", "calls itself", "(func $deep (call $deep))".to_owned()),
        (
            "each_other",
            "has two functions that call each other",
            "(func $deep (call $other)) (func $other (call $deep))".to_owned(),
        ),
        (
            "indirectly",
            "calls itself through a table",
            "(table 1 funcref) (elem (i32.const 0) $deep) (func $deep (call_indirect (i32.const 0)))".to_owned(),
        ),
        (
            "by_reference",
            "calls itself by reference",
            "(type $f (func)) (elem declare func $deep) (func $deep (type $f) (call_ref $f (ref.func $deep)))"
                .to_owned(),
        ),
        ("with_variables", "calls itself with many variables", format!("(func $deep {locals} (call $deep))")),
        ("with_vectors", "calls itself with many vectors", format!("(func $deep {vectors} (call $deep))")),
        (
            "with_parameters",
            "calls itself with many parameters",
            format!(
                "(func $deeper (param {}) (call $deeper {})) (func $deep (call $deeper {}))",
                "i64 ".repeat(100),
                (0..100).map(|n| format!("(local.get {n})")).collect::<String>(),
                "(i64.const 1)".repeat(100)
            ),
        ),
        (
            "with_host_calls",
            "calls the host at each step down",
            "(func $deep (call $free (call $probe (i64.const 0))) (call $deep))".to_owned(),
        ),
        (
            "with_kernel_calls",
            "calls the kernel at each step down",
            "(func $deep (call $free (call $alloc (i64.const 8))) (call $deep))".to_owned(),
        ),
        ("twice", "calls itself twice at each step", "(func $deep (call $deep) (call $deep))".to_owned()),
        (
            "with_results",
            "calls itself for a result",
            "(func $deeper (result i64) (i64.add (call $deeper) (call $deeper))) (func $deep (drop (call $deeper)))"
                .to_owned(),
        ),
    ]
    .map(|(name, what, body)| {
        defended(name, what, NativeStack)
            .stack_bytes(SMALL)
            .guest(format!("{body} {}", run("(call $deep)")))
            .runs(Fail("trapped"))
            .runs(Fail("trapped"))
    })
    .into()
}
