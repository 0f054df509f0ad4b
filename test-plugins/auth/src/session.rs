//! Sessions: signing in, checking who it is, signing out.

use serde::{Deserialize, Serialize};

use crate::{error::Failure, host, record::User};

/// Thirty days: who comes back every month stays signed in.
const SESSION_TTL_SECONDS: u32 = 30 * 24 * 60 * 60;

/// The UUID that no user has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    email: String,
    password: String,
}

#[derive(Serialize)]
pub(crate) struct SignedIn {
    session_id: String,
    expires_at: String,
}

pub(crate) fn sign_in(request: SignIn) -> Result<SignedIn, Failure> {
    let user = host::user_by_email(&request.email)?;
    // Checked for nobody as well, so that neither the time nor the host calls tell whether the address is known.
    let uuid = user.as_ref().map_or(NOBODY, |user| &user.uuid);
    let password = host::verify_password(uuid, &request.password)?;
    let user = user.filter(|_| password.matches).ok_or_else(Failure::invalid_credentials)?;
    // Only now: said before the password matched, it would tell anyone that the account exists.
    if !user.email_verified {
        return Err(Failure::email_not_verified());
    }
    let session = host::create_session(&user.uuid, SESSION_TTL_SECONDS)?;
    Ok(SignedIn { session_id: session.id, expires_at: session.expires_at })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckSession {
    session_id: String,
}

#[derive(Serialize)]
pub(crate) struct Checked {
    user: User,
}

pub(crate) fn check_session(request: CheckSession) -> Result<Checked, Failure> {
    Ok(Checked { user: user(&request.session_id)? })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignOut {
    session_id: String,
}

#[derive(Serialize)]
pub(crate) struct SignedOut {
    signed_out: bool,
}

pub(crate) fn sign_out(request: SignOut) -> Result<SignedOut, Failure> {
    Ok(SignedOut { signed_out: host::delete_session(&request.session_id)?.deleted == 1 })
}

/// Whose session it is. A user who was deleted in between has no session any more either.
pub(crate) fn user(session_id: &str) -> Result<User, Failure> {
    let session = host::session(session_id)?.ok_or_else(Failure::invalid_session)?;
    host::user_by_uuid(&session.user_uuid)?.ok_or_else(Failure::invalid_session)
}
