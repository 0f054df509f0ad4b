//! `#[derive(HostState)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Error, GenericParam};

use crate::mistakes::Mistakes;

/// The implementation, or what is wrong with the type.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let DeriveInput { ident, generics, .. } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return Error::into_compile_error(error),
    };
    let mut mistakes = Mistakes::of(format!("host state `{ident}`"));
    for parameter in &generics.params {
        match parameter {
            GenericParam::Lifetime(_) => {
                mistakes.add(parameter, "it lives as long as the host; write a type that owns what it holds");
            }
            _ => mistakes.add(
                parameter,
                format!(
                    "a host finds its state by the whole type; write `impl hostfn::HostState for {ident}<…> {{}}` for each \
                     that it has"
                ),
            ),
        }
    }
    match mistakes.into_compile_errors() {
        // It is state all the same, so that functions that borrow it do not fail as well.
        Some(errors) => {
            let (parameters, arguments, _) = generics.split_for_impl();
            quote! {
                impl #parameters ::hostfn::__private::HostState for #ident #arguments
                where
                    Self: ::core::marker::Send + ::core::marker::Sync + 'static
                {}
                #errors
            }
        }
        None => quote! {
            impl ::hostfn::__private::HostState for #ident {}
        },
    }
}
