//! What an export answers instead of its output.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// A failure, as the caller of an export sees it. The host's errors have the same three fields and pass through as they
/// are; their `call_id` stays behind, since it is for the host's log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// What programs decide by. The functions below are all the codes that are not the host's.
    code: Cow<'static, str>,
    /// What people read.
    message: Cow<'static, str>,
    /// The field of the input that is to blame, if it is one.
    field: Option<String>,
}

impl Failure {
    /// The input is not the JSON object that the export takes.
    pub(crate) fn invalid_input(message: String, field: Option<String>) -> Self {
        Self { code: "invalid_input".into(), message: message.into(), field }
    }

    /// Nobody has this e-mail address, or the password is not theirs.
    pub(crate) fn invalid_credentials() -> Self {
        Self::new("invalid_credentials", "the e-mail address or the password is wrong", None)
    }

    /// The password is right, but nobody has shown yet that the e-mail address is theirs.
    pub(crate) fn email_not_verified() -> Self {
        Self::new("email_not_verified", "the e-mail address has not been verified yet", None)
    }

    /// There is no such session, or no longer.
    pub(crate) fn invalid_session() -> Self {
        Self::new("invalid_session", "the session is over; sign in again", Some("session_id"))
    }

    /// There is no such token, or no longer.
    pub(crate) fn invalid_token() -> Self {
        Self::new("invalid_token", "the token is unknown, used or expired; ask for a new one", Some("token"))
    }

    /// The host answered what a host of this contract does not answer. The text of the JSON error stays out of it,
    /// because it quotes what it stumbled on, and that may be a secret.
    pub(crate) fn unexpected_answer() -> Self {
        Self::new("internal", "the host's answer is not what this plugin was built for", None)
    }

    fn new(code: &'static str, message: &'static str, field: Option<&str>) -> Self {
        Self { code: code.into(), message: message.into(), field: field.map(str::to_owned) }
    }
}

/// The JSON that becomes Extism's error: the PDK takes the error's text.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl std::error::Error for Failure {}
