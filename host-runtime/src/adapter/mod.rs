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

use std::borrow::Cow;

use crate::{limits::Limits, module::Link, parts::Parts};

/// The namespace of the functions that only the adapter imports.
pub(crate) const HOST: &str = "hostfn:host";
const ADAPTER: &str = "hostfn:adapter";
const GUEST: &str = "hostfn:guest";

/// What an import of a guest is called in the adapter. A space is in no namespace of Extism's, of WASI's or of a host's.
pub(crate) fn joined(namespace: &str, name: &str) -> String {
    format!("{namespace} {name}")
}

/// The modules of a plugin's manifest, the front last. `bounded` gives a linked module its memory's maximum, which the
/// guest has.
///
/// # Errors
/// When one is no module that was examined before.
pub(crate) fn modules<'a>(
    guest: &[u8],
    parts: &'a Parts,
    bounded: impl Fn(&'a [u8]) -> Cow<'a, [u8]>,
    imports: &[Link<'_>],
    limits: &Limits,
) -> Result<Vec<extism::Wasm>, extism::Error> {
    let named = |bytes: Vec<u8>, name: &str| extism::Wasm::data(bytes).with_name(name);
    let linked: Vec<_> = parts.linked.iter().map(|linked| linked.name.as_str()).collect();
    let adapter = wrappers::text(imports, parts.imports_exit(), limits);
    let mut modules = vec![named(wat::parse_str(adapter)?, ADAPTER)];
    for part in &parts.linked {
        modules.push(named(rewrite::guest(&bounded(&part.bytes), &linked)?, &part.name));
    }
    modules.push(named(rewrite::guest(guest, &linked)?, GUEST));
    modules.push(named(wat::parse_str(front::text(parts))?, "main"));
    Ok(modules)
}
