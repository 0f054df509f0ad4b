//! Whether the function, as it was read, can be a host function. Nothing stops at the first mistake.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{ConstParam, FnArg, GenericParam, PatType, Safety, Type, TypeParam, TypeReference};

use crate::{
    ast::{Answer, Argument, Field, HostFunction, has_body, serde_word},
    attr::Options,
    correct::{as_answered, is_connection, is_lent, is_value, is_wrapper, shared},
    mistakes::Mistakes,
    names::{is_import, is_permission, refused_namespace},
    signature::{self, as_it_should_look},
    types::{
        address_in, borrow_in, impl_in, last_segment, peel, result_of, short_borrow_in, spelling, two_nulls_in,
        unwritable_key_in,
    },
};

/// As many as `InjectAll` is implemented for.
const MOST_INJECTED: usize = 8;

/// Notes every mistake in what the function and its options say.
pub(crate) fn check(function: &HostFunction, mistakes: &mut Mistakes) {
    check_signature(function, mistakes);
    check_names(function, mistakes);
    check_request(function, mistakes);
    check_arguments(function, mistakes);
    check_answer(function, mistakes);
}

fn check_signature(function: &HostFunction, mistakes: &mut Mistakes) {
    let signature = &function.item.signature;
    let should = as_it_should_look(&function.item);
    let should = should.map_or_else(|| "a plain `fn`".to_owned(), |should| format!("`{should}`"));
    if let Some(word) = &signature.asyncness {
        mistakes.add(word, format!("it is `async`, and a guest waits for its answer; write {should}"));
    }
    if let Safety::Unsafe(word) = &signature.safety {
        mistakes
            .add(word, format!("it is `unsafe`, and no guest can be trusted to uphold its conditions; write {should}"));
    }
    if let Some(abi) = &signature.abi {
        mistakes.add(abi, format!("the macro makes what a guest calls; write {should}"));
    }
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => {
                mistakes.add(lifetime, format!("a call decides how long it lends; write {should}"));
            }
            GenericParam::Type(TypeParam { ident, .. }) if is_of_connection(ident, &signature.inputs) => {
                let advice = "a host has one type of connection; leave it out, and write `&mut DbConnection`";
                mistakes.add(parameter, advice);
            }
            GenericParam::Type(TypeParam { ident, .. }) | GenericParam::Const(ConstParam { ident, .. }) => {
                mistakes.add(parameter, format!("a guest cannot choose `{ident}`; write what it stands for"));
            }
        }
    }
    // Where it has parameters, the conditions go with them.
    if let Some(conditions) = signature.generics.where_clause.as_ref().filter(|_| signature.generics.params.is_empty())
    {
        mistakes.add(conditions, "it has no parameters to make conditions on; leave the `where` out");
    }
    if let Some(variadic) = &signature.variadic {
        mistakes.add(variadic, "a request has fields with names; write an argument for each, or one `Vec<T>`");
    }
    if !has_body(&function.item) {
        mistakes.add(&signature.ident, "it has no body; write one, in braces");
    }
}

/// Whether a type parameter stands for the connection: `db: &mut C`.
fn is_of_connection<'a>(parameter: &Ident, arguments: impl IntoIterator<Item = &'a FnArg>) -> bool {
    arguments.into_iter().any(|argument| {
        let FnArg::Typed(argument) = argument else { return false };
        let Type::Reference(reference) = peel(&argument.ty) else { return false };
        reference.mutability.is_some()
            && last_segment(&reference.elem).is_some_and(|segment| segment.ident == *parameter)
    })
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
                check_nulls(inner, mistakes);
                check_keys(inner, mistakes);
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
    if field.is_as_its_type() {
        check_nulls(ty, mistakes);
        check_keys(ty, mistakes);
    }
    for flatten in attributes.iter().filter_map(|attribute| serde_word(attribute, "flatten")) {
        mistakes.add(flatten, "serde cannot refuse unknown fields beside this; write `Json(request): Json<…>`");
    }
}

/// Each argument by itself, from the signature, where a type has its `&`, and one with a refused pattern counts too.
fn check_arguments(function: &HostFunction, mistakes: &mut Mistakes) {
    let (mut connections, mut injected) = (0, 0);
    for argument in &function.item.signature.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        let Type::Reference(reference) = peel(&argument.ty) else {
            check_value(argument, mistakes);
            continue;
        };
        if !check_reference(argument, reference, mistakes) {
            continue;
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
    }
}

/// An argument that is taken by value, which the guest sends.
fn check_value(argument: &PatType, mistakes: &mut Mistakes) {
    let (ty, should) = (&*argument.ty, signature::argument(argument));
    if is_connection(ty) {
        mistakes.add(ty, format!("a host lends its connection, and a guest has none to send; write `{should}`"));
    } else if let Some(inner) = shared(ty).filter(|inner| !is_value(inner)) {
        let inner = spelling(inner);
        mistakes.add(ty, format!("a host shares `{inner}` itself, and lends it to each call; write `{should}`"));
    } else {
        check_sent(ty, &should, mistakes);
    }
}

