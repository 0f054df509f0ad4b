//! The mutations: for each host function one mistake that somebody could make, and that a test must notice.
//!
//! How to write an entry:
//!
//! 1. Choose what the operation is *for* (whom it may touch, what expires, what is single), and break that. A mistake
//!    that fails on every call, such as a wrong table, says little about the tests; one that fails rarely says much.
//! 2. `find` is a piece of the file, copied as it stands, line breaks and indentation included. It must occur exactly
//!    once: take in as much of the line as it needs, or the line above.
//! 3. `replace` must compile, without a warning that is an error. Hence `.ge` for `.gt` rather than a line left out,
//!    which leaves an unused variable.
//! 4. `what` is the mistake as a reviewer would put it; it is printed beside the outcome.
//! 5. `cargo xtask mutants --only db_get_session` tries that one.
//!
//! ```text
//! Mutation {
//!     operation: "db_get_session",
//!     what: "a session is found in the moment in which it expires",
//!     file: "host-functions/src/sessions.rs",
//!     find: "sessions::expires_at.gt(clock.now())",
//!     replace: "sessions::expires_at.ge(clock.now())",
//! },
//! ```

use super::Mutation;

/// The built-in operations. Each needs a mutation.
pub static OPERATIONS: &[&str] = &[
    "db_cleanup_expired_sessions",
    "db_create_email_verification_token",
    "db_create_password_reset_token",
    "db_create_session",
    "db_create_user",
    "db_delete_email_verification_token",
    "db_delete_password_reset_token",
    "db_delete_session",
    "db_delete_user_password_reset_tokens",
    "db_delete_user_sessions",
    "db_get_email_verification_token",
    "db_get_password_reset_token",
    "db_get_session",
    "db_get_user_by_email",
    "db_get_user_by_uuid",
    "db_update_user_email_verified",
    "db_update_user_password",
    "db_update_user_profile",
];

/// One mutation an operation, in the order of [`OPERATIONS`].
pub static MUTATIONS: &[Mutation] = &[
    Mutation {
        operation: "db_cleanup_expired_sessions",
        what: "a session that expires this moment is left",
        file: "host-functions/src/sessions.rs",
        find: "sessions::expires_at.le(clock.now())",
        replace: "sessions::expires_at.lt(clock.now())",
    },
    Mutation {
        operation: "db_create_email_verification_token",
        what: "two tokens that begin alike are the same",
        file: "host-functions/src/email_verification.rs",
        find: "email_verification_tokens::token_sha256.eq(token.sha256())",
        replace: "email_verification_tokens::token_sha256.eq(vec![token.sha256()[0]; 32])",
    },
    Mutation {
        operation: "db_create_password_reset_token",
        what: "the token that the guest brings is ignored",
        file: "host-functions/src/password_reset.rs",
        find: "token.unwrap_or_else(|| Token::random(entropy))",
        replace: "token.map_or_else(|| Token::random(entropy), |_| Token::random(entropy))",
    },
    Mutation {
        operation: "db_create_session",
        what: "a session never expires",
        file: "host-functions/src/sessions.rs",
        find: "sessions::expires_at.eq(expires_at),",
        replace: "sessions::expires_at.eq(expires_at.plus_seconds(u32::MAX)),",
    },
    Mutation {
        operation: "db_create_user",
        what: "e-mail addresses are unique in one spelling only",
        file: "host-functions/src/users.rs",
        find: "email_key: request.email.key(),",
        replace: "email_key: request.email.as_str().to_owned(),",
    },
    Mutation {
        operation: "db_delete_email_verification_token",
        what: "a token that is not there counts as deleted",
        file: "host-functions/src/email_verification.rs",
        find: "    Ok(deleted?.into())",
        replace: "    Ok(deleted?.max(1).into())",
    },
    Mutation {
        operation: "db_delete_password_reset_token",
        what: "deleting one token deletes all",
        file: "host-functions/src/password_reset.rs",
        find: "diesel::delete(password_reset_tokens::table.find(token.sha256()))",
        replace: "diesel::delete(password_reset_tokens::table.filter(password_reset_tokens::token_sha256.ne(vec![0; token.sha256().len()])))",
    },
    Mutation {
        operation: "db_delete_session",
        what: "every other session is ended",
        file: "host-functions/src/sessions.rs",
        find: "diesel::delete(sessions::table.find(id.sha256()))",
        replace: "diesel::delete(sessions::table.filter(sessions::id_sha256.ne(id.sha256())))",
    },
    Mutation {
        operation: "db_delete_user_password_reset_tokens",
        what: "the tokens of other users are deleted",
        file: "host-functions/src/password_reset.rs",
        find: "password_reset_tokens::user_uuid.eq(user_uuid)))",
        replace: "password_reset_tokens::user_uuid.ne(user_uuid)))",
    },
    Mutation {
        operation: "db_delete_user_sessions",
        what: "the sessions of other users are ended",
        file: "host-functions/src/sessions.rs",
        find: "diesel::delete(sessions::table.filter(sessions::user_uuid.eq(user_uuid)))",
        replace: "diesel::delete(sessions::table.filter(sessions::user_uuid.ne(user_uuid)))",
    },
    Mutation {
        operation: "db_get_email_verification_token",
        what: "a token is found in the moment in which it expires",
        file: "host-functions/src/email_verification.rs",
        find: "email_verification_tokens::expires_at.gt(clock.now())",
        replace: "email_verification_tokens::expires_at.ge(clock.now())",
    },
    Mutation {
        operation: "db_get_password_reset_token",
        what: "a token is found in the moment in which it expires",
        file: "host-functions/src/password_reset.rs",
        find: "password_reset_tokens::expires_at.gt(clock.now())",
        replace: "password_reset_tokens::expires_at.ge(clock.now())",
    },
    Mutation {
        operation: "db_get_session",
        what: "a session is found in the moment in which it expires",
        file: "host-functions/src/sessions.rs",
        find: "sessions::expires_at.gt(clock.now())",
        replace: "sessions::expires_at.ge(clock.now())",
    },
    Mutation {
        operation: "db_get_user_by_email",
        what: "an address is found only as it was written",
        file: "host-functions/src/users.rs",
        find: "users::table.filter(users::email_key.eq(email.key()))",
        replace: "users::table.filter(users::email.eq(email.as_str()))",
    },
    Mutation {
        operation: "db_get_user_by_uuid",
        what: "the wrong user is found",
        file: "host-functions/src/users.rs",
        find: "    let found =\n        on_backend!(db, |connection| users::table.find(uuid)",
        replace: "    let found =\n        on_backend!(db, |connection| users::table.filter(users::uuid.ne(uuid))",
    },
    Mutation {
        operation: "db_update_user_email_verified",
        what: "an address cannot be unverified",
        file: "host-functions/src/users.rs",
        find: "users::email_verified.eq(verified), ",
        replace: "users::email_verified.eq(verified || !verified), ",
    },
    Mutation {
        operation: "db_update_user_password",
        what: "the time of the change is wrong by a second",
        file: "host-functions/src/users.rs",
        find: "users::password_hash.eq(password_hash.expose()), users::updated_at.eq(clock.now())",
        replace: "users::password_hash.eq(password_hash.expose()), users::updated_at.eq(clock.now().plus_seconds(1))",
    },
    Mutation {
        operation: "db_update_user_profile",
        what: "the bio is not stored",
        file: "host-functions/src/users.rs",
        find: "bio: request.bio.into_column().map(|bio| bio.map(Bio::into_string)),",
        replace: "bio: request.bio.into_column().and(None),",
    },
];
