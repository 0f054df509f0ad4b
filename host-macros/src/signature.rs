//! How a function should look: what an error shows beside what is wrong.

use quote::ToTokens;
use syn::{FnArg, Pat, PatType, ReturnType, Type};

use crate::{
    ast::Item,
    correct::{as_answered, as_argument},
    types::spelling,
};

/// A signature longer than this is not read, but skipped.
const LONGEST: usize = 110;

/// The signature with all that a host function cannot have left out, and types that it can have in place of others.
///
/// Nothing where that is not known, or too long to be shown within a sentence.
pub(crate) fn as_it_should_look(item: &Item) -> Option<String> {
    let signature = &item.signature;
    let arguments: Option<Vec<_>> = signature
        .inputs
        .iter()
        .filter_map(|argument| match argument {
            FnArg::Receiver(_) => None,
            FnArg::Typed(argument) => Some(name_of(&argument.pat).map(|name| written(&name, &argument.ty))),
        })
        .collect();
    if !signature.generics.params.iter().all(|parameter| matches!(parameter, syn::GenericParam::Lifetime(_))) {
        return None;
    }
    let answer = match &signature.output {
        ReturnType::Default => String::new(),
        ReturnType::Type(_, ty) => format!(" -> {}", spelling(&as_answered(ty))),
    };
    let signature = format!("fn {}({}){answer}", signature.ident, arguments?.join(", "));
    (signature.len() <= LONGEST).then_some(signature)
}

/// An argument as it should look, of its name and the type that it has.
pub(crate) fn argument(argument: &PatType) -> String {
    written(&name_of(&argument.pat).unwrap_or_else(|| "name".to_owned()), &argument.ty)
}

fn written(name: &str, ty: &Type) -> String {
    format!("{name}: {}", spelling(&as_argument(ty)))
}

/// A plain name, or `Json(name)`.
fn name_of(pattern: &Pat) -> Option<String> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            let mutable = if name.mutability.is_some() { "mut " } else { "" };
            Some(format!("{mutable}{}", name.ident))
        }
        Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => {
            Some(pattern.to_token_stream().to_string().replace(' ', ""))
        }
        _ => None,
    }
}