/// A type in which all that a guest sends must find a place.
fn check_sent(ty: &Type, should: &str, mistakes: &mut Mistakes) {
    if let Some(span) = borrow_in(ty) {
        mistakes.add_at(span, format!("what a guest sends cannot be borrowed; write `{should}`"));
    }
    check_type(ty, mistakes);
}

/// An argument that is borrowed, of what the host lends. Whether it is such a one, or should be written otherwise.
fn check_reference(argument: &PatType, reference: &TypeReference, mistakes: &mut Mistakes) -> bool {
    let (ty, referent, should) = (&*argument.ty, peel(&reference.elem), signature::argument(argument));
    let is_mutable = reference.mutability.is_some();
    if let Some(lifetime) = &reference.lifetime.as_ref().filter(|_| !is_value(referent)) {
        mistakes.add(lifetime, format!("a call decides how long it lends; write `{should}`"));
    }
    if is_value(referent) {
        mistakes.add(ty, format!("what a guest sends cannot be borrowed; write `{should}`"));
        return false;
    }
    if is_connection(referent) && !is_mutable {
        mistakes.add(ty, format!("a connection is lent to be used, which changes it; write `{should}`"));
        return false;
    }
    if is_lent(referent) && is_mutable {
        mistakes.add(ty, format!("the one `&mut` argument is the connection; write `{should}`"));
        return false;
    }
    if let Some(inner) = shared(referent) {
        let inner = spelling(inner);
        mistakes.add(ty, format!("a host shares `{inner}` itself; write `{should}`"));
        return false;
    }
    match referent {
        Type::ImplTrait(_) | Type::TraitObject(_) if is_mutable => {
            mistakes.add(ty, format!("a host has one type of connection; write `{should}`"));
        }
        Type::ImplTrait(_) | Type::TraitObject(_) => {
            let advice = "a host finds its state by the type; write a type that derives `HostState` and holds this";
            mistakes.add(ty, advice);
        }
        _ => {
            if let Some(span) = short_borrow_in(referent) {
                let advice = "a host finds its state by the type, which must borrow nothing; write a type that owns it";
                mistakes.add_at(span, advice);
            }
        }
    }
    true
}

fn check_answer(function: &HostFunction, mistakes: &mut Mistakes) {
    let (Answer::Plain(ty) | Answer::Result(ty)) = &function.answer else { return };
    let should = spelling(&as_answered(ty));
    if let Some(span) = short_borrow_in(ty) {
        mistakes.add_at(span, format!("the answer outlives what it would borrow; write `-> {should}`"));
    }
    let value = result_of(ty).map_or(ty, |(value, _)| value);
    match last_segment(value) {
        Some(segment) if segment.ident == "HostError" && matches!(function.answer, Answer::Plain(_)) => {
            mistakes.add(value, format!("an error is answered within a `Result`; write `-> {should}`"));
        }
        Some(segment) if segment.ident == "Json" => {
            mistakes.add(value, format!("every answer becomes JSON; write `-> {should}`"));
        }
        Some(segment) if is_wrapper(&segment.ident) => {
            let name = &segment.ident;
            mistakes.add(value, format!("the host puts every answer into a `{name}`; write `-> {should}`"));
        }
        _ => {}
    }
    check_type(ty, mistakes);
    check_keys(ty, mistakes);
}

/// What neither a guest can send nor be answered with.
fn check_type(ty: &Type, mistakes: &mut Mistakes) {
    check_no_impl(ty, mistakes);
    if let Some(span) = address_in(ty) {
        let advice = "an address of the host's is none of the guest's; write the value itself, such as `Vec<u8>`";
        mistakes.add_at(span, advice);
    }
}

/// What serde writes as JSON by itself, and JSON cannot tell.
fn check_keys(ty: &Type, mistakes: &mut Mistakes) {
    if let Some((key, value)) = unwritable_key_in(ty) {
        mistakes.add(
            key,
            format!(
                "JSON has texts for keys, and `{}` is none; write a list of pairs, `Vec<({}, {})>`",
                spelling(key),
                spelling(key),
                spelling(value)
            ),
        );
    }
}

fn check_nulls(ty: &Type, mistakes: &mut Mistakes) {
    if let Some((place, inner)) = two_nulls_in(ty) {
        mistakes.add(
            place,
            format!(
                "JSON has one `null`, and this has two meanings for it; write `Patch<{inner}>`, which tells what is \
                 absent, `null` or a value apart",
            ),
        );
    }
}

fn check_no_impl(ty: &Type, mistakes: &mut Mistakes) {
    if let Some(span) = impl_in(ty) {
        mistakes.add_at(span, "a guest must know the type; write it instead of `impl`");
    }
}
