use hostfn::functions::registry;
use serde_json::{Value, json};

use crate::{
    permissions::PERMISSIONS,
    seed::{ADA, HASH, RESET, SESSION, VERIFICATION},
};

/// A built-in function, as whoever grants permissions understands it.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    /// The one permission that it needs.
    pub(crate) needs: &'static str,
    /// Whether a call that succeeds changes what is stored.
    pub(crate) changes: bool,
    /// Whether it answers with a user, where there is one.
    pub(crate) answers_user: bool,
    /// A request that succeeds on what [`seed`](crate::seed::seed) makes.
    pub(crate) request: Value,
}

/// All of them, written by hand from what each should need, and not from what it says that it needs.
#[rustfmt::skip]
pub(crate) fn operations() -> Vec<Operation> {
    let of = |name, needs, changes, request| Operation { name, needs, changes, answers_user: false, request };
    let user = |name, needs, changes, request| Operation { answers_user: true, ..of(name, needs, changes, request) };
    let new = json!({"name": "Carol", "email": "carol@example.com", "password_hash": HASH});
    let lasting = json!({"user_uuid": ADA, "ttl_seconds": 3600});
    vec![
        of("db_test_connection", "db_test_connection", false, json!({})),
        user("db_create_user", "users:write", true, new),
        user("db_get_user_by_email", "users:read", false, json!({"email": "ada@EXAMPLE.com"})),
        user("db_get_user_by_uuid", "users:read", false, json!({"uuid": ADA})),
        user("db_update_user_password", "users:write", true, json!({"uuid": ADA, "password_hash": HASH})),
        user("db_update_user_email_verified", "users:write", true, json!({"uuid": ADA, "verified": true})),
        user("db_update_user_profile", "users:write", true, json!({"uuid": ADA, "bio": "Notes"})),
        of("db_create_session", "sessions:write", true, lasting.clone()),
        of("db_get_session", "sessions:read", false, json!({"id": SESSION})),
        of("db_delete_session", "sessions:write", true, json!({"id": SESSION})),
        of("db_delete_user_sessions", "sessions:write", true, json!({"user_uuid": ADA})),
        of("db_cleanup_expired_sessions", "sessions:write", true, json!({})),
        of("db_create_email_verification_token", "email_verification:write", true, lasting.clone()),
        of("db_get_email_verification_token", "email_verification:read", false, json!({"token": VERIFICATION})),
        of("db_delete_email_verification_token", "email_verification:write", true, json!({"token": VERIFICATION})),
        of("db_create_password_reset_token", "password_reset:write", true, lasting),
        of("db_get_password_reset_token", "password_reset:read", false, json!({"token": RESET})),
        of("db_delete_password_reset_token", "password_reset:write", true, json!({"token": RESET})),
        of("db_delete_user_password_reset_tokens", "password_reset:write", true, json!({"user_uuid": ADA})),
        of("hash_password", "credentials:verify", false, json!({"password": "correct horse"})),
        of("verify_password", "credentials:verify", false, json!({"user_uuid": ADA, "password": "correct horse"})),
    ]
}

/// The table has every function of the registry and what it needs, and nothing else.
pub(crate) fn the_table_is_whole() {
    let registry = registry();
    let mut declared: Vec<_> =
        registry.functions().iter().map(|function| (function.name(), function.permission())).collect();
    let mut expected: Vec<_> = operations().iter().map(|operation| (operation.name, operation.needs)).collect();
    declared.sort_unstable();
    expected.sort_unstable();
    assert_eq!(
        declared, expected,
        "the table in tests/security/operations.rs is the review of what each function needs"
    );
    assert_eq!(expected.len(), 21, "a function is new, or gone: count them by hand");
    for (_, needs) in expected {
        assert!(PERMISSIONS.contains(&needs), "`{needs}` is in no row of tests/security/permissions.rs");
    }
}
