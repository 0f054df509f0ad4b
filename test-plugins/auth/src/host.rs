//! The host: every host function that this plugin imports, as a safe function with types.
//!
//! The only file with `unsafe` in it, and with one such block. Calling what another module provides is unsafe in Rust;
//! what makes it sound is said beside that block, and the rest of the plugin is compiled with `unsafe_code` denied.
#![expect(unsafe_code, reason = "an import is a foreign function")]

use extism_pdk::{Error, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    error::Failure,
    record::{Deleted, PasswordMatch, Session, Token, User},
};

/// The imports under the host's own names. A product deletes what it does not call: a host that lacks an import, or
/// denies it, must not be asked for it.
mod import {
    use extism_pdk::{Json, host_fn};
    use serde_json::Value;

    use super::{Deleted, HostResponse, PasswordMatch, Session, Token, User};

    #[host_fn("extism:host/user")]
    extern "ExtismHost" {
        pub(super) fn db_create_user(request: Json<Value>) -> Json<HostResponse<User>>;
        pub(super) fn db_get_user_by_email(request: Json<Value>) -> Json<HostResponse<User>>;
        pub(super) fn db_get_user_by_uuid(request: Json<Value>) -> Json<HostResponse<User>>;
        pub(super) fn db_update_user_password(request: Json<Value>) -> Json<HostResponse<User>>;
        pub(super) fn db_update_user_email_verified(request: Json<Value>) -> Json<HostResponse<User>>;
        pub(super) fn db_update_user_profile(request: Json<Value>) -> Json<HostResponse<User>>;

        pub(super) fn db_create_session(request: Json<Value>) -> Json<HostResponse<Session>>;
        pub(super) fn db_get_session(request: Json<Value>) -> Json<HostResponse<Session>>;
        pub(super) fn db_delete_session(request: Json<Value>) -> Json<HostResponse<Deleted>>;
        pub(super) fn db_delete_user_sessions(request: Json<Value>) -> Json<HostResponse<Deleted>>;

        pub(super) fn db_create_email_verification_token(request: Json<Value>) -> Json<HostResponse<Token>>;
        pub(super) fn db_get_email_verification_token(request: Json<Value>) -> Json<HostResponse<Token>>;
        pub(super) fn db_delete_email_verification_token(request: Json<Value>) -> Json<HostResponse<Deleted>>;

        pub(super) fn db_create_password_reset_token(request: Json<Value>) -> Json<HostResponse<Token>>;
        pub(super) fn db_get_password_reset_token(request: Json<Value>) -> Json<HostResponse<Token>>;
        pub(super) fn db_delete_password_reset_token(request: Json<Value>) -> Json<HostResponse<Deleted>>;
        pub(super) fn db_delete_user_password_reset_tokens(request: Json<Value>) -> Json<HostResponse<Deleted>>;

        pub(super) fn hash_password(request: Json<Value>) -> Json<HostResponse<String>>;
        pub(super) fn verify_password(request: Json<Value>) -> Json<HostResponse<PasswordMatch>>;
    }
}

/// What every host function answers.
#[derive(Deserialize)]
struct HostResponse<T> {
    success: bool,
    data: Option<T>,
    error: Option<Failure>,
}

/// Calls an import with a request of variables that are named as its fields are, or with a request that stands ready.
macro_rules! call {
    ($function:ident { $($field:ident),+ }) => {
        call!($function(json!({ $((stringify!($field)): $field),+ })))
    };
    ($function:ident($request:expr)) => {
        // SAFETY: an import takes and gives one handle of Extism's memory. The PDK makes the one and asks Extism for the
        // length of the other before it reads; the host can touch no other memory of this plugin.
        unsafe { import::$function(Json($request)) }
    };
}

/// The answer of a function that always has a record to give.
fn record<T>(answer: Result<Json<HostResponse<T>>, Error>) -> Result<T, Failure> {
    found(answer)?.ok_or_else(Failure::unexpected_answer)
}

