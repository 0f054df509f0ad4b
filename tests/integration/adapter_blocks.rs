//! The adapter's blocks, tried with sequences that nobody thought of: no two overlap, each has the length that it was asked
//! for and keeps what was written into it, and what was freed is used again.

use hostfn::{Grants, Plugin, PluginManager, PluginOptions};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestCaseError},
};

/// Keeps blocks in 32 slots. Each instruction of its input has 8 bytes: the slot, whether it is filled or freed, and how
/// long the block is to be. A block is filled with its slot's number. After each instruction the blocks around the changed
/// one are looked at, and at the end all of them, byte by byte.
const GUEST: &str = r#"(module
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "input_load_u64" (func $input (param i64) (result i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "free" (func $free (param i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (memory 1) ;; of each slot the handle, and the length
    (func $handle (param $slot i32) (result i64) (i64.load (i32.shl (local.get $slot) (i32.const 4))))
    (func $kept (param $slot i32) (result i64) (i64.load offset=8 (i32.shl (local.get $slot) (i32.const 4))))
    (func $keep (param $slot i32) (param $handle i64) (param $length i64)
        (i64.store (i32.shl (local.get $slot) (i32.const 4)) (local.get $handle))
        (i64.store offset=8 (i32.shl (local.get $slot) (i32.const 4)) (local.get $length)))
    (func $fill (param $slot i32) (local $at i64)
        (block $done (loop $again
            (br_if $done (i64.ge_u (local.get $at) (call $kept (local.get $slot))))
            (call $store (i64.add (call $handle (local.get $slot)) (local.get $at)) (local.get $slot))
            (local.set $at (i64.add (local.get $at) (i64.const 1)))
            (br $again))))
    (func $check (param $slot i32) (local $at i64)
        (if (i64.ne (call $length (call $handle (local.get $slot))) (call $kept (local.get $slot))) (then unreachable))
        (block $done (loop $again
            (br_if $done (i64.ge_u (local.get $at) (call $kept (local.get $slot))))
            (if (i32.ne (call $load (i64.add (call $handle (local.get $slot)) (local.get $at))) (local.get $slot))
                (then unreachable))
            (local.set $at (i64.add (local.get $at) (i64.const 1)))
            (br $again))))
    (func (export "run") (result i32) (local $at i64) (local $word i64) (local $slot i32) (local $length i64)
        (block $done (loop $again
            (br_if $done (i64.ge_u (local.get $at) (call $input_length)))
            (local.set $word (call $input (local.get $at)))
            (local.set $at (i64.add (local.get $at) (i64.const 8)))
            (local.set $slot (i32.and (i32.wrap_i64 (local.get $word)) (i32.const 31)))
            (local.set $length (i64.shr_u (local.get $word) (i64.const 32)))
            (call $check (local.get $slot))
            (call $free (call $handle (local.get $slot)))
            (if (i64.ne (call $length (call $handle (local.get $slot))) (i64.const 0)) (then unreachable))
            (call $keep (local.get $slot) (i64.const 0) (i64.const 0))
            (if (i64.ne (local.get $length) (i64.const 0))
                (then
                    (call $keep (local.get $slot) (call $alloc (local.get $length)) (local.get $length))
                    (call $fill (local.get $slot))))
            (br $again)))
        (local.set $slot (i32.const 0))
        (loop $slots
            (call $check (local.get $slot))
            (call $keep (local.get $slot) (i64.const 0) (i64.const 0))
            (br_if $slots (i32.lt_u (local.tee $slot (i32.add (local.get $slot) (i32.const 1))) (i32.const 32))))
        i32.const 0))"#;

/// Four mebibytes hold 32 blocks of the longest, with a sixteenth for the size class and a sixteenth for the lengths; and
/// not two hundred of them, one after the other, if none was used again.
fn guest() -> Plugin {
    let options = PluginOptions::from(Grants::none()).instances(1).memory_bytes(4 << 20);
    let module = wat::parse_str(GUEST).expect("the guest is WebAssembly");
    PluginManager::new().load("blocks", &module, options).expect("the guest loads")
}

/// Short and long blocks, those around the lengths at which something changes, and none, which frees the slot.
fn length() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0_u32), 1_u32..130, 1_900_u32..2_200, 60_000_u32..70_000, 1_u32..90_000]
}

#[test]
fn blocks_keep_what_is_theirs_whatever_the_order() {
    let plugin = guest();
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    proptest!(config, |(instructions in vec((0_u8..32, length()), 1..200))| {
        let input: Vec<u8> = instructions
            .iter()
            .flat_map(|(slot, length)| (u64::from(*slot) | u64::from(*length) << 32).to_le_bytes())
            .collect();
        plugin.call("run", &input).map_err(|error| TestCaseError::fail(error.to_string()))?;
    });
}
