//! Guests in text, without what all of them repeat.

/// The imports of a guest, two functions of its own, and a memory: `$answer` hands on the block that a host function
/// answered, and `$block` copies so many bytes of the memory into a new block.
const PRELUDE: &str = r#"
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "free" (func $free (param i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "error_set" (func $error (param i64)))
    (import "extism:host/env" "log_info" (func $log_info (param i64)))
    (import "extism:host/env" "log_error" (func $log_error (param i64)))
    (import "extism:host/user" "probe" (func $probe (param i64) (result i64)))
    (import "extism:host/user" "repeat" (func $repeat (param i64) (result i64)))
    (import "extism:host/user" "meet" (func $meet (param i64) (result i64)))
    (import "extism:host/user" "deface" (func $deface (param i64) (result i64)))
    (import "extism:host/user" "think" (func $think (param i64) (result i64)))
    (import "extism:host/user" "touch" (func $touch (result i64)))
    (import "extism:host/user" "panic_with" (func $panic (param i64) (result i64)))
    (memory (export "memory") 1)
    (func $answer (param $block i64) (call $output (local.get $block) (call $length (local.get $block))))
    (func $block (param $from i32) (param $bytes i32) (result i64) (local $block i64) (local $at i32)
        (local.set $block (call $alloc (i64.extend_i32_u (local.get $bytes))))
        (loop $again
            (call $store
                (i64.add (local.get $block) (i64.extend_i32_u (local.get $at)))
                (i32.load8_u (i32.add (local.get $from) (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $at) (local.get $bytes))))
        (local.get $block))
"#;

/// A module of the prelude and this.
pub(crate) fn guest(body: &str) -> String {
    format!("(module {PRELUDE} {body})")
}

/// An export `run` that does this and answers 0.
pub(crate) fn run(body: &str) -> String {
    export("run", body)
}

/// An export that does this and answers 0. It has three variables to count with.
pub(crate) fn export(name: &str, body: &str) -> String {
    format!(r#"(func (export "{name}") (result i32) (local $i i32) (local $j i32) (local $h i64) {body} i32.const 0)"#)
}

/// Does something so many times.
pub(crate) fn times(count: u32, body: &str) -> String {
    format!(
        "(local.set $i (i32.const {count}))
        (loop $again {body}
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (br_if $again (local.get $i)))"
    )
}

/// An export `run` that hands a text to something, by way of a block: `(call $log_info …)`.
pub(crate) fn with_text(text: &[u8], call: &str) -> String {
    let bytes: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let length = text.len();
    format!(
        r#"(data (i32.const 0) "{bytes}")
        {}"#,
        run(&format!("(local.set $h (call $block (i32.const 0) (i32.const {length}))) {call}"))
    )
}
