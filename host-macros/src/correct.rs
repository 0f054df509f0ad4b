//! Types as they should have been written, where that can be known from the tokens: what errors show.

use syn::{GenericArgument, PathArguments, Type, TypePath, TypeReference, parse_quote};

use crate::types::{last_segment, peel, short_borrow_in, types_in};

/// Types of values: the guest sends one, the host has none to lend.
const VALUES: &[&str] = &[
    "BTreeMap", "BTreeSet", "Box", "Change", "Cow", "HashMap", "HashSet", "Json", "Option", "Patch", "String", "Vec",
    "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128", "u16", "u32", "u64", "u8",
    "usize",
];

/// Connections of ours and of diesel's.
const CONNECTIONS: &[&str] = &["DbConnection", "MysqlConnection", "NoConnection", "PgConnection", "SqliteConnection"];

/// What every host lends.
const LENT: &[&str] = &["Caller", "Clock", "Entropy"];

/// Types that share what they hold, which the host does.
const SHARED: &[&str] = &["Arc", "Rc"];

/// Whether the type is of this name and has nothing in angle brackets.
fn is_named(ty: &Type, names: &[&str]) -> bool {
    last_segment(ty)
        .is_some_and(|segment| segment.arguments.is_empty() && names.iter().any(|name| segment.ident == name))
}

/// A type that a guest sends, and no host lends.
pub(crate) fn is_value(ty: &Type) -> bool {
    let is_named = last_segment(ty).is_some_and(|segment| VALUES.iter().any(|name| segment.ident == name));
    is_named || matches!(peel(ty), Type::Slice(_) | Type::Tuple(_) | Type::Array(_))
}

pub(crate) fn is_connection(ty: &Type) -> bool {
    is_named(ty, CONNECTIONS)
}

pub(crate) fn is_lent(ty: &Type) -> bool {
    is_named(ty, LENT)
}

/// The `T` of an `Arc<T>`.
pub(crate) fn shared(ty: &Type) -> Option<&Type> {
    let segment = last_segment(ty).filter(|segment| SHARED.iter().any(|name| segment.ident == name))?;
    match types_in(segment)[..] {
        [inner] => Some(inner),
        _ => None,
    }
}

/// An argument's type as it should be written, which it is already where nothing is wrong with it.
pub(crate) fn as_argument(ty: &Type) -> Type {
    match peel(ty) {
        Type::Reference(TypeReference { elem, mutability, .. }) => match peel(elem) {
            elem if is_value(elem) => owned(ty),
            elem if is_connection(elem) => parse_quote!(&mut #elem),
            Type::ImplTrait(_) | Type::TraitObject(_) if mutability.is_some() => parse_quote!(&mut DbConnection),
            elem if mutability.is_some() && is_lent(elem) => parse_quote!(&#elem),
            elem => match shared(elem) {
                Some(inner) => lent(inner),
                None => parse_quote!(& #mutability #elem),
            },
        },
        ty if is_connection(ty) => parse_quote!(&mut #ty),
        ty => match shared(ty) {
            Some(inner) => lent(inner),
            None => owned(ty),
        },
    }
}

/// What an `Arc<T>` or its like is as an argument: a guest sends text, and the host lends the rest.
fn lent(inner: &Type) -> Type {
    if is_value(inner) { owned(&parse_quote!(&#inner)) } else { parse_quote!(&#inner) }
}

/// An answer's type as it should be written.
pub(crate) fn as_answered(ty: &Type) -> Type {
    if is_named(ty, &["HostError"]) {
        return parse_quote!(Result<(), #ty>);
    }
    let mut ty = match last_segment(ty).filter(|segment| is_wrapper(&segment.ident)).map(types_in) {
        Some(inner) if inner.len() == 1 => inner[0].clone(),
        _ => ty.clone(),
    };
    if let Type::Path(path) = &mut ty
        && path.path.segments.last().is_some_and(|segment| segment.ident.to_string().ends_with("Result"))
        && let Some(value) = types_of(path).into_iter().next()
    {
        *value = as_answered(value);
        return ty;
    }
    if short_borrow_in(&ty).is_some() { owned(&ty) } else { ty }
}

/// Whether the answer is put into this by the host itself.
pub(crate) fn is_wrapper(name: &syn::Ident) -> bool {
    name == "Json" || name == "HostResponse"
}

/// A type that owns what this one borrows.
pub(crate) fn owned(ty: &Type) -> Type {
    match ty {
        Type::Group(group) => owned(&group.elem),
        Type::Paren(paren) => owned(&paren.elem),
        Type::Reference(reference) => match peel(&reference.elem) {
            Type::Slice(slice) => {
                let elem = owned(&slice.elem);
                parse_quote!(Vec<#elem>)
            }
            elem if is_named(elem, &["str"]) => parse_quote!(String),
            elem if is_named(elem, &["Path"]) => parse_quote!(PathBuf),
            elem => owned(elem),
        },
        Type::Slice(slice) => {
            let elem = owned(&slice.elem);
            parse_quote!(Vec<#elem>)
        }
        Type::Tuple(tuple) => {
            let mut tuple = tuple.clone();
            tuple.elems.iter_mut().for_each(|elem| *elem = owned(elem));
            Type::Tuple(tuple)
        }
        Type::Array(array) => {
            let mut array = array.clone();
            *array.elem = owned(&array.elem);
            Type::Array(array)
        }
        Type::Path(path) => {
            if short_borrow_in(ty).is_some()
                && let Some(segment) = last_segment(ty).filter(|segment| segment.ident == "Cow")
                && let [inner] = types_in(segment)[..]
                && is_named(inner, &["str"])
            {
                return parse_quote!(String);
            }
            let mut path = path.clone();
            types_of(&mut path).into_iter().for_each(|inner| *inner = owned(inner));
            Type::Path(path)
        }
        _ => ty.clone(),
    }
}

fn types_of(path: &mut TypePath) -> Vec<&mut Type> {
    let Some(segment) = path.path.segments.last_mut() else { return Vec::new() };
    let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { return Vec::new() };
    let types = arguments.args.iter_mut().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
