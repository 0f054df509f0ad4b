//! Accounts: signing up, verifying the e-mail address, changing the profile.

use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::{
    error::Failure,
    host,
    input::{Change, change},
    record::User,
    session,
};

/// A day: long enough for a mail that is read in the evening.
const VERIFICATION_TTL_SECONDS: u32 = 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUp {
    name: String,
    email: String,
    password: String,
}

#[derive(Serialize)]
pub(crate) struct SignedUp {
    user_uuid: String,
    verification_token: String,
}

pub(crate) fn sign_up(request: SignUp) -> Result<SignedUp, Failure> {
    let password_hash = host::hash_password(&request.password)?;
    let user = host::create_user(&request.name, &request.email, &password_hash)?;
    let verification_token = new_verification_token(&user)?;
    Ok(SignedUp { user_uuid: user.uuid, verification_token })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyEmail {
    token: String,
}

#[derive(Serialize)]
pub(crate) struct Verified {
    user_uuid: String,
}

pub(crate) fn verify_email(request: VerifyEmail) -> Result<Verified, Failure> {
    let token = host::email_verification_token(&request.token)?.ok_or_else(Failure::invalid_token)?;
    // Two callers may both have read the token; only one of them deletes it, and that one goes on.
    if host::delete_email_verification_token(&request.token)?.deleted != 1 {
        return Err(Failure::invalid_token());
    }
    let user = host::update_user_email_verified(&token.user_uuid, true)?;
    Ok(Verified { user_uuid: user.uuid })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateProfile {
    session_id: String,
    #[serde(default, deserialize_with = "change")]
    name: Change,
    #[serde(default, deserialize_with = "change")]
    email: Change,
    #[serde(default, deserialize_with = "change")]
    avatar: Change,
    #[serde(default, deserialize_with = "change")]
    bio: Change,
}

#[derive(Serialize)]
pub(crate) struct UpdatedProfile {
    user: User,
    verification_token: Option<String>,
}

pub(crate) fn update_profile(request: UpdateProfile) -> Result<UpdatedProfile, Failure> {
    let before = session::user(&request.session_id)?;
    let fields = [("name", request.name), ("email", request.email), ("avatar", request.avatar), ("bio", request.bio)];
    // What was not in the input must not be in the request: there it would be null, and clear the field.
    let changes: Map<_, _> =
        fields.into_iter().filter_map(|(field, change)| Some((field.to_owned(), json!(change?)))).collect();
    let user = host::update_user_profile(&before.uuid, changes)?;
    // The host decides whether the new address needs to be verified; a change of case, say, may not.
    let verify = user.email != before.email && !user.email_verified;
    let verification_token = if verify { Some(new_verification_token(&user)?) } else { None };
    Ok(UpdatedProfile { user, verification_token })
}

fn new_verification_token(user: &User) -> Result<String, Failure> {
    Ok(host::create_email_verification_token(&user.uuid, VERIFICATION_TTL_SECONDS)?.token)
}
