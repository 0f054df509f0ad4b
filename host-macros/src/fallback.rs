//! The output where there are mistakes: they, and the function, so that who calls it does not fail
//! as well and bury them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ForeignItem, ForeignItemFn, ItemForeignMod, parse_quote};

use crate::ast::{Item, has_body};

/// The function as plain Rust, which its arguments' attributes are no more. Of what was told, the compiler is not
/// given the chance to tell it again in other words. A body that is missing is made up, and no program
/// runs it: the errors stand beside it.
pub(crate) fn function(mut item: Item, compile_errors: &TokenStream) -> TokenStream {
    item.signature.variadic = None;
    if !has_body(&item) {
        item.body = quote!({ ::core::unreachable!() });
        item.attributes.push(parse_quote!(#[allow(unused_variables)]));
    }
    quote!(#item #compile_errors)
}

/// The functions that a plugin imports with Extism's kit, whose attribute has the same name. They are functions still,
/// as the compiler would refuse them otherwise once more.
fn imported(imports: &ItemForeignMod) -> TokenStream {
    let functions = imports.items.iter().filter_map(|item| match item {
        ForeignItem::Fn(ForeignItemFn { vis, sig, .. }) => {
            Some(quote!(#[allow(dead_code, unused_variables)] #vis #sig { ::core::unreachable!() }))
        }
        _ => None,
    });
    let advice = "this is how a plugin imports a function, by `extism_pdk::host_fn`; on a host, write the function itself: \
                  `fn db_get_user(…) -> … { … }`";
    let error = Error::new_spanned(imports, advice).into_compile_error();
    quote!(#(#functions)* #error)
}

/// An item that could not be read as a function, as it was.
pub(crate) fn unread(item: &TokenStream, error: &Error) -> TokenStream {
    let error = match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::ForeignMod(imports)) => return imported(&imports),
        Ok(syn::Item::Fn(_) | syn::Item::Verbatim(_)) | Err(_) => error.clone(),
        Ok(_) => Error::new_spanned(item, "`#[host_fn]` goes on a function: `fn db_get_user(…) -> … { … }`"),
    }
    .into_compile_error();
    quote!(#item #error)
}
