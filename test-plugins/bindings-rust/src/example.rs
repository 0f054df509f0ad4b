use extism_pdk::{FnResult, plugin_fn};

use crate::hostfn::{CreateUserRequest, HashPasswordRequest, Patch, UpdateUserProfileRequest};
use crate::hostfn::{db_create_user, db_update_user_profile, hash_password};

/// Signs up whoever has this address, with a text about them.
#[plugin_fn]
pub fn example(email: String) -> FnResult<String> {
    let password_hash = hash_password(&HashPasswordRequest {
        password: "correct horse".to_owned().into(),
    })?;
    let user = db_create_user(&CreateUserRequest::new(
        "Ada".to_owned(),
        email,
        password_hash,
    ))?;
    let mut change = UpdateUserProfileRequest::new(user.uuid);
    change.bio = Patch::Value("Notes, é 漢字 🎉".to_owned());
    change.avatar = Patch::Null;
    let user = db_update_user_profile(&change)?;
    Ok(format!("{}: {}", user.name, user.bio.unwrap_or_default()))
}
