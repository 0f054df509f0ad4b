//! A forgotten password: asking for a token, and using it.

use serde::{Deserialize, Serialize};

use crate::{error::Failure, host};

/// An hour: the token opens the account, and whoever asks for it is waiting for it.
const RESET_TTL_SECONDS: u32 = 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestReset {
    email: String,
}

#[derive(Serialize)]
pub(crate) struct ResetRequested {
    reset_token: Option<String>,
}

pub(crate) fn request_password_reset(request: RequestReset) -> Result<ResetRequested, Failure> {
    let Some(user) = host::user_by_email(&request.email)? else { return Ok(ResetRequested { reset_token: None }) };
    let token = host::create_password_reset_token(&user.uuid, RESET_TTL_SECONDS)?;
    Ok(ResetRequested { reset_token: Some(token.token) })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    token: String,
    password: String,
}

#[derive(Serialize)]
pub(crate) struct PasswordReset {
    user_uuid: String,
    signed_out: u32,
}

pub(crate) fn reset_password(request: ResetPassword) -> Result<PasswordReset, Failure> {
    // First, so that a password that the host refuses leaves the token as it was, to be used with a better one.
    let password_hash = host::hash_password(&request.password)?;
    let token = host::password_reset_token(&request.token)?.ok_or_else(Failure::invalid_token)?;
    // Two callers may both have read the token; only one of them deletes it, and that one goes on.
    if host::delete_password_reset_token(&request.token)?.deleted != 1 {
        return Err(Failure::invalid_token());
    }
    let user = host::update_user_password(&token.user_uuid, &password_hash)?;
    // Whoever knew the old password, or holds an older token, is out.
    host::delete_user_password_reset_tokens(&user.uuid)?;
    let sessions = host::delete_user_sessions(&user.uuid)?;
    Ok(PasswordReset { user_uuid: user.uuid, signed_out: sessions.deleted })
}
