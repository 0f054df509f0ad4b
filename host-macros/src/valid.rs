//! Whether the function, as it was read, can be a host function. Nothing stops at the first mistake.

use proc_macro2::{Delimiter, TokenTree};
use quote::ToTokens;
use syn::{ConstParam, FnArg, GenericParam, Safety, Type, TypeParam};

use crate::{
    ast::{Answer, Argument, Field, HostFunction, serde_word},
    attr::Options,
    mistakes::Mistakes,
    names::{is_import, is_permission, refused_namespace},
    types::{borrow_in, impl_in, last_segment, peel, short_borrow_in, spelling},
};

/// As many as `InjectAll` is implemented for.
const MOST_INJECTED: usize = 8;

/// Types of values: the guest sends one, the host has none to lend.
const VALUES: &[&str] = &[
    "BTreeMap", "BTreeSet", "Box", "Change", "HashMap", "HashSet", "Json", "Option", "Patch", "String", "Vec", "bool",
    "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128", "u16", "u32", "u64", "u8", "usize",
];

/// Notes every mistake in what the function and its options say.
pub(crate) fn check(function: &HostFunction, mistakes: &mut Mistakes) {
    check_signature(function, mistakes);
    check_names(function, mistakes);
    check_request(function, mistakes);
    check_borrowed(function, mistakes);
    check_answer(&function.answer, mistakes);
}

fn check_signature(function: &HostFunction, mistakes: &mut Mistakes) {
    let signature = &function.item.signature;
    if let Some(word) = &signature.asyncness {
        mistakes.add(word, "it is `async`, and a guest waits for its answer; write a plain `fn`");
    }
    if let Safety::Unsafe(word) = &signature.safety {
        mistakes.add(word, "it is `unsafe`, and no guest can be trusted to uphold its conditions; write a safe `fn`");
    }
    if let Some(abi) = &signature.abi {
        mistakes.add(abi, "the macro makes what a guest calls; write a plain `fn`");
    }
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => {
                mistakes.add(lifetime, "a call decides how long it lends; leave the lifetime out");
            }
            GenericParam::Type(TypeParam { ident, .. }) | GenericParam::Const(ConstParam { ident, .. }) => {
                mistakes.add(parameter, format!("a guest cannot choose `{ident}`; write what it stands for"));
            }
        }
    }
    if let Some(conditions) = &signature.generics.where_clause {
        mistakes.add(conditions, "it has no parameters to make conditions on; leave the `where` out");
    }
    if let Some(variadic) = &signature.variadic {
        mistakes.add(variadic, "a request has fields with names; write an argument for each, or one `Vec<T>`");
    }
    let body = function.item.body.clone().into_iter().next();
    if !matches!(body, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace) {
        mistakes.add(&signature.ident, "it has no body; write one, in braces");
    }
}

fn check_names(function: &HostFunction, mistakes: &mut Mistakes) {
    let Options { name: written, namespace, permission, deprecated, .. } = &function.options;
    let name = function.name();
    let place_of_name: &dyn ToTokens = match written {
        Some(written) => written,
        None => &function.item.signature.ident,
    };
    if !is_import(&name) {
        mistakes.add(
            place_of_name,
            format!(
                "a guest cannot import `{name}`: a name has ASCII letters, digits, `_` and `$`, and no digit first; \
                 write `name = \"db_get_user\"`, for instance"
            ),
        );
    }
    if let Some(namespace) = namespace
        && let Some(reason) = refused_namespace(&namespace.value())
    {
        mistakes.add(
            namespace,
            format!("this namespace cannot be had: {reason}; write another, or leave it out for `extism:host/user`"),
        );
    }
    let form = "a permission has parts set off by colons, each of lower-case letters, digits and `_` after a letter";
    match permission {
        Some(permission) if !is_permission(&permission.value()) => {
            mistakes.add(permission, format!("{form}; write `permission = \"users:read\"`, for instance"));
        }
        // What no guest can import was told of above.
        None if is_import(&name) && !is_permission(&name) => mistakes.add(
            place_of_name,
            format!("its permission would be `{name}`, but {form}; write `permission = \"users:read\"`, for instance"),
        ),
        _ => {}
    }
    if let Some(deprecated) = deprecated.as_ref().filter(|deprecated| deprecated.value().trim().is_empty()) {
        mistakes.add(
            deprecated,
            "a plugin author must know what to use instead; write `deprecated = \"call db_get_user_by_uuid\"`",
        );
    }
}

