//! Guests in WAT, and a host for them.
#![allow(dead_code, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

use std::sync::{LazyLock, Mutex};

use hostfn_engine::{
    CallError, CallOptions, Compiled, Engine, EngineOptions, HostFunctions, Instance, InstanceOptions, Log, LogLevel,
    LogLine, Output,
};

/// One engine for all tests of a file.
pub(crate) static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(EngineOptions::new()).unwrap());

/// All functions of Extism's, under their own names.
pub(crate) const ENV: &str = r#"
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "free" (func $free (param i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "length_unsafe" (func $length_unsafe (param i64) (result i64)))
    (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
    (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
    (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
    (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
    (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/env" "error_set" (func $error_set (param i64)))
    (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
    (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
    (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
    (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
    (import "extism:host/env" "http_status_code" (func $http_status_code (result i32)))
    (import "extism:host/env" "http_headers" (func $http_headers (result i64)))
    (import "extism:host/env" "log_trace" (func $log_trace (param i64)))
    (import "extism:host/env" "log_debug" (func $log_debug (param i64)))
    (import "extism:host/env" "log_info" (func $log_info (param i64)))
    (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
    (import "extism:host/env" "log_error" (func $log_error (param i64)))
    (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
"#;

/// Functions over those: `$text` makes a block of bytes of the guest's memory, `$out` makes a block the output,
/// `$number` makes a number the output, as eight bytes, and `$input` is a block with a copy of the input.
pub(crate) const HELPERS: &str = r#"
    (func $text (param $at i32) (param $length i32) (result i64) (local $block i64) (local $i i32)
        (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $i) (local.get $length)))
            (call $store_u8 (i64.add (local.get $block) (i64.extend_i32_u (local.get $i)))
                (i32.load8_u (i32.add (local.get $at) (local.get $i))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
        (local.get $block))
    (func $out (param $block i64) (call $output_set (local.get $block) (call $length (local.get $block))))
    (func $number (param $value i64) (local $block i64)
        (local.set $block (call $alloc (i64.const 8)))
        (call $store_u64 (local.get $block) (local.get $value))
        (call $out (local.get $block)))
    (func $input (result i64) (local $block i64) (local $i i64)
        (local.set $block (call $alloc (call $input_length)))
        (block $done (loop $next
            (br_if $done (i64.ge_u (local.get $i) (call $input_length)))
            (call $store_u8 (i64.add (local.get $block) (local.get $i)) (call $input_load_u8 (local.get $i)))
            (local.set $i (i64.add (local.get $i) (i64.const 1)))
            (br $next)))
        (local.get $block))
"#;

/// A guest with all of Extism's functions, a memory with `data` at 0, and further fields.
pub(crate) fn guest(imports: &str, data: &str, fields: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {ENV} {imports} (memory (export "memory") 1) (data (i32.const 0) "{data}") {HELPERS} {fields})"#
    );
    wat::parse_str(text).unwrap()
}

/// A guest whose export `run` has this body, before it returns zero.
pub(crate) fn running(body: &str) -> Vec<u8> {
    guest("", "", &format!("(func (export \"run\") (result i32) (local $a i64) (local $b i64) {body} (i32.const 0))"))
}

pub(crate) fn compile(module: &[u8]) -> Compiled<()> {
    Compiled::builder(&ENGINE, module).functions(functions()).build().unwrap()
}

pub(crate) fn instance(module: &[u8]) -> Instance<()> {
    compile(module).instance((), InstanceOptions::new()).unwrap()
}

/// Calls `run` of a new instance, without limits.
pub(crate) fn run(module: &[u8], input: &[u8]) -> Result<Output, CallError> {
    instance(module).call("run", input, &CallOptions::new())
}

/// What `run` gives as a number.
pub(crate) fn number(module: &[u8]) -> i64 {
    let output = run(module, b"").unwrap();
    i64::from_le_bytes(output.bytes.try_into().unwrap())
}

/// `upper` gives the request in capitals, `fails` fails, `twice` gives the request twice.
pub(crate) fn functions() -> HostFunctions<()> {
    let mut functions = HostFunctions::new();
    functions.add("extism:host/user", "upper", |call| {
        let response = call.request().ok_or("no block")?.to_ascii_uppercase();
        Ok(call.respond(&response)?)
    });
    functions.add("extism:host/user", "twice", |call| {
        let response = call.request().ok_or("no block")?.repeat(2);
        Ok(call.respond(&response)?)
    });
    functions.add("extism:host/user", "fails", |_| Err("it failed".into()));
    functions
}

/// Keeps what is logged.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) Mutex<Vec<(LogLevel, String, bool)>>);

impl Log for Lines {
    fn level(&self) -> Option<LogLevel> {
        Some(LogLevel::Debug)
    }

    fn line(&self, line: LogLine<'_>) {
        self.0.lock().unwrap().push((line.level, line.text.to_owned(), line.is_cut));
    }
}
