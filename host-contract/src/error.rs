use std::{borrow::Cow, error::Error, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The closed list of codes that a guest can be answered with.
///
/// New codes are never added to a released contract without a new version of it; a guest should
/// nevertheless treat a code that it does not know as [`Internal`](Self::Internal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(
    description = "What kind of error it is. Treat a code that you do not know, of a host that is newer, as `internal`."
)]
pub enum ErrorCode {
    /// The request is not what the function takes: correct it and call again.
    InvalidRequest,
    /// The record that the request names does not exist.
    NotFound,
    /// The request contradicts what is stored, for instance an e-mail address that is taken.
    Conflict,
    /// The plugin was not granted the permission that the function needs.
    PermissionDenied,
    /// A limit of the host was passed: a request or a response is too large.
    LimitExceeded,
    /// The database cannot be used right now: call again later.
    Unavailable,
    /// The call's time was over before it was done. Nothing was changed.
    DeadlineExceeded,
    /// Something broke in the host. Its log has the detail under the call's id.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the contract.
    pub const ALL: [Self; 8] = [
        Self::InvalidRequest,
        Self::NotFound,
        Self::Conflict,
        Self::PermissionDenied,
        Self::LimitExceeded,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::Internal,
    ];

    /// Whether it is a domain error: one that a function answers for reasons of its own, and
    /// declares. The others any function may answer.
    pub const fn is_domain(self) -> bool {
        matches!(self, Self::NotFound | Self::Conflict)
    }

    /// The code as it stands on the wire.
    ///
    /// ```
    /// # use hostfn_contract::ErrorCode;
    /// assert_eq!(ErrorCode::NotFound.as_str(), "not_found");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::PermissionDenied => "permission_denied",
            Self::LimitExceeded => "limit_exceeded",
            Self::Unavailable => "unavailable",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a host function did not do what it was asked.
///
/// It holds two messages. `message` and `field` go to the guest: they are for the plugin's author
/// and must not contain SQL, names of tables, paths, or another user's values. The
/// [source](HostError::because) goes to the host's log only.
///
/// ```
/// # use hostfn_contract::{ErrorCode, HostError};
/// let error = HostError::conflict("that e-mail address is taken").in_field("email");
/// assert_eq!(error.code(), ErrorCode::Conflict);
/// assert_eq!(error.to_string(), "conflict: that e-mail address is taken (field `email`)");
/// ```
#[derive(Debug)]
pub struct HostError {
    // Boxed, so that a `Result` with it stays as small as the value that it usually holds.
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    message: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl HostError {
    /// An error with a code and a message for the plugin's author.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { inner: Box::new(Inner { code, message: message.into(), field: None, source: None }) }
    }

    /// The request is wrong: say what to send instead.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// What the request names is not there.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    /// The request contradicts what is stored.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// The caller may not do this: say which permission it lacks.
    pub fn permission_denied(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::PermissionDenied, message)
    }

    /// Something is larger than the host allows.
    pub fn limit_exceeded(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::LimitExceeded, message)
    }

    /// What the function needs cannot be used right now.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::Unavailable, message)
    }

    /// The call's time was over before this was done.
    pub fn deadline_exceeded() -> Self {
        Self::new(ErrorCode::DeadlineExceeded, LATE)
    }

    /// The same failure, of which the guest is told that it was late. The log keeps its reason.
    #[must_use]
    pub fn as_deadline_exceeded(mut self) -> Self {
        self.inner.code = ErrorCode::DeadlineExceeded;
        self.inner.message = LATE.into();
        self.inner.field = None;
        self
    }

    /// The host is broken in a way that the guest cannot mend; `source` is for the log.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ErrorCode::Internal, "the host could not do this; its log has the reason under this call's id")
            .because(source)
    }

    /// Names the request field that is at fault, as a path: `profile.bio`, `tags[2]`.
    pub fn in_field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.inner.field = Some(field.into());
        self
    }

    /// Adds what the log should say. The guest never sees it.
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// The code that the guest gets.
    pub fn code(&self) -> ErrorCode {
        self.inner.code
    }

    /// The message that the guest gets.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The request field at fault, if one is.
    pub fn field(&self) -> Option<&str> {
        self.inner.field.as_deref()
    }
}

const LATE: &str = "the call's time was over before this was done: nothing of it was changed";

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())?;
        match self.field() {
            Some(field) => write!(f, " (field `{field}`)"),
            None => Ok(()),
        }
    }
}

impl Error for HostError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_name_is_what_serde_writes() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn the_source_is_for_the_log_only() {
        let error = HostError::internal("no such table: users");
        assert!(!error.to_string().contains("users"));
        assert_eq!(error.source().unwrap().to_string(), "no such table: users");
    }
}
