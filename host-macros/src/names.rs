//! What names may look like, and which errors there are. They are part of the contract with guests.

/// The domain errors as they are written, with their variants.
pub(crate) const DOMAIN_ERRORS: [(&str, &str); 2] = [("not_found", "NotFound"), ("conflict", "Conflict")];

/// The codes that any function may answer. A test compares them with those of the contract.
pub(crate) const OTHER_ERRORS: [&str; 6] =
    ["invalid_request", "permission_denied", "limit_exceeded", "unavailable", "deadline_exceeded", "internal"];

/// Whether a guest can import a function by this name: the rule of XTP schemas, which is that of
/// identifiers in the languages that bindings are written for.
pub(crate) fn is_import(name: &str) -> bool {
    let may_start = |first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$');
    name.starts_with(may_start) && name.chars().all(|c| may_start(c) || c.is_ascii_digit())
}

/// Whether this can name a permission.
///
/// It is the rule of `hostfn_contract::is_permission`, which a macro crate does not depend on: every
/// build would compile the contract twice, for the macro and for the program. A test compares them.
pub(crate) fn is_permission(name: &str) -> bool {
    name.split(':').all(|part| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

/// Why a namespace cannot be had, if it cannot.
pub(crate) fn refused_namespace(namespace: &str) -> Option<&'static str> {
    match namespace {
        "" => Some("it is empty"),
        "extism:host/env" => Some("that is Extism's own kernel"),
        _ if namespace.starts_with("wasi") => Some("those that start with `wasi` are the system interface's own"),
        _ if namespace.contains(|c: char| c.is_whitespace() || c.is_control()) => Some("it has a space in it"),
        _ => None,
    }
}

/// `db_create_user` as a type: `DbCreateUser`.
pub(crate) fn in_pascal_case(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts
        .flat_map(|part| part.chars().take(1).map(|first| first.to_ascii_uppercase()).chain(part.chars().skip(1)))
        .collect()
}
