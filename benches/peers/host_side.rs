//! The host's side of a host call alone: reading the request, the function, and writing the answer.

use std::hint::black_box;

use extism::Wasm;
use hostfn::{PluginManager, host_fn};
use serde::Deserialize;

use crate::{
    boundary::{REQUEST, Request, answer, options},
    turns::{Comparison, Work, beyond, both, each},
};

/// Says how long a text is.
#[host_fn(permission = "measure")]
fn length_of(text: String) -> u32 {
    text.len() as u32
}

/// Makes a text of so many bytes.
#[host_fn(permission = "measure")]
fn text_of(bytes: u32) -> String {
    "The quick brown fox, and so on. ".repeat(bytes as usize / 32)
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
struct Bytes {
    bytes: u32,
}

pub(crate) struct HostSide {
    manager: PluginManager,
}

/// How many calls a guest makes at once: what a plugin call costs is then little of it, and taken off.
const CALLS: u32 = 1000;

impl HostSide {
    pub(crate) fn new() -> Self {
        Self { manager: PluginManager::builder().functions(crate::registry()).build().expect("the host lacks nothing") }
    }

    pub(crate) fn comparisons(&self) -> impl Iterator<Item = Comparison<'_>> {
        let of = |bytes: usize| format!(r#"{{"text": "{}"}}"#, text_of(bytes as u32));
        let read = |text: &str| {
            let Text { text } = serde_json::from_str(text).expect("the request is one");
            black_box(answer(&length_of(text)));
        };
        let write = |text: &str| {
            let Bytes { bytes } = serde_json::from_str(text).expect("the request is one");
            black_box(answer(&text_of(bytes)));
        };
        let small = |text: &str| {
            let request: Request = serde_json::from_str(text).expect("the request is one");
            black_box(answer(&request.call()));
        };
        let pair = |id, bytes: usize, calls| {
            let there = self.comparison(id, "length_of", of(bytes), calls, read);
            let back = self.comparison(id, "text_of", format!(r#"{{"bytes": {bytes}}}"#), calls, write);
            let parts = there.parts;
            Comparison { id, ours: both(there.ours, back.ours), theirs: both(there.theirs, back.theirs), parts }
        };
        [
            self.comparison("host_side/134 B in, 211 B out", "measure", REQUEST.to_owned(), CALLS, small),
            pair("host_side/10 KB in, 10 KB out", 10 << 10, CALLS),
            pair("host_side/1 MB in, 1 MB out", 1 << 20, 10),
        ]
        .into_iter()
    }

    fn comparison(
        &self,
        id: &'static str,
        name: &str,
        request: String,
        calls: u32,
        plain: impl Fn(&str) + 'static,
    ) -> Comparison<'_> {
        let ours = beyond(self.guest(name, &request, calls, true), self.guest(name, &request, calls, false));
        let theirs = each(move || (0..calls).for_each(|_| plain(black_box(&request))));
        Comparison { id, ours, theirs, parts: f64::from(calls) }
    }

    /// A guest that stands where the adapter does: it has the request in a scratch block, and lays it there anew each time
    /// as far as an answer overwrites it. It calls the host, or does all but that.
    fn guest(&self, name: &str, request: &str, calls: u32, calls_the_host: bool) -> Work<'_> {
        // Of a request that is long the answer is short.
        let overwritten = request.len().min(256).next_multiple_of(8);
        let padded = format!("{request:overwritten$}");
        let data: String = padded.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let length = request.len();
        // Room for the longer of the two. More would be cleared by the kernel with each plugin call.
        let scratch = if calls < CALLS { 2 << 20 } else { length.max(11 << 10).next_power_of_two() };
        let call = if calls_the_host {
            format!("(drop (call $call (local.get $scratch) (i64.const {length})))")
        } else {
            String::new()
        };
        let copy = |bytes: usize| {
            format!(
                "(local.set $at (i32.const 0))
                (loop $copy
                    (call $store (i64.add (local.get $scratch) (i64.extend_i32_u (local.get $at)))
                        (i64.load (local.get $at)))
                    (br_if $copy (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8)))
                        (i32.const {bytes}))))"
            )
        };
        let (all, start) = (copy(padded.len()), copy(overwritten));
        let text = format!(
            r#"(module
                (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
                (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
                (import "hostfn:host" "extism:host/user {name}" (func $call (param i64 i64) (result i64)))
                (memory 20)
                (data (i32.const 0) "{data}")
                (func (export "run") (result i32) (local $scratch i64) (local $at i32) (local $left i32)
                    (local.set $scratch (call $alloc (i64.const {scratch})))
                    {all}
                    (local.set $left (i32.const {calls}))
                    (loop $again
                        {start}
                        {call}
                        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
                    i32.const 0))"#
        );
        let module = wat::parse_str(text).expect("the guest is WebAssembly");
        let functions = self.manager.host_side("measure", options());
        let mut plugin = extism::PluginBuilder::new(extism::Manifest::new([Wasm::data(module)]))
            .with_functions(functions)
            .build()
            .expect("the guest loads");
        each(move || {
            black_box(plugin.call::<&str, Vec<u8>>("run", "").expect("the guest runs"));
        })
    }
}
