//! What can be granted, and what it grants, written by hand: the matrix is not computed by what it tests.

/// Every permission of the built-in functions. The last is needed by none, and lets a caller see more.
pub(crate) const PERMISSIONS: [&str; 11] = [
    "db_test_connection",
    "users:read",
    "users:write",
    "sessions:read",
    "sessions:write",
    "email_verification:read",
    "email_verification:write",
    "password_reset:read",
    "password_reset:write",
    "credentials:verify",
    "credentials:read",
];

/// What a wildcard grants.
const WILDCARDS: [(&str, &[&str]); 6] = [
    ("users:*", &["users:read", "users:write"]),
    ("sessions:*", &["sessions:read", "sessions:write"]),
    ("email_verification:*", &["email_verification:read", "email_verification:write"]),
    ("password_reset:*", &["password_reset:read", "password_reset:write"]),
    ("credentials:*", &["credentials:verify", "credentials:read"]),
    ("*", &PERMISSIONS),
];

/// What a plugin is loaded with, and which permissions that is.
pub(crate) struct Granted {
    pub(crate) grants: Vec<String>,
    pub(crate) permissions: Vec<&'static str>,
}

/// None, each alone, each wildcard, all but each, and what looks like each and is another.
pub(crate) fn all() -> Vec<Granted> {
    let mut all = vec![Granted { grants: Vec::new(), permissions: Vec::new() }];
    all.extend(PERMISSIONS.map(|name| Granted { grants: vec![name.to_owned()], permissions: vec![name] }));
    all.extend(
        WILDCARDS.map(|(name, covered)| Granted { grants: vec![name.to_owned()], permissions: covered.to_vec() }),
    );
    all.extend(PERMISSIONS.map(|left_out| {
        let others: Vec<_> = PERMISSIONS.into_iter().filter(|name| *name != left_out).collect();
        Granted { grants: others.iter().map(|name| (*name).to_owned()).collect(), permissions: others }
    }));
    let similar = PERMISSIONS.iter().flat_map(|name| near_misses(name));
    all.extend(similar.map(|name| Granted { grants: vec![name], permissions: Vec::new() }));
    all
}

/// Names that begin as a permission does, or that it begins as, and grant nothing that there is.
fn near_misses(name: &str) -> Vec<String> {
    let shortened = &name[..name.len() - 1];
    let mut names =
        vec![shortened.to_owned(), format!("{name}s"), format!("{name}:own"), format!("{name}:*"), format!("x{name}")];
    if let Some((above, below)) = name.split_once(':') {
        names.extend([above.to_owned(), below.to_owned(), format!("{above}_{below}"), format!("{above}_own:*")]);
        names.push(format!("{}:*", &above[..above.len() - 1]));
    }
    names
}
