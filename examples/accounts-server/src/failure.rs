//! An error as HTTP has it: a status for programs that know HTTP, a code for those that know accounts.

use std::borrow::Cow;

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use hostfn::CallError;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Why a request was not done. It is told to whoever made it, and holds nothing that is not theirs to know.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    body: Body,
}

/// What the body says, and what the plugin says when it fails: the same three fields.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    field: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, body: Body { code: code.into(), message: message.into(), field: None } }
    }

    /// Something is broken here, which the log tells and the visitor is not told.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something is broken here; it is in the log")
    }

    fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "this cannot be done right now; try again later")
    }

    /// Why a plugin call failed.
    pub(crate) fn of_call(export: &str, error: &CallError) -> Self {
        if let CallError::Failed { message, .. } = error
            && let Ok(body) = serde_json::from_str::<Body>(message)
        {
            return Self::of_plugin(export, body);
        }
        match error {
            // Nothing was done, and it may be asked for again.
            error if error.is_retryable() => {
                tracing::warn!(export, %error, "a plugin call could not be served");
                Self::unavailable()
            }
            CallError::NotSaved { .. } => {
                tracing::error!(export, %error, "it is not known whether a plugin call was saved");
                let message = "it is not known whether this was done; look before you try again";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unknown_outcome", message)
            }
            CallError::TimedOut { .. } => {
                tracing::warn!(export, %error, "a plugin call took too long");
                Self::new(StatusCode::GATEWAY_TIMEOUT, "deadline_exceeded", "this took too long; try again later")
            }
            _ => {
                // Not the error itself: in its text may be what the guest was about to say.
                tracing::error!(export, kind = error.code(), "a plugin call failed");
                Self::internal()
            }
        }
    }

    /// What the plugin said, in its own codes or the host's.
    fn of_plugin(export: &str, body: Body) -> Self {
        let status = match &*body.code {
            "invalid_input" | "invalid_request" | "invalid_token" => StatusCode::BAD_REQUEST,
            "invalid_credentials" | "invalid_session" => StatusCode::UNAUTHORIZED,
            "email_not_verified" => StatusCode::FORBIDDEN,
            "not_found" => StatusCode::NOT_FOUND,
            "conflict" => StatusCode::CONFLICT,
            "limit_exceeded" => StatusCode::PAYLOAD_TOO_LARGE,
            "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "deadline_exceeded" => StatusCode::GATEWAY_TIMEOUT,
            // `internal`, a grant that is missing, and what a newer plugin may say.
            code => {
                tracing::error!(export, code, "the plugin could not do what it was asked");
                return Self::internal();
            }
        };
        // The session came in a cookie, so that no field of the visitor's is to blame.
        let field = body.field.filter(|field| field != "session_id");
        Self { status, body: Body { field, ..body } }
    }
}

/// A body that is not what is taken here.
impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            status @ StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(status, "unsupported_media_type", "expected the header `Content-Type: application/json`")
            }
            status @ StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "limit_exceeded", "the body is too large"),
            _ => Self::new(StatusCode::BAD_REQUEST, "invalid_input", "expected a JSON object"),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"error": self.body}))).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use hostfn::{ErrorCode, HostError};

    use super::*;

    fn of_plugin(code: &str) -> Failure {
        let body = json!({"code": code, "message": "somebody's words", "field": null});
        Failure::of_plugin("sign_in", serde_json::from_value(body).expect("it has all fields"))
    }

    /// A visitor is never to blame for what they cannot mend, nor is told of it.
    #[test]
    fn each_code_of_the_host_has_a_status() {
        for code in ErrorCode::ALL {
            let failure = of_plugin(code.as_str());
            let is_ours = matches!(code, ErrorCode::Internal | ErrorCode::PermissionDenied);
            assert_eq!(failure.status == StatusCode::INTERNAL_SERVER_ERROR, is_ours, "{code}");
            assert_eq!(failure.body.message == "somebody's words", !is_ours, "{code}");
        }
    }

    /// "Try again later" is said of what was not done, and of nothing else.
    #[test]
    fn what_may_have_been_done_is_not_to_be_done_again() {
        let not_saved = |error| {
            let error = CallError::NotSaved { plugin: "auth".to_owned(), export: "sign_up".to_owned(), error };
            Failure::of_call("sign_up", &error)
        };
        let undone = not_saved(HostError::unavailable("the database is busy"));
        assert_eq!((undone.status, &*undone.body.code), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
        let unknown = not_saved(HostError::internal("the connection is gone"));
        assert_eq!((unknown.status, &*unknown.body.code), (StatusCode::INTERNAL_SERVER_ERROR, "unknown_outcome"));
    }

    #[test]
    fn a_code_that_is_not_known_is_internal() {
        let failure = of_plugin("of_a_newer_plugin");
        assert_eq!((failure.status, &*failure.body.code), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
    }
}