/// What the guest sends is fields, or one `Json`.
fn check_request(function: &HostFunction, mistakes: &mut Mistakes) {
    let mut whole = None;
    for argument in &function.arguments {
        match argument {
            Argument::Field(field) => check_field(field, mistakes),
            Argument::Request { argument, inner } => {
                check_sent(inner, mistakes);
                if whole.replace(argument).is_some() {
                    let advice = "`Json` takes the whole request, which is one; write one type with the fields of both";
                    mistakes.add(argument, advice);
                }
            }
            Argument::Connection(_) | Argument::Injected(_) => {}
        }
    }
    if let Some(argument) = whole
        && let Some(Field { name, .. }) = function.fields().next()
    {
        mistakes.add(
            argument,
            format!(
                "`Json` takes the whole request, and `{name}` is a field beside it; move `{name}` into the type, or \
                 write an argument for each field"
            ),
        );
    }
}

fn check_field(field: &Field, mistakes: &mut Mistakes) {
    let Field { attributes, name, ty } = field;
    if name.to_string().starts_with('_') {
        mistakes.add(name, format!("a guest would have to send `{name}`; write it without the `_`, or leave it out"));
    }
    check_sent(ty, mistakes);
    for flatten in attributes.iter().filter_map(|attribute| serde_word(attribute, "flatten")) {
        mistakes.add(flatten, "serde cannot refuse unknown fields beside this; write `Json(request): Json<…>`");
    }
}

fn check_sent(ty: &Type, mistakes: &mut Mistakes) {
    if let Some(span) = borrow_in(ty) {
        mistakes.add_at(span, "what a guest sends cannot be borrowed; write a type that owns it, such as `String`");
    }
    check_no_impl(ty, mistakes);
}

/// What the host lends: a connection, and state.
fn check_borrowed(function: &HostFunction, mistakes: &mut Mistakes) {
    let mut connections = 0;
    let mut injected = 0;
    // From the signature, where a type has its `&`, and where one with a refused pattern counts too.
    for argument in &function.item.signature.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let Type::Reference(reference) = peel(&argument.ty) else { continue };
        if let Some(lifetime) = &reference.lifetime {
            mistakes.add(lifetime, "a call decides how long it lends; leave the lifetime out");
        }
        if reference.mutability.is_some() {
            connections += 1;
            if connections == 2 {
                mistakes.add(
                    &argument.ty,
                    "a host function takes one connection; write `&T` for anything else that it borrows",
                );
            }
        } else {
            injected += 1;
            if injected == MOST_INJECTED + 1 {
                mistakes.add(
                    &argument.ty,
                    "it borrows more than eight values; put some of them into one type of host state",
                );
            }
        }
        check_referent(&argument.ty, peel(&reference.elem), mistakes);
    }
}

/// What stands behind a reference must have a type that the host can look up.
fn check_referent(reference: &Type, referent: &Type, mistakes: &mut Mistakes) {
    let owned = match referent {
        Type::Slice(slice) => Some(format!("Vec<{}>", spelling(&slice.elem))),
        Type::ImplTrait(_) => return check_no_impl(referent, mistakes),
        Type::TraitObject(_) => {
            let advice = "a host finds its state by the type; write a type that derives `HostState` and holds this";
            return mistakes.add(reference, advice);
        }
        _ => match last_segment(referent) {
            Some(segment) if segment.ident == "str" => Some("String".to_owned()),
            Some(segment) if VALUES.iter().any(|value| segment.ident == value) => Some(spelling(referent)),
            _ => None,
        },
    };
    if let Some(owned) = owned {
        mistakes.add(reference, format!("what a guest sends cannot be borrowed; write `{owned}`"));
    } else if let Some(span) = short_borrow_in(referent) {
        mistakes
            .add_at(span, "a host finds its state by the type, which must borrow nothing; write a type that owns it");
    }
}

fn check_answer(answer: &Answer, mistakes: &mut Mistakes) {
    let (Answer::Plain(ty) | Answer::Result(ty)) = answer else { return };
    if let Some(span) = short_borrow_in(ty) {
        mistakes.add_at(span, "the answer outlives what it would borrow; write a type that owns it, such as `String`");
    }
    check_no_impl(ty, mistakes);
}

fn check_no_impl(ty: &Type, mistakes: &mut Mistakes) {
    if let Some(span) = impl_in(ty) {
        mistakes.add_at(span, "a guest must know the type; write it instead of `impl`");
    }
}
