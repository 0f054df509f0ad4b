//! Hashing of passwords, in the host: quicker than in a guest, and with the host's randomness.

use std::sync::LazyLock;

use argon2::{
    Argon2, Params,
    password_hash::{self, PasswordHasher, PasswordVerifier, SaltString},
};
use diesel::prelude::*;
use hostfn::{Database, Entropy, HostError, Secret, Uuid, host_fn, on_backend};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    schema::users,
    values::{NewPassword, Password, PasswordHash},
};

/// Whether a password is the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PasswordMatch {
    /// It is.
    pub matches: bool,
}

/// Hashes a password for `db_create_user` and `db_update_user_password`, with argon2id.
///
/// 19 MiB of memory and two passes, as
/// [OWASP](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html) advises.
#[host_fn(permission = "credentials:verify", read_only)]
pub fn hash_password(entropy: &Entropy, password: NewPassword) -> Result<Secret, HostError> {
    hash(password.expose(), &entropy.bytes()).map(Secret::new).map_err(HostError::internal)
}

/// Says whether a password is the user's.
///
/// For a user that is not there it takes the same time and answers the same as for a wrong password.
#[host_fn(permission = "credentials:verify", read_only)]
pub fn verify_password(database: &Database, user_uuid: Uuid, password: Password) -> Result<PasswordMatch, HostError> {
    // Made before it is known whether it is needed: the first call takes longer, whoever it is for.
    let nobodys = LazyLock::force(&NOBODYS);
    // The connection goes back before the slow part begins.
    let stored = database.read(|db| {
        let hash = on_backend!(db, |connection| {
            users::table.find(user_uuid).select(users::password_hash).get_result::<String>(connection)
        });
        Ok(hash.optional()?.map(PasswordHash::stored))
    })?;
    let matches = match stored {
        Some(stored) => matches(&stored, password.expose())?,
        None => {
            matches(nobodys, password.expose())?;
            false
        }
    };
    Ok(PasswordMatch { matches })
}

/// What a password is compared with where there is no user. Nobody is told whether it matches.
static NOBODYS: LazyLock<PasswordHash> = LazyLock::new(|| {
    PasswordHash::stored(hash("", &[0; 16]).expect("argon2 hashes an empty text with its own parameters"))
});

/// What OWASP names as the least: 19 MiB, two passes, one lane.
const _: () = assert!(
    Params::DEFAULT_M_COST >= 19_456 && Params::DEFAULT_T_COST >= 2 && Params::DEFAULT_P_COST >= 1,
    "argon2's own parameters are weaker than what OWASP advises"
);

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, password_hash::Error> {
    let salt = SaltString::encode_b64(salt)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

fn matches(stored: &PasswordHash, password: &str) -> Result<bool, HostError> {
    // Whatever stored it may not have checked.
    stored.check_work().map_err(HostError::internal)?;
    if stored.is_bcrypt() {
        return bcrypt::verify(password, stored.expose()).map_err(HostError::internal);
    }
    let stored = password_hash::PasswordHash::new(stored.expose()).map_err(HostError::internal)?;
    match Argon2::default().verify_password(password.as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::Password) => Ok(false),
        Err(error) => Err(HostError::internal(format!(
            "a stored password hash of {} cannot be verified: {error}",
            stored.algorithm
        ))),
    }
}

#[cfg(test)]
mod tests {
    use hostfn::ErrorCode;

    use super::*;
    use crate::test_support::{Fixture, nobody, request};

    fn password(text: &str) -> Password {
        Secret::new(text).try_into().unwrap()
    }

    fn user_with(fixture: &Fixture, hash: &str) -> Uuid {
        let request = crate::users::CreateUserRequest {
            password_hash: Secret::new(hash).try_into().unwrap(),
            ..request("ada@example.com")
        };
        fixture.create(request).unwrap().uuid
    }

    #[test]
    fn what_is_hashed_is_verified() {
        let fixture = Fixture::new();
        let chosen = Secret::new("correct horse").try_into().unwrap();
        let hash = hash_password(&fixture.entropy(), chosen).unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        let user = user_with(&fixture, hash.expose());
        let verify = |user, text| verify_password(&fixture.database, user, password(text)).unwrap().matches;
        assert!(verify(user, "correct horse"));
        assert!(!verify(user, "Correct horse"));
        assert!(!verify(nobody(), "correct horse"));
        assert!(!verify(nobody(), ""), "the password whose hash stands in for nobody's");
    }

    #[test]
    fn equal_passwords_have_different_hashes() {
        let fixture = Fixture::new();
        let hash = || hash_password(&fixture.entropy(), Secret::new("correct horse").try_into().unwrap()).unwrap();
        assert_ne!(hash(), hash());
    }

    #[test]
    fn hashes_of_older_systems_are_verified_or_said_to_be_none() {
        let fixture = Fixture::new();
        let user = user_with(&fixture, &bcrypt::hash("correct horse", 4).unwrap());
        assert!(verify_password(&fixture.database, user, password("correct horse")).unwrap().matches);
        assert!(!verify_password(&fixture.database, user, password("wrong")).unwrap().matches);

        let fixture = Fixture::new();
        let user = user_with(
            &fixture,
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        );
        let error = verify_password(&fixture.database, user, password("correct horse")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Internal);
    }
}
