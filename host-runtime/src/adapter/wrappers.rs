use std::fmt::Write as _;

use super::{HOST, joined, text::Quoted};
use crate::{
    kernel::{WASI, most_given},
    limits::Limits,
    module::Link,
};

/// The adapter of a guest, in WebAssembly's text format: what all have in common, and a wrapper for each function that
/// the guest imports of its host.
pub(super) fn text(imports: &[Link<'_>], with_exit: bool, limits: &Limits) -> String {
    let (mut of_host, mut wrappers) = (String::new(), String::new());
    let most = limits.request_bytes;
    for (number, import) in imports.iter().enumerate() {
        let name = {
            let (namespace, name) = import.function.import();
            joined(namespace, name)
        };
        let (name, host) = (Quoted(&name), Quoted(HOST));
        writeln!(of_host, "(import {host} {name} (func $host_{number} (param i64 i64) (result i64)))")
            .and_then(|()| match import.takes_request {
                true => writeln!(
                    wrappers,
                    "(func (export {name}) (param $request i64) (result i64)
                       (local.set $request (call $send (local.get $request) (i64.const {most})))
                       (call $receive (call $host_{number} (global.get $scratch_block) (local.get $request))))"
                ),
                false => writeln!(
                    wrappers,
                    "(func (export {name}) (result i64)
                       (call $reserve (i64.const 0))
                       (call $receive (call $host_{number} (global.get $scratch_block) (i64.const 0))))"
                ),
            })
            .expect("a String takes any text");
    }
    if with_exit {
        // A guest that exits with 0 has succeeded, and what follows the call of its export is never run.
        of_host += &format!("(import \"{WASI}\" \"proc_exit\" (func $proc_exit (param i32)))\n");
        wrappers += &format!(
            "(func (export \"{WASI} proc_exit\") (param $code i32) (call $finish) (call $proc_exit (local.get $code)))\n"
        );
    }
    include_str!("adapter.wat")
        .replace("(@imports)", &of_host)
        .replace("(@wrappers)", &wrappers)
        .replace("(@most_given)", &most_given(limits).to_string())
}
