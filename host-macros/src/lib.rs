//! The `#[host_fn]` attribute and the `HostState` derive.
//!
//! An annotated function is read in stages, each a file: `attr` reads the options, `ast` the function,
//! `valid` looks for mistakes and `expand` writes the output. Every stage notes what is wrong and goes
//! on, so that all mistakes are told at once; then `fallback` writes the output instead, in which the
//! function is still there for its callers.
//!
//! The output is small, because all that can be is generic code over the trait `HostFn`: see the
//! snapshots beside the tests. It names everything through `::hostfn`, so that a project depends on
//! the facade only.
#![forbid(unsafe_code)]

mod ast;
mod attr;
mod conditions;
mod correct;
mod expand;
mod fallback;
mod host_state;
mod mistakes;
mod names;
mod signature;
mod types;
mod valid;

use ast::{HostFunction, Item};
use attr::Options;
use mistakes::Mistakes;
use proc_macro2::TokenStream;

#[doc = include_str!("host_fn.md")]
#[proc_macro_attribute]
pub fn host_fn(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    host_function(options.into(), item.into()).into()
}

#[doc = include_str!("host_state.md")]
#[proc_macro_derive(HostState)]
pub fn host_state(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    host_state::expand(input.into()).into()
}

/// `#[host_fn]`, on tokens that exist outside a compiler too, so that a test can read its output.
fn host_function(options: TokenStream, item: TokenStream) -> TokenStream {
    let item: Item = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(error) => return fallback::unread(&item, &error),
    };
    let mut mistakes = Mistakes::of(format!("host function `{}`", item.signature.ident));
    let options = Options::parse(options, &mut mistakes);
    let function = HostFunction::new(item, options, &mut mistakes);
    valid::check(&function, &mut mistakes);
    match mistakes.into_compile_errors() {
        Some(errors) => fallback::function(function.item, &errors),
        None => expand::expand(&function),
    }
}

#[cfg(test)]
mod tests;
