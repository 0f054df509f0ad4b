//! The output where there are mistakes: they, and the function, so that who calls it does not fail
//! as well and bury them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Error;

use crate::ast::Item;

/// The function as plain Rust, which its arguments' attributes are no more.
pub(crate) fn function(item: &Item, compile_errors: &TokenStream) -> TokenStream {
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
