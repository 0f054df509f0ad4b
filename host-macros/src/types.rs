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

/// The `T` and the `E` of a `Result<T, E>` that is written so.
pub(crate) fn result_of(ty: &Type) -> Option<(&Type, &Type)> {
    match last_segment(ty).filter(|segment| segment.ident == "Result").map(types_in)?[..] {
        [value, error] => Some((value, error)),
        _ => None,
    }
}

/// The types between the angle brackets of a path's segment.
pub(crate) fn types_in(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.flatten().collect()
}

/// Whether a type is one of Rust's own that everybody can send and be answered with, or a list or an option of such.
pub(crate) fn is_plain(ty: &Type) -> bool {
    let Type::Path(path) = peel(ty) else { return matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty()) };
    let Some(segment) = path.path.segments.last().filter(|_| path.path.segments.len() == 1) else { return false };
    let inner = types_in(segment);
    match segment.ident.to_string().as_str() {
        "Change" | "Option" | "Patch" | "Vec" => inner.len() == 1 && is_plain(inner[0]),
        name => {
            let names = [
                "String", "bool", "char", "f32", "f64", "i16", "i32", "i64", "i8", "isize", "u16", "u32", "u64", "u8",
                "usize",
            ];
            inner.is_empty() && names.contains(&name)
        }
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

/// Where in a type an address stands: a pointer, or a function.
pub(crate) fn address_in(ty: &Type) -> Option<Span> {
    find(ty, &|tokens| match tokens {
        [TokenTree::Punct(star), TokenTree::Ident(word), ..] if star.as_char() == '*' => {
            word == "const" || word == "mut"
        }
        [TokenTree::Ident(word), ..] => word == "fn",
        _ => false,
    })
}

/// Where in a type something may be `null` for two reasons, and what it may be otherwise.
pub(crate) fn two_nulls_in(ty: &Type) -> Option<(&Type, String)> {
    let may_be_null = |ty| last_segment(ty).filter(|name| name.ident == "Option" || name.ident == "Patch");
    let is_outer = |name: &&PathSegment| ["Change", "Option", "Patch"].iter().any(|outer| name.ident == outer);
    find_type(ty, &|ty| {
        let outer = last_segment(ty).filter(is_outer)?;
        let [inner] = types_in(outer)[..] else { return None };
        let within = may_be_null(inner).or_else(|| last_segment(inner).filter(|name| name.ident == "Change"))?;
        match types_in(within)[..] {
            [value] => Some((ty, spelling(value))),
            _ => None,
        }
    })
}

/// A map in a type whose keys cannot be keys of JSON: their type, and that of the values.
pub(crate) fn unwritable_key_in(ty: &Type) -> Option<(&Type, &Type)> {
    find_type(ty, &|ty| {
        let map = last_segment(ty).filter(|name| name.ident == "HashMap" || name.ident == "BTreeMap")?;
        let [key, value, ..] = types_in(map)[..] else { return None };
        let is_unwritable = match peel(key) {
            Type::Tuple(_) | Type::Array(_) | Type::Slice(_) => true,
            _ => last_segment(key)
                .is_some_and(|name| ["Option", "Vec", "f32", "f64"].iter().any(|wrong| name.ident == wrong)),
        };
        is_unwritable.then_some((key, value))
    })
}

/// The first type within a type of which something is found.
fn find_type<'a, T>(ty: &'a Type, wanted: &dyn Fn(&'a Type) -> Option<T>) -> Option<T> {
    let found = wanted(ty);
    if found.is_some() {
        return found;
    }
    match peel(ty) {
        Type::Tuple(tuple) => tuple.elems.iter().find_map(|ty| find_type(ty, wanted)),
        Type::Array(array) => find_type(&array.elem, wanted),
        Type::Reference(reference) => find_type(&reference.elem, wanted),
        ty => last_segment(ty).map(types_in)?.into_iter().find_map(|ty| find_type(ty, wanted)),
    }
}

/// A type, or what else it is, as it is written, for a message: its tokens alone would have a space around each.
pub(crate) fn spelling(written: &impl ToTokens) -> String {
    let mut spelling = String::new();
    spell(written.to_token_stream(), &mut spelling);
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
