//! Imports of what is not there for plugins.

use std::fmt::Write as _;

use hostfn_runtime::defence::Defence::{HostImports, KernelImports};

use crate::harness::case::{Case, Refusal::Finding, defended};

pub(crate) fn cases() -> Vec<Case> {
    let not_there = [
        ("unknown", "a function that the host has not", "extism:host/user", "db_drop_everything"),
        ("almost", "a function with a letter missing", "extism:host/user", "db_get_user_by_emai"),
        ("capital", "a function with a capital letter", "extism:host/user", "Probe"),
        ("nul", "a function with a NUL behind its name", "extism:host/user", "probe\\00"),
        ("space", "a function with a space before its name", "extism:host/user", " probe"),
        ("no_name", "a function without a name", "extism:host/user", ""),
        ("no_namespace", "a function without a namespace", "", "probe"),
        ("kernel_among_functions", "the kernel's function from the host's namespace", "extism:host/user", "alloc"),
        ("like_the_kernel", "a namespace like the kernel's", "extism:host/env ", "alloc"),
        ("kernel_in_capitals", "the kernel's namespace in capitals", "EXTISM:HOST/ENV", "alloc"),
        ("env", "the namespace that C's compilers use", "env", "system"),
        ("newer_wasi", "a later WASI", "wasi:filesystem/preopens@0.2.0", "get-directories"),
        ("older_wasi", "an earlier WASI", "wasi_unstable", "fd_write"),
        ("main_module", "what the module itself exports", "main", "run"),
    ];
    let kernel = [
        ("kernel_reset", "what clears the kernel", "extism:host/env", "reset"),
        ("kernel_input", "what sets the kernel's input", "extism:host/env", "input_set"),
        ("kernel_error", "what reads the kernel's error", "extism:host/env", "error_get"),
        ("kernel_output", "where the kernel's output is", "extism:host/env", "output_offset"),
        ("kernel_bytes", "how much memory the kernel has", "extism:host/env", "memory_bytes"),
        ("host_function_among_kernel", "a host function from the kernel's namespace", "extism:host/env", "probe"),
        ("unknown_wasi", "a function that WASI has not", "wasi_snapshot_preview1", "system"),
        ("thread_wasi", "a function of WASI's for threads", "wasi_snapshot_preview1", "thread-spawn"),
    ];
    let module = |namespace, name| {
        format!(
            r#"(module (import "{namespace}" "{name}" (func (param i64) (result i64)))
                (func (export "run") (result i32) i32.const 0))"#
        )
    };
    let not_there = not_there.map(|(name, what, namespace, import)| {
        let kind = match (namespace, import) {
            ("", "probe") => "wrong-namespace",
            ("env" | "wasi:filesystem/preopens@0.2.0" | "wasi_unstable", _) => "runtime-import",
            _ => "unknown-function",
        };
        defended(name, what, HostImports).text(module(namespace, import)).must_be_refused(Finding(kind))
    });
    let kernel = kernel.map(|(name, what, namespace, import)| {
        defended(name, what, KernelImports).text(module(namespace, import)).must_be_refused(Finding("not-for-plugins"))
    });
    let mut thousand = String::from("(module");
    for number in 0..1000 {
        let _ = write!(thousand, r#"(import "extism:host/user" "function_{number}" (func (param i64) (result i64)))"#);
    }
    thousand.push(')');
    let many = [
        defended("thousand", "a thousand functions that are not there", HostImports)
            .text(thousand)
            .must_be_refused(Finding("unknown-function")),
        defended("twice_otherwise", "the same function twice, once otherwise", HostImports)
            .text(
                r#"(module (import "extism:host/user" "probe" (func (param i64) (result i64)))
                    (import "extism:host/user" "probe" (func (param i64 i64) (result i64))))"#,
            )
            .must_be_refused(Finding("wrong-signature")),
    ];
    not_there.into_iter().chain(kernel).chain(many).collect()
}
