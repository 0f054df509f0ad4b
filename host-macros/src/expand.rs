//! The output: the function, and beside it what the framework knows of it. Everything else is
//! generic code over `HostFn`, so that there is little here to read and to compile.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, Index};

use crate::{
    ast::{Answer, Argument, Field, HostFunction},
    conditions::{self, place_of},
    names::in_pascal_case,
};

/// The output for a function without mistakes.
pub(crate) fn expand(function: &HostFunction) -> TokenStream {
    let HostFunction { item, .. } = function;
    let conditions = attributes_named(&item.attributes, "cfg");
    // Who calls it elsewhere is told; here it is not called for what it does.
    let lint = attributes_named(&item.attributes, "deprecated").next().map(|_| quote!(#[allow(deprecated)]));
    let request_type = request_type(function);
    let implementation = implementation(function);
    quote! {
        #item
        #(#conditions)*
        #lint
        const _: () = {
            use ::hostfn::__private as __hostfn;
            struct __HostFnMarker;
            #request_type
            #implementation
            __hostfn::submit! { __hostfn_registry::Function::<__HostFnMarker>::ENTRY }
        };
    }
}

fn attributes_named<'a>(attributes: &'a [Attribute], name: &str) -> impl Iterator<Item = &'a Attribute> {
    attributes.iter().filter(move |attribute| attribute.path().is_ident(name))
}

/// The struct of which each by-value argument is a field, if any is.
///
/// A guest that sends something else is told so in words that it knows, and the name of the struct
/// is none of them.
fn request_type(function: &HostFunction) -> Option<TokenStream> {
    function.fields().next()?;
    let name = format!("{}Request", in_pascal_case(&function.name()));
    let fields = function.fields().map(|field| {
        let Field { attributes, name, ty } = field;
        let default = field.needs_default().then(|| quote!(#[serde(default)]));
        quote!(#(#attributes)* #default #name: #ty)
    });
    let conditions: Vec<_> = conditions::of_request(function).collect();
    let conditions = (!conditions.is_empty()).then(|| quote!(where #(#conditions),*));
    Some(quote! {
        #[derive(__hostfn::serde::Deserialize, __hostfn::schemars::JsonSchema)]
        #[serde(crate = "__hostfn::serde", deny_unknown_fields, expecting = "an object")]
        #[schemars(crate = "__hostfn::schemars", rename = #name)]
        struct __HostFnRequest #conditions { #(#fields),* }
    })
}

/// What the framework is told of the function.
fn implementation(function: &HostFunction) -> TokenStream {
    let constants = constants(function);
    let mut request = quote!(__hostfn::NoRequest);
    let mut connection = quote!(__hostfn::NoConnection);
    for argument in &function.arguments {
        match argument {
            Argument::Connection(ty) => connection = quote!(#ty),
            Argument::Injected(_) => {}
            Argument::Field(_) => request = quote!(__HostFnRequest),
            Argument::Request { inner, .. } => request = quote!(#inner),
        }
    }
    let state = function.injected();
    let conditions = conditions::of_function(function);
    let conditions = (!conditions.is_empty()).then(|| quote!(where #(#conditions),*));
    let response = match &function.answer {
        Answer::Nothing => quote!(()),
        Answer::Plain(ty) => quote!(#ty),
        Answer::Result(ty) => {
            let (start, end) = place_of(ty);
            let open = quote_spanned!(start=> <);
            let close = quote_spanned!(end=> as __hostfn::Outcome>::Response);
            quote!(#open #ty #close)
        }
    };
    let call = call(function);
    quote! {
        impl __hostfn::HostFn for __HostFnMarker #conditions {
            #constants
            type Request = #request;
            type Response = #response;
            type Connection = #connection;
            type State = (#(#state,)*);
            #call
        }
    }
}

/// The constants that are not the trait's own.
fn constants(function: &HostFunction) -> TokenStream {
    let HostFunction { options, documentation, .. } = function;
    let name = function.name();
    let namespace = options.namespace.iter();
    let permission = options.permission.iter();
    let read_only = options.read_only.then(|| quote! { const READ_ONLY: bool = true; });
    let deprecated = options.deprecated.iter();
    let errors = (!options.errors.is_empty()).then(|| {
        let errors = options.errors.iter().map(|variant| Ident::new(variant, Span::call_site()));
        quote! {
            const ERRORS: &'static [__hostfn::ErrorCode] = &[#(__hostfn::ErrorCode::#errors),*];
        }
    });
    quote! {
        const NAME: &'static str = #name;
        #(const NAMESPACE: &'static str = #namespace;)*
        const DOCUMENTATION: &'static str = #documentation;
        #(const PERMISSION: &'static str = #permission;)*
        #read_only
        #(const DEPRECATED: ::core::option::Option<&'static str> = ::core::option::Option::Some(#deprecated);)*
        #errors
    }
}

/// The call: each argument from where it comes.
///
/// The names of its own arguments are the macro's, which the function's name does not clash with.
fn call(function: &HostFunction) -> TokenStream {
    let [connection, state, request] =
        ["connection", "state", "request"].map(|name| Ident::new(name, Span::mixed_site()));
    let injected = function.injected();
    let mut indices = (0..).map(Index::from);
    let arguments = function.arguments.iter().map(|argument| match argument {
        Argument::Connection(_) => quote!(#connection),
        Argument::Injected(_) => {
            let index = indices.next();
            quote!(#state.#index)
        }
        Argument::Field(Field { name, .. }) => quote!(#request.#name),
        Argument::Request { argument, .. } => {
            quote_spanned!(place_of(argument).0=> __hostfn::Json(#request))
        }
    });
    let name = &function.item.signature.ident;
    let call = quote!(#name(#(#arguments),*));
    let outcome = match &function.answer {
        Answer::Nothing => quote!(#call; ::core::result::Result::Ok(())),
        Answer::Plain(_) => quote!(::core::result::Result::Ok(#call)),
        Answer::Result(_) => quote!(__hostfn::Outcome::into_outcome(#call)),
    };
    quote! {
        fn call(
            #connection: &mut Self::Connection,
            #state: (#(&#injected,)*),
            #request: Self::Request,
        ) -> ::core::result::Result<Self::Response, __hostfn::HostError> {
            #outcome
        }
    }
}