/// The answer of a function that gives `null` when there is no such record.
fn found<T>(answer: Result<Json<HostResponse<T>>, Error>) -> Result<Option<T>, Failure> {
    let Ok(Json(response)) = answer else { return Err(Failure::unexpected_answer()) };
    if response.success { Ok(response.data) } else { Err(response.error.unwrap_or_else(Failure::unexpected_answer)) }
}

pub(crate) fn create_user(name: &str, email: &str, password_hash: &str) -> Result<User, Failure> {
    record(call!(db_create_user { name, email, password_hash }))
}

pub(crate) fn user_by_email(email: &str) -> Result<Option<User>, Failure> {
    found(call!(db_get_user_by_email { email }))
}

pub(crate) fn user_by_uuid(uuid: &str) -> Result<Option<User>, Failure> {
    found(call!(db_get_user_by_uuid { uuid }))
}

pub(crate) fn update_user_password(uuid: &str, password_hash: &str) -> Result<User, Failure> {
    record(call!(db_update_user_password { uuid, password_hash }))
}

pub(crate) fn update_user_email_verified(uuid: &str, verified: bool) -> Result<User, Failure> {
    record(call!(db_update_user_email_verified { uuid, verified }))
}

/// `changes` holds what is to change and nothing else: a field with `null` is cleared, one that is absent is left alone.
pub(crate) fn update_user_profile(uuid: &str, mut changes: Map<String, Value>) -> Result<User, Failure> {
    changes.insert("uuid".to_owned(), uuid.into());
    record(call!(db_update_user_profile(Value::Object(changes))))
}

pub(crate) fn create_session(user_uuid: &str, ttl_seconds: u32) -> Result<Session, Failure> {
    record(call!(db_create_session { user_uuid, ttl_seconds }))
}

pub(crate) fn session(id: &str) -> Result<Option<Session>, Failure> {
    found(call!(db_get_session { id }))
}

pub(crate) fn delete_session(id: &str) -> Result<Deleted, Failure> {
    record(call!(db_delete_session { id }))
}

pub(crate) fn delete_user_sessions(user_uuid: &str) -> Result<Deleted, Failure> {
    record(call!(db_delete_user_sessions { user_uuid }))
}

pub(crate) fn create_email_verification_token(user_uuid: &str, ttl_seconds: u32) -> Result<Token, Failure> {
    record(call!(db_create_email_verification_token { user_uuid, ttl_seconds }))
}

pub(crate) fn email_verification_token(token: &str) -> Result<Option<Token>, Failure> {
    found(call!(db_get_email_verification_token { token }))
}

pub(crate) fn delete_email_verification_token(token: &str) -> Result<Deleted, Failure> {
    record(call!(db_delete_email_verification_token { token }))
}

pub(crate) fn create_password_reset_token(user_uuid: &str, ttl_seconds: u32) -> Result<Token, Failure> {
    record(call!(db_create_password_reset_token { user_uuid, ttl_seconds }))
}

pub(crate) fn password_reset_token(token: &str) -> Result<Option<Token>, Failure> {
    found(call!(db_get_password_reset_token { token }))
}

pub(crate) fn delete_password_reset_token(token: &str) -> Result<Deleted, Failure> {
    record(call!(db_delete_password_reset_token { token }))
}

pub(crate) fn delete_user_password_reset_tokens(user_uuid: &str) -> Result<Deleted, Failure> {
    record(call!(db_delete_user_password_reset_tokens { user_uuid }))
}

/// Refuses a password that is not good enough to be kept; the rules are the host's.
pub(crate) fn hash_password(password: &str) -> Result<String, Failure> {
    record(call!(hash_password { password }))
}

pub(crate) fn verify_password(user_uuid: &str, password: &str) -> Result<PasswordMatch, Failure> {
    record(call!(verify_password { user_uuid, password }))
}
