//! The guest of all faults: it makes the host calls that it is told, in order, and fails when one does.
//!
//! So a plugin call of several writes is what a plugin of a user would make of it, and goes the whole way: guest,
//! dispatch, database.

use std::fmt::Write;

use hostfn::{CallError, ErrorCode, Plugin, PluginManager, PluginOptions};
use serde_json::Value;

use crate::Broken;

/// A host call of a batch: the function, and its request.
pub(crate) type Call<'a> = (&'a str, Value);

/// The plugin, loaded into one host.
#[derive(Clone)]
pub(crate) struct Batch {
    plugin: Plugin,
    functions: Vec<String>,
}

impl Batch {
    /// Loads it, with imports of all functions of the host.
    pub(crate) fn load(host: &PluginManager, options: impl Into<PluginOptions>) -> Result<Self, Broken> {
        let functions: Vec<_> = host.functions().map(|function| function.name().to_owned()).collect();
        let module = wat::parse_str(source(host))?;
        Ok(Self { plugin: host.load("batch", &module, options)?, functions })
    }

    /// Makes the calls, each a transaction of its own, and answers the data of the last.
    pub(crate) fn call(&self, calls: &[Call<'_>]) -> Result<Value, CallError> {
        self.plugin.call("batch", self.encode(calls)).map(|answer| data(&answer))
    }

    /// Makes the calls in one transaction.
    pub(crate) fn call_atomic(&self, calls: &[Call<'_>]) -> Result<Value, CallError> {
        self.plugin.call_atomic("batch", self.encode(calls)).map(|answer| data(&answer))
    }

    /// For each call the number of the function, the number of words of the request, and its words.
    fn encode(&self, calls: &[Call<'_>]) -> Vec<u8> {
        let mut input = Vec::new();
        for (function, request) in calls {
            let position = self.functions.iter().position(|name| name == function);
            let position = position.expect("the host has all functions that are called here");
            let mut request = request.to_string().into_bytes();
            request.resize(request.len().next_multiple_of(8), b' ');
            input.extend_from_slice(&(position as u64).to_le_bytes());
            input.extend_from_slice(&(request.len() as u64 / 8).to_le_bytes());
            input.extend_from_slice(&request);
        }
        input
    }
}

/// The code of the error that ended a plugin call, where the host answered one to the guest or to the caller.
pub(crate) fn code(error: &CallError) -> Option<ErrorCode> {
    match error {
        CallError::Failed { message, .. } => {
            let answer: Value = serde_json::from_str(message).ok()?;
            serde_json::from_value(answer["error"]["code"].clone()).ok()
        }
        CallError::NotSaved { error, .. } => Some(error.code()),
        _ => None,
    }
}

/// How a plugin call ended, in a word: `done`, the code of its error, or `timed_out`.
pub(crate) fn ending<T>(outcome: &Result<T, CallError>) -> String {
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(CallError::TimedOut { .. }) => "timed_out".to_owned(),
        Err(error) => code(error).map_or_else(|| error.to_string(), |code| code.to_string()),
    }
}

fn data(answer: &[u8]) -> Value {
    serde_json::from_slice(answer).map(|mut answer: Value| answer["data"].take()).unwrap_or_default()
}

fn source(host: &PluginManager) -> String {
    let (mut imports, mut table) = (String::new(), String::new());
    for (position, function) in host.functions().enumerate() {
        let (namespace, name) = (function.namespace(), function.name());
        let _ = writeln!(imports, "(import \"{namespace}\" \"{name}\" (func $f{position} (type $host)))");
        let _ = write!(table, " $f{position}");
    }
    format!("(module (type $host (func (param i64) (result i64)))\n{imports}{BODY}(table funcref (elem{table})))")
}

/// An answer that begins with `{"success":true,` has `s":true,` as its second word.
const BODY: &str = r#"
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "input_load_u64" (func $input (param i64) (result i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "load_u64" (func $load (param i64) (result i64)))
    (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
    (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
    (import "extism:host/env" "error_set" (func $error_set (param i64)))
    (func (export "batch") (result i32)
        (local $at i64) (local $words i64) (local $word i64) (local $block i64) (local $function i32) (local $answer i64)
        (loop $next
            (local.set $function (i32.wrap_i64 (call $input (local.get $at))))
            (local.set $words (call $input (i64.add (local.get $at) (i64.const 8))))
            (local.set $at (i64.add (local.get $at) (i64.const 16)))
            (local.set $block (call $alloc (i64.mul (local.get $words) (i64.const 8))))
            (local.set $word (i64.const 0))
            (loop $copy
                (call $store
                    (i64.add (local.get $block) (i64.mul (local.get $word) (i64.const 8)))
                    (call $input (local.get $at)))
                (local.set $at (i64.add (local.get $at) (i64.const 8)))
                (local.set $word (i64.add (local.get $word) (i64.const 1)))
                (br_if $copy (i64.lt_u (local.get $word) (local.get $words))))
            (local.set $answer (call_indirect (type $host) (local.get $block) (local.get $function)))
            (if (i64.ne (call $load (i64.add (local.get $answer) (i64.const 8))) (i64.const 0x2c657572743a2273))
                (then (call $error_set (local.get $answer)) (return (i32.const 1))))
            (br_if $next (i64.lt_u (local.get $at) (call $input_length))))
        (call $output_set (local.get $answer) (call $length (local.get $answer)))
        (i32.const 0))
"#;
