//! What a module does before anybody calls it.

use hostfn_runtime::defence::Defence::{MemoryMaximum, NativeStack, PluginLogs, Starting};

use crate::harness::{
    case::{
        Case,
        Must::{Fail, Output},
        Refusal::{Compile, Finding},
        defended, limited,
    },
    guest::run,
};

/// Takes more than a little fuel, and not long.
const LONG: &str = "(local $i i32)
    (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 20000000))))";

/// An export, to be called for what runs before it.
const RUN: &str = r#"(func (export "run") (result i32) i32.const 0)"#;

pub(crate) fn cases() -> Vec<Case> {
    let computes =
        |name, what| limited(name, what, |limits| limits.fuel = Some(1_000_000), |limits| limits.fuel = Some(u64::MAX));
    let exported =
        |name: &str, parameters: &str| format!(r#"(func (export "{name}") {parameters} {LONG}) {}"#, run(""));
    let recurses = |name, what| defended(name, what, NativeStack).stack_bytes(256 << 10);
    vec![
        computes("start", "computes for long in its start function")
            .text(format!("(module (func $start {LONG}) (start $start) {RUN})"))
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("out_of_fuel")),
        computes("start_by_table", "computes for long by way of a table")
            .text(format!(
                "(module (table 1 funcref) (elem (i32.const 0) $long) (func $long {LONG})
                (func $start (call_indirect (i32.const 0))) (start $start) {RUN})"
            ))
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("out_of_fuel")),
        computes("reactor", "computes for long as a reactor begins")
            .guest(exported("_initialize", ""))
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("out_of_fuel")),
        computes("constructors", "computes for long in its constructors")
            .guest(exported("__wasm_call_ctors", ""))
            .runs(Fail("out_of_fuel")),
        computes("haskell", "computes for long as Haskell begins")
            .guest(exported("hs_init", "(param i32 i32)"))
            .runs(Fail("out_of_fuel")),
        limited(
            "start_grows_memory",
            "grows its memory in its start function",
            |limits| limits.memory_bytes = Some(1 << 20),
            |limits| limits.memory_bytes = Some(64 << 20),
        )
        .text(
            r#"(module (memory 1) (func $start (drop (memory.grow (i32.const 500)))) (start $start)
                (func (export "run") (result i32) i32.const 0))"#,
        )
        .runs(Fail("trapped")),
        limited(
            "start_grows_table",
            "grows a table in its start function",
            |_| {},
            |limits| {
                limits.table_elements = Some(10_000_000);
            },
        )
        .text(
            "(module (table 1 6000000 funcref)
                (func $start (drop (table.grow (ref.null func) (i32.const 5000000)))) (start $start))",
        )
        .must_be_refused(Finding("table-too-large")),
        recurses("start_recurses", "calls itself in its start function")
            .text(format!("(module (func $start (call $start)) (start $start) {RUN})"))
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("trapped")),
        recurses("reactor_recurses", "calls itself as a reactor begins")
            .guest(format!(r#"(func $deep (export "_initialize") (call $deep)) {}"#, run("")))
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("trapped")),
        defended("start_fills_memory", "grows and fills its memory in its start function", MemoryMaximum)
            .text(
                r#"(module (memory 1) (func $start
                    (drop (memory.grow (i32.const 8000)))
                    (memory.fill (i32.const 0) (i32.const 1) (i32.const 524288000))) (start $start)
                    (func (export "run") (result i32) i32.const 0))"#,
            )
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("trapped")),
        defended("start_calls_the_host", "calls a host function in its start function", Starting)
            .guest(format!("(func $start (drop (call $probe (i64.const 0)))) (start $start) {RUN}"))
            .must_be_refused(Compile)
            .runs_beside_adapter(Output("")),
        defended("start_logs", "logs in its start function", PluginLogs)
            .guest(format!("(func $start (call $log_info (i64.const 0))) (start $start) {RUN}"))
            .must_be_refused(Compile)
            .runs_beside_adapter(Output("")),
        defended("start_reads_configuration", "asks for its configuration in its start function", Starting)
            .text(
                r#"(module (import "extism:host/env" "config_get" (func $get (param i64) (result i64)))
                (func $start (drop (call $get (i64.const 8)))) (start $start)
                (func (export "run") (result i32) i32.const 0))"#,
            )
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("trapped")),
        defended("start_keeps_a_variable", "keeps a variable in its start function", Starting)
            .text(
                r#"(module (import "extism:host/env" "var_set" (func $set (param i64 i64)))
                (func $start (call $set (i64.const 8) (i64.const 8))) (start $start)
                (func (export "run") (result i32) i32.const 0))"#,
            )
            .must_be_refused(Compile)
            .runs_beside_adapter(Fail("trapped")),
        limited(
            "start_with_memory",
            "starts with more memory than it may have",
            |_| {},
            |limits| {
                limits.memory_bytes = Some(256 << 20);
            },
        )
        .text(r#"(module (memory 2000) (func (export "_initialize")) (func (export "run") (result i32) i32.const 0))"#)
        .must_be_refused(Finding("memory-too-large")),
    ]
}
