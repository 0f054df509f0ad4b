//! The output where there are mistakes: they, and the function, so that who calls it does not fail
//! as well and bury them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, parse_quote};

use crate::ast::{Item, has_body};

/// The function as plain Rust, which its arguments' attributes are no more. Of what was told, the compiler is not
/// given the chance to tell it again in other words.
pub(crate) fn function(mut item: Item, compile_errors: &TokenStream) -> TokenStream {
    item.signature.variadic = None;
    if !has_body(&item) {
        item.body = quote!({ ::core::unimplemented!() });
        item.attributes.push(parse_quote!(#[allow(unused_variables)]));
    }
    quote!(#item #compile_errors)
}

/// An item that could not be read as a function, as it was.
pub(crate) fn unread(item: &TokenStream, error: &Error) -> TokenStream {
    let error = match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Fn(_) | syn::Item::Verbatim(_)) | Err(_) => error.clone(),
        Ok(_) => Error::new_spanned(item, "`#[host_fn]` goes on a function: `fn db_get_user(…) -> … { … }`"),
    }
    .into_compile_error();
    quote!(#item #error)
}
