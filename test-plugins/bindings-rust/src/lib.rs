//! Calls every built-in host function from Rust through `hostfn.rs`, which `hostfn bindings` wrote: each export reads its
//! input into the request's type, calls the typed function, and answers what it answered, as the host writes it.

mod example;
mod hostfn;

use extism_pdk::{FnResult, Json, plugin_fn};
use serde::Serialize;
use serde_json::{Value, json};

fn answer(result: Result<impl Serialize, hostfn::HostError>) -> FnResult<Json<Value>> {
    Ok(Json(match result {
        Ok(data) => json!({"success": true, "data": data, "error": null}),
        Err(error) => json!({"success": false, "data": null, "error": error}),
    }))
}

macro_rules! exports {
    ($($name:ident($($request:ident)?))*) => {$(
        #[plugin_fn]
        pub fn $name($(Json(request): Json<hostfn::$request>)?) -> FnResult<Json<Value>> {
            answer(hostfn::$name($(&request as &hostfn::$request)?))
        }
    )*};
}

exports! {
    db_create_user(CreateUserRequest)
    db_get_user_by_email(DbGetUserByEmailRequest)
    db_get_user_by_uuid(DbGetUserByUuidRequest)
    db_update_user_password(DbUpdateUserPasswordRequest)
    db_update_user_email_verified(DbUpdateUserEmailVerifiedRequest)
    db_update_user_profile(UpdateUserProfileRequest)
    db_create_session(DbCreateSessionRequest)
    db_get_session(DbGetSessionRequest)
    db_delete_session(DbDeleteSessionRequest)
    db_delete_user_sessions(DbDeleteUserSessionsRequest)
    db_cleanup_expired_sessions()
    db_create_email_verification_token(DbCreateEmailVerificationTokenRequest)
    db_get_email_verification_token(DbGetEmailVerificationTokenRequest)
    db_delete_email_verification_token(DbDeleteEmailVerificationTokenRequest)
    db_create_password_reset_token(DbCreatePasswordResetTokenRequest)
    db_get_password_reset_token(DbGetPasswordResetTokenRequest)
    db_delete_password_reset_token(DbDeletePasswordResetTokenRequest)
    db_delete_user_password_reset_tokens(DbDeleteUserPasswordResetTokensRequest)
    hash_password(HashPasswordRequest)
    verify_password(VerifyPasswordRequest)
    db_test_connection()
}
