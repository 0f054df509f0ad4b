//! What can be read from a type by its tokens alone; a macro sees no more of it.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The type without parentheses, and without the group in which a declarative macro hands it on.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        _ => ty,
    }
}

/// The last name in a path: `Json` of `hostfn::Json<T>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The `T` of a `Json<T>`.
pub(crate) fn json_of(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Json")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(inner)), 1) => Some(inner),
        _ => None,
    }
}

/// Where in a type something is borrowed: a reference, or a lifetime other than `'static`.
pub(crate) fn borrow_in(ty: &Type) -> Option<Span> {
    find(ty, &|tokens| is_reference(tokens) || is_short_lifetime(tokens))
}

/// The same for what lives shorter than the program: `&'static str` does not, and can be answered.
pub(crate) fn short_borrow_in(ty: &Type) -> Option<Span> {
    find(ty, &|tokens| is_short_lifetime(tokens) || is_reference(tokens) && !starts_static(&tokens[1..]))
}

/// Where in a type `impl` stands.
pub(crate) fn impl_in(ty: &Type) -> Option<Span> {
    find(ty, &|tokens| matches!(tokens, [TokenTree::Ident(word), ..] if word == "impl"))
}

/// A type as it is written, for a message: its tokens alone would have a space around each.
pub(crate) fn spelling(ty: &Type) -> String {
    let mut spelling = String::new();
    spell(ty.to_token_stream(), &mut spelling);
    spelling
}

fn spell(tokens: TokenStream, spelling: &mut String) {
    for token in tokens {
        // Only words need a space between them, and a comma one after it.
        let is_word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
        if spelling.ends_with(',') || is_word && spelling.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            spelling.push(' ');
        }
        match &token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                spelling.push_str(open);
                spell(group.stream(), spelling);
                spelling.push_str(close);
            }
            _ => spelling.push_str(&token.to_string()),
        }
    }
}

fn is_reference(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(and), ..] if and.as_char() == '&')
}

fn is_short_lifetime(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(quote), ..] if quote.as_char() == '\'') && !starts_static(tokens)
}

fn starts_static(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(quote), TokenTree::Ident(name), ..] if quote.as_char() == '\'' && name == "static")
}

/// The first place from which the tokens are as wanted.
fn find(ty: &Type, wanted: &dyn Fn(&[TokenTree]) -> bool) -> Option<Span> {
    find_in(ty.to_token_stream(), wanted)
}

fn find_in(tokens: TokenStream, wanted: &dyn Fn(&[TokenTree]) -> bool) -> Option<Span> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    (0..tokens.len()).find_map(|start| match &tokens[start] {
        // An expression, such as the length of an array, and no part of the type.
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => None,
        TokenTree::Group(group) => find_in(group.stream(), wanted),
        token => wanted(&tokens[start..]).then(|| token.span()),
    })
}
