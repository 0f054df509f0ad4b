//! Modules and guests that want more room than they may have.

use std::fmt::Write as _;

use hostfn_runtime::defence::Defence::MemoryMaximum;
use wasm_encoder::{CodeSection, CustomSection, Function, FunctionSection, Module, TypeSection, ValType};

use crate::harness::{
    case::{
        Case,
        Must::{Fail, Output},
        Refusal::Finding,
        defended, limited,
    },
    guest::{run, times},
};

pub(crate) fn cases() -> Vec<Case> {
    let table = |name, what| {
        limited(name, what, |_| {}, |limits| limits.table_elements = Some(u64::MAX))
            .must_be_refused(Finding("table-too-large"))
    };
    let memory = |name, what| {
        limited(name, what, |_| {}, |limits| limits.memory_bytes = Some(1 << 30))
            .must_be_refused(Finding("memory-too-large"))
    };
    let grows = |name, what| {
        limited(
            name,
            what,
            |limits| limits.memory_bytes = Some(4 << 20),
            |limits| limits.memory_bytes = Some(256 << 20),
        )
        .runs(Fail("trapped"))
    };
    vec![
        limited("module", "is a module of 33 MiB", |_| {}, |limits| limits.module_bytes = Some(64 << 20))
            .bytes(with_section(33 << 20))
            .must_be_refused(Finding("module-too-large")),
        limited("module_of_nothing", "is 33 MiB of nothing", |_| {}, |limits| limits.module_bytes = Some(64 << 20))
            .bytes(vec![0; 33 << 20])
            .must_be_refused(Finding("module-too-large")),
        limited(
            "locals",
            "declares millions of variables in a few bytes",
            |_| {},
            |limits| limits.module_locals = Some(100_000_000),
        )
        .bytes(many_locals(120))
        .must_be_refused(Finding("too-many-locals")),
        limited(
            "functions",
            "has a function too many",
            |limits| limits.module_functions = Some(2000),
            |limits| limits.module_functions = Some(2001),
        )
        .text(functions(2001))
        .must_be_refused(Finding("too-many-functions")),
        limited(
            "functions_past_default",
            "has 60,000 functions",
            |_| {},
            |limits| {
                limits.module_functions = Some(100_000);
            },
        )
        .text(functions(60_000))
        .goes_on_without()
        .must_be_refused(Finding("too-many-functions")),
        limited(
            "long_function",
            "has a long function",
            |limits| limits.function_bytes = Some(50_000),
            |limits| limits.function_bytes = Some(100_000),
        )
        .text(format!("(module (func {}))", "nop ".repeat(50_000)))
        .must_be_refused(Finding("function-too-large")),
        limited(
            "long_function_past_default",
            "has a function of more than a mebibyte",
            |_| {},
            |limits| {
                limits.function_bytes = Some(2 << 20);
            },
        )
        .text(format!("(module (func {}))", "nop ".repeat(1 << 20)))
        .must_be_refused(Finding("function-too-large")),
        limited(
            "long_jump_table",
            "has a long jump table",
            |limits| limits.function_bytes = Some(50_000),
            |limits| limits.function_bytes = Some(1 << 20),
        )
        .text(format!("(module (func (block $b (br_table {} (i32.const 0)))))", "$b ".repeat(60_000)))
        .must_be_refused(Finding("function-too-large")),
        table("table", "has a table of a million elements").text("(module (table 1000000 funcref))"),
        table("tables", "has tables that are too large together")
            .text(format!("(module {})", "(table 20000 funcref)".repeat(6))),
        table("growing_table", "has a table that may grow too large").text(
            "(module (table $t 1 1000000 externref)
                (func (drop (table.grow $t (ref.null extern) (i32.const 999999)))))",
        ),
        limited(
            "endless_table",
            "has a table that grows without end",
            |_| {},
            |limits| {
                limits.table_elements = Some(u64::MAX);
            },
        )
        .text("(module (table $t 1 4000000000 funcref) (func (drop (table.grow $t (ref.null func) (i32.const 1)))))")
        .must_be_refused(Finding("table-too-large")),
        memory("first_memory", "starts with 100 MiB of memory").text("(module (memory 1600))"),
        memory("first_memories", "has memories that are too large together")
            .text(format!("(module {})", "(memory 400)".repeat(4))),
        grows("grown_memory", "grows its memory too far").guest(run("(drop (memory.grow (i32.const 1000)))")),
        grows("grown_step_by_step", "grows its memory a page at a time")
            .guest(run(&times(200, "(drop (memory.grow (i32.const 1)))"))),
        grows("grown_memories", "grows two memories too far together").text(
            r#"(module (memory $a 1) (memory $b 1) (func (export "run") (result i32)
                (drop (memory.grow $a (i32.const 40))) (drop (memory.grow $b (i32.const 40))) i32.const 0))"#,
        ),
        grows("kernel_memory", "makes blocks until there is no more")
            .guest(run(&times(200, "(drop (call $alloc (i64.const 65536)))"))),
        grows("both_memories", "makes blocks and grows its memory")
            .guest(run("(drop (memory.grow (i32.const 40))) (drop (call $alloc (i64.const 3000000)))")),
        limited(
            "grown_in_the_next_call",
            "grows its memory a little in each call",
            |limits| limits.memory_bytes = Some(4 << 20),
            |limits| limits.memory_bytes = Some(64 << 20),
        )
        .guest(run("(drop (memory.grow (i32.const 30)))"))
        .runs(Output(""))
        .runs(Output(""))
        .runs(Fail("trapped"))
        .runs(Output("")),
        defended("grown_past_the_first", "grows what it starts with to more than it may have", MemoryMaximum)
            .limits(|limits| limits.memory_bytes = Some(4 << 20))
            .text(
                r#"(module (memory 60) (func (export "run") (result i32)
                    (drop (memory.grow (i32.const 10))) i32.const 0))"#,
            )
            .runs(Fail("trapped")),
    ]
}

/// A module with so many bytes that are nothing to anybody.
fn with_section(bytes: usize) -> Vec<u8> {
    let data = vec![0; bytes];
    let mut module = Module::new();
    module.section(&CustomSection { name: "nothing".into(), data: data.as_slice().into() });
    module.finish()
}

fn functions(count: usize) -> String {
    let mut text = String::from("(module");
    for _ in 0..count {
        let _ = text.write_str("(func)");
    }
    text + ")"
}

/// So many functions of 50,000 variables each, which is the most that one may have.
fn many_locals(functions: u32) -> Vec<u8> {
    let (mut types, mut declared, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    for _ in 0..functions {
        declared.function(0);
        let mut body = Function::new([(50_000, ValType::I64)]);
        body.instructions().end();
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    module.finish()
}
