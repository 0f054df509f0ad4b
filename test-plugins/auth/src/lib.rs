//! Accounts over the built-in host functions: sign-up, e-mail verification, sign-in, sessions, profile, password reset.
//!
//! Every export takes a JSON object and answers one. A failure is the return code 1, with `{"code", "message", "field"}`
//! as Extism's error: the host's own codes pass through, and [`error`] lists those that this plugin adds.
//!
//! The plugin keeps no state, and has neither clock nor randomness: identifiers, tokens, times, password hashes and
//! expiry are all the host's. It needs the permissions `users:read`, `users:write`, `sessions:read`, `sessions:write`,
//! `email_verification:read`, `email_verification:write`, `password_reset:read`, `password_reset:write` and
//! `credentials:verify`. It never sees a password hash that is stored, and so does without `credentials:read`.

mod account;
mod error;
mod host;
mod input;
mod password;
mod record;
mod session;

use extism_pdk::{Error, FnResult, Json, WithReturnCode, plugin_fn};
use serde::{Serialize, de::DeserializeOwned};

use error::Failure;

/// Creates an account whose e-mail address is not verified yet.
///
/// `{name, email, password}` -> `{user_uuid, verification_token}`. A product sends the token to the address instead of
/// handing it out. Fails with `conflict` when the address is taken.
#[plugin_fn]
pub fn sign_up(input: Vec<u8>) -> FnResult<Json<account::SignedUp>> {
    answer(&input, account::sign_up)
}

/// Marks an e-mail address as verified; the token works once.
///
/// `{token}` -> `{user_uuid}`. Fails with `invalid_token`.
#[plugin_fn]
pub fn verify_email(input: Vec<u8>) -> FnResult<Json<account::Verified>> {
    answer(&input, account::verify_email)
}

/// Changes the profile of the user who is signed in.
///
/// `{session_id, name?, email?, avatar?, bio?}` -> `{user, verification_token}`. What is left out stays as it is, and
/// `null` clears `avatar` and `bio`. The token is `null` unless the address changed and has to be verified anew. Fails
/// with `invalid_session`, and with `conflict` when the address is taken.
#[plugin_fn]
pub fn update_profile(input: Vec<u8>) -> FnResult<Json<account::UpdatedProfile>> {
    answer(&input, account::update_profile)
}

/// Starts a session.
///
/// `{email, password}` -> `{session_id, expires_at}`. Fails with `invalid_credentials`, which does not tell whether the
/// address or the password was wrong, and with `email_not_verified` when both were right.
#[plugin_fn]
pub fn sign_in(input: Vec<u8>) -> FnResult<Json<session::SignedIn>> {
    answer(&input, session::sign_in)
}

/// Tells who is signed in.
///
/// `{session_id}` -> `{user}`. Fails with `invalid_session` when the session is unknown, over or expired.
#[plugin_fn]
pub fn check_session(input: Vec<u8>) -> FnResult<Json<session::Checked>> {
    answer(&input, session::check_session)
}

/// Ends a session.
///
/// `{session_id}` -> `{signed_out}`, which is `false` when there was no such session: ending it twice is no failure.
#[plugin_fn]
pub fn sign_out(input: Vec<u8>) -> FnResult<Json<session::SignedOut>> {
    answer(&input, session::sign_out)
}

/// Makes a token that lets its holder choose a new password.
///
/// `{email}` -> `{reset_token}`, `null` for an unknown address. A product sends the token to the address and answers the
/// visitor the same in both cases, so that nobody can ask who has an account.
#[plugin_fn]
pub fn request_password_reset(input: Vec<u8>) -> FnResult<Json<password::ResetRequested>> {
    answer(&input, password::request_password_reset)
}

/// Sets a new password and ends every session of the user; the token works once.
///
/// `{token, password}` -> `{user_uuid, signed_out}`, the number of sessions ended. Fails with `invalid_token`. A password
/// that the host refuses does not use up the token.
#[plugin_fn]
pub fn reset_password(input: Vec<u8>) -> FnResult<Json<password::PasswordReset>> {
    answer(&input, password::reset_password)
}

/// The one way in and out of an export. The input is read here and not by `plugin_fn`, which would answer serde's text
/// instead of a [`Failure`] when it is not what was expected.
fn answer<I: DeserializeOwned, O: Serialize>(input: &[u8], export: fn(I) -> Result<O, Failure>) -> FnResult<Json<O>> {
    match input::read(input).and_then(export) {
        Ok(output) => Ok(Json(output)),
        Err(failure) => Err(WithReturnCode::new(Error::new(failure), 1)),
    }
}
