//! What is loaded beside a guest, so that it cannot reach the kernel, and its host calls cost the same however many it
//! makes: see `docs/adapter.md`.
//!
//! Four modules call each other, each those to its left: the kernel, the adapter, the guest, and the front, which is what
//! Extism calls. All are WebAssembly, so that nothing here depends on how Extism or its engine are made.

mod front;
mod rewrite;
mod text;
mod wrappers;

pub(crate) use rewrite::RESERVED;

use crate::{
    limits::Limits,
    module::{Link, Module},
};

/// The namespace of the functions that only the adapter imports.
pub(crate) const HOST: &str = "hostfn:host";
const ADAPTER: &str = "hostfn:adapter";
const GUEST: &str = "hostfn:guest";

/// What an import of a guest is called in the adapter. A space is in no namespace of Extism's, of WASI's or of a host's.
pub(crate) fn joined(namespace: &str, name: &str) -> String {
    format!("{namespace} {name}")
}

/// The modules of a plugin's manifest, the front last.
///
/// # Errors
/// When the guest is no module that was examined before.
pub(crate) fn modules(
    guest: &[u8],
    module: &Module,
    imports: &[Link<'_>],
    limits: &Limits,
) -> Result<[extism::Wasm; 3], extism::Error> {
    let named = |bytes: Vec<u8>, name: &str| extism::Wasm::data(bytes).with_name(name);
    let adapter = wrappers::text(imports, module.imports_exit(), limits);
    let front = front::text(module);
    Ok([
        named(wat::parse_str(adapter)?, ADAPTER),
        named(rewrite::guest(guest)?, GUEST),
        named(wat::parse_str(front)?, "main"),
    ])
}
