//! What must hold of a function's types. Each is said where the type stands in the source, so that an error is
//! shown there, and nowhere else.
//!
//! It is said twice. By a trait of ours, for which the compiler looks at once, and which it explains in our words; and
//! by the trait that is meant, on `for<'__any>`, for which it looks only where the implementation is used, and takes
//! it for granted until then. So nothing that follows from a type is an error beside it.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

use crate::{
    ast::{Answer, Argument, Field, HostFunction},
    correct::{is_connection, is_lent},
    types::{is_plain, last_segment, result_of},
};

/// What the implementation of `HostFn` is on condition of.
pub(crate) fn of_function(function: &HostFunction) -> Vec<TokenStream> {
    let mut conditions = Vec::new();
    for argument in &function.arguments {
        match argument {
            // Those that everybody uses are not worth the words.
            Argument::Connection(ty) | Argument::Injected(ty) if is_connection(ty) || is_lent(ty) => {}
            Argument::Connection(ty) => {
                conditions.extend([told(ty, &["Connects"]), granted(ty, "HostConnection")]);
            }
            Argument::Injected(ty) => conditions.extend([told(ty, &["Lent"]), granted(ty, "Inject")]),
            Argument::Field(Field { ty, .. }) | Argument::Request { inner: ty, .. } if is_to_be_said(argument) => {
                conditions.extend([told(ty, &["FromGuest", "Described"]), granted(ty, "Received")]);
            }
            Argument::Field(_) | Argument::Request { .. } => {}
        }
    }
    // It is not so where serde or schemars does not take what it is told of a field, and says so.
    conditions.extend(function.fields().next().map(|_| granted(quote!(__HostFnRequest), "Received")));
    match &function.answer {
        Answer::Nothing => {}
        Answer::Plain(ty) => conditions.extend(of_answer(ty)),
        Answer::Result(ty) => match result_of(ty) {
            Some((value, error)) => {
                conditions.extend(of_answer(value));
                if last_segment(error).is_none_or(|segment| segment.ident != "HostError") {
                    let becomes = quote!(for<'__any> #error: ::core::convert::Into<__hostfn::HostError>);
                    conditions.extend([told(error, &["Failure"]), becomes]);
                }
            }
            None => {
                let response = quote!(<#ty as __hostfn::Outcome>::Response);
                let outcome = granted(ty, "Outcome");
                conditions.extend([told(ty, &["ResultAlias"]), outcome, granted(response, "Answered")]);
            }
        },
    }
    conditions
}

/// What the request's struct takes for granted, and with it all that is derived for it.
pub(crate) fn of_request(function: &HostFunction) -> impl Iterator<Item = TokenStream> {
    function.fields().filter(|field| is_for_serde(field)).map(|field| granted(&field.ty, "Received"))
}

fn of_answer(ty: &Type) -> Vec<TokenStream> {
    match is_plain(ty) {
        true => Vec::new(),
        false => vec![told(ty, &["ToGuest", "Described"]), granted(ty, "Answered")],
    }
}

/// Whether serde and schemars read the field as its type says, and it might not say it.
fn is_for_serde(field: &Field) -> bool {
    field.is_as_its_type() && !is_plain(&field.ty)
}

fn is_to_be_said(argument: &Argument) -> bool {
    match argument {
        Argument::Field(field) => is_for_serde(field),
        Argument::Request { inner, .. } => !is_plain(inner),
        Argument::Connection(_) | Argument::Injected(_) => true,
    }
}

/// A condition that is looked at where it stands.
fn told(ty: &Type, traits: &[&str]) -> TokenStream {
    let (start, end) = place_of(ty);
    let traits = traits.iter().map(|name| {
        let root = Ident::new("__hostfn", start);
        let name = Ident::new(name, end);
        quote!(#root::#name)
    });
    quote!(#ty: #(#traits)+*)
}

/// A condition that is looked at where what depends on it is used.
fn granted(ty: impl ToTokens, name: &str) -> TokenStream {
    let name = Ident::new(name, Span::call_site());
    quote!(for<'__any> #ty: __hostfn::#name)
}

/// The start and the end of what was written, for tokens that are shown there and yet are the
/// macro's own: lints know that nobody wrote them.
pub(crate) fn place_of(written: &impl ToTokens) -> (Span, Span) {
    let mut tokens = written.to_token_stream().into_iter().map(|token| match token {
        TokenTree::Group(group) => (group.span_open(), group.span_close()),
        token => (token.span(), token.span()),
    });
    let (start, end) = tokens.next().unwrap_or_else(|| (Span::call_site(), Span::call_site()));
    let end = tokens.last().map_or(end, |(_, end)| end);
    (Span::call_site().located_at(start), Span::call_site().located_at(end))
}
