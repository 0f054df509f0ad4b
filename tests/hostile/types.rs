//! Imports of other types than they have, and features of WebAssembly that plugins do not need.

use hostfn_runtime::defence::Defence::{HostImports, KernelImports, WebAssemblyFeatures};

use crate::harness::case::{
    Case,
    Refusal::{Finding, NotAModule},
    defended,
};

pub(crate) fn cases() -> Vec<Case> {
    let host = [
        ("narrow_handle", "a host function with a handle of 32 bits", "(func (param i32) (result i64))"),
        ("narrow_answer", "a host function with an answer of 32 bits", "(func (param i64) (result i32))"),
        ("no_answer", "a host function without an answer", "(func (param i64))"),
        ("two_handles", "a host function with two handles", "(func (param i64 i64) (result i64))"),
        ("two_answers", "a host function with two answers", "(func (param i64) (result i64 i64))"),
        ("float", "a host function with a number that is no integer", "(func (param f64) (result i64))"),
        ("vector", "a host function with a vector", "(func (param v128) (result i64))"),
        ("reference", "a host function with a reference of the host's", "(func (param externref) (result i64))"),
        ("function_reference", "a host function with a function", "(func (param funcref) (result i64))"),
        ("no_request", "a function that takes a request as one that takes none", "(func (result i64))"),
        ("global", "a host function as a variable", "(global i64)"),
        ("variable_global", "a host function as a variable to write", "(global (mut i64))"),
        ("table", "a host function as a table", "(table 1 funcref)"),
        ("memory", "a host function as a memory", "(memory 1)"),
    ];
    let kernel = [
        ("kernel_narrow", "a function of the kernel with 32 bits", "alloc", "(func (param i32) (result i32))"),
        ("kernel_fewer", "a function of the kernel with too few parameters", "output_set", "(func (param i64))"),
        (
            "kernel_more",
            "a function of the kernel with a result that it has not",
            "free",
            "(func (param i64) (result i64))",
        ),
        ("kernel_global", "a function of the kernel as a variable", "alloc", "(global i64)"),
        ("kernel_memory", "the memory of the kernel", "memory", "(memory 1)"),
        ("kernel_table", "a table of the kernel", "table", "(table 1 funcref)"),
    ];
    let features = [
        ("shared_memory", "has memory that threads share", "(memory 1 1 shared)"),
        ("wide_memory", "has memory with addresses of 64 bits", "(memory i64 1)"),
        ("exceptions", "throws", "(tag $t) (func (throw $t))"),
        (
            "waiting",
            "waits on memory until somebody writes it",
            r#"(memory 1 1 shared) (func (export "run") (result i32)
                (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))"#,
        ),
        ("wide_table", "has a table with indices of 64 bits", "(table i64 1 funcref)"),
    ];
    let host = host.map(|(name, what, import)| {
        let text = format!(r#"(module (import "extism:host/user" "deface" {import}))"#);
        defended(name, what, HostImports).text(text).must_be_refused(Finding("wrong-signature"))
    });
    let kernel = kernel.map(|(name, what, function, import)| {
        let text = format!(r#"(module (import "extism:host/env" "{function}" {import}))"#);
        defended(name, what, KernelImports).text(text).must_be_refused(Finding("not-for-plugins"))
    });
    let features = features.map(|(name, what, body)| {
        defended(name, what, WebAssemblyFeatures).text(format!("(module {body})")).must_be_refused(NotAModule)
    });
    host.into_iter().chain(kernel).chain(features).collect()
}
