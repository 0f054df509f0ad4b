//! Calls every built-in host function from Rust: each export hands its input to the host function of its name, and
//! answers with what that answers.
#![expect(
    unsafe_code,
    reason = "an import is a foreign function: the host that provides it reads and writes only through \
the handles that it is passed"
)]

/// One written out, to show what there is to it: an import, and an export around it.
mod import {
    use extism_pdk::host_fn;

    #[host_fn("extism:host/user")]
    extern "ExtismHost" {
        pub(crate) fn db_create_user(request: String) -> String;
    }
}

use extism_pdk::{FnResult, plugin_fn};

#[plugin_fn]
pub fn db_create_user(request: String) -> FnResult<String> {
    Ok(unsafe { import::db_create_user(request)? })
}

/// The same for every other.
macro_rules! forward {
    ($($name:ident)*) => {$(
        #[plugin_fn]
        pub fn $name(request: String) -> FnResult<String> {
            #[extism_pdk::host_fn("extism:host/user")]
            extern "ExtismHost" {
                fn $name(request: String) -> String;
            }
            Ok(unsafe { $name(request)? })
        }
    )*};
}

forward! {
    db_get_user_by_email db_get_user_by_uuid db_update_user_password db_update_user_email_verified db_update_user_profile
    db_create_session db_get_session db_delete_session db_delete_user_sessions db_cleanup_expired_sessions
    db_create_email_verification_token db_get_email_verification_token db_delete_email_verification_token
    db_create_password_reset_token db_get_password_reset_token db_delete_password_reset_token db_delete_user_password_reset_tokens
    hash_password verify_password
    db_test_connection
}
