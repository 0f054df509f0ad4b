//! The host's records, with the fields that this plugin uses. Fields that it does not know are ignored, so that the host
//! can add some.

use serde::{Deserialize, Serialize};

/// A user. `password_hash` is left out on purpose: what is not read cannot be answered by mistake.
#[derive(Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) uuid: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) avatar: Option<String>,
    pub(crate) bio: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// A session; its `id` is a secret.
#[derive(Deserialize)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_uuid: String,
    pub(crate) expires_at: String,
}

/// An e-mail verification token or a password reset token.
#[derive(Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) user_uuid: String,
}

/// How many records a delete removed.
#[derive(Deserialize)]
pub(crate) struct Deleted {
    pub(crate) deleted: u32,
}

/// Whether a password is the user's.
#[derive(Deserialize)]
pub(crate) struct PasswordMatch {
    pub(crate) matches: bool,
}
