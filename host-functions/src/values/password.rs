use std::borrow::Cow;

use argon2::password_hash;
use hostfn::{Secret, Sensitive};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};

/// A password that somebody chooses: 8 to 1,024 characters, of any kind.
///
/// Length is what counts; rules about kinds of characters only make people choose `Passw0rd!`
/// ([NIST SP 800-63B](https://pages.nist.gov/800-63-4/sp800-63b.html), section 3.1.1.2).
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, extend("x-checked" = true))]
pub struct NewPassword(#[schemars(length(min = 8, max = 1024))] Secret);

/// A password that somebody claims to have: up to 1,024 characters.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(inline, extend("x-checked" = true))]
pub struct Password(#[schemars(length(max = 1024))] Secret);

/// Hashing takes time by the length of what is hashed; nobody's password is a novel.
const LONGEST: usize = 1024;

impl NewPassword {
    /// The password itself. Do not log it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Password {
    /// The password itself. Do not log it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Secret> for NewPassword {
    type Error = &'static str;

    fn try_from(text: Secret) -> Result<Self, Self::Error> {
        if (8..=LONGEST).contains(&text.expose().chars().count()) {
            Ok(Self(text))
        } else {
            Err("expected a password of 8 to 1024 characters")
        }
    }
}

impl TryFrom<Secret> for Password {
    type Error = &'static str;

    fn try_from(text: Secret) -> Result<Self, Self::Error> {
        if text.expose().chars().count() <= LONGEST {
            Ok(Self(text))
        } else {
            Err("expected a password of at most 1024 characters")
        }
    }
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Secret::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Secret::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

/// The hash of a password: a [PHC string](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md)
/// (`$argon2id$…`) or a bcrypt string (`$2b$…`). A plain password is refused, and so is a hash that
/// takes more than 256 MiB, 32 passes, 32 lanes or bcrypt's cost 16 to verify.
///
/// It does not serialise: only a caller that was granted `credentials:read` gets it.
///
/// ```
/// # use hostfn::Secret;
/// fn written(hash: Secret) -> serde_json::Result<String> {
///     serde_json::to_string(&hash)
/// }
/// ```
/// ```compile_fail,E0277
/// # use hostfn_functions::values::PasswordHash;
/// fn written(hash: PasswordHash) -> serde_json::Result<String> {
///     serde_json::to_string(&hash)
/// }
/// ```
/// Nor does a user hold one, but by way of the caller that may see it:
///
/// ```
/// # use {hostfn::{Caller, Disclosed}, hostfn_functions::{users::User, values::PasswordHash}};
/// fn with_hash(user: User, hash: PasswordHash, caller: &Caller) -> User {
///     User { password_hash: Disclosed::to(hash, caller), ..user }
/// }
/// ```
/// ```compile_fail,E0308
/// # use {hostfn::{Caller, Disclosed}, hostfn_functions::{users::User, values::PasswordHash}};
/// fn with_hash(user: User, hash: PasswordHash) -> User {
///     User { password_hash: Some(hash), ..user }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(Secret);

impl PasswordHash {
    /// A hash as it was stored, which was checked when it was.
    pub(crate) fn stored(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The hash itself. Do not log it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether it is of bcrypt, whose strings are older than PHC's format and not of it.
    pub(crate) fn is_bcrypt(&self) -> bool {
        bcrypt_cost(self.expose()).is_some()
    }

    /// Refuses a hash that takes more to verify than a host should spend on one call. Whoever brings a
    /// hash chooses the work, and could choose all the memory there is, or a year.
    pub(crate) fn check_work(&self) -> Result<(), String> {
        if let Some(cost) = bcrypt_cost(self.expose()) {
            return limit("cost", cost, 16);
        }
        let Ok(hash) = password_hash::PasswordHash::new(self.expose()) else { return Ok(()) };
        let parameter = |name| hash.params.get_decimal(name).unwrap_or_default();
        limit("m", parameter("m"), 256 * 1024)?;
        limit("t", parameter("t"), 32)?;
        limit("p", parameter("p"), 32)
    }
}

fn limit(parameter: &str, value: u32, most: u32) -> Result<(), String> {
    if value <= most {
        Ok(())
    } else {
        Err(format!("the hash takes too much work to verify: `{parameter}` is {most} at most"))
    }
}

/// The cost of a bcrypt string, if it is one.
fn bcrypt_cost(text: &str) -> Option<u32> {
    let is_marked = ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|start| text.starts_with(start));
    text.parse::<bcrypt::HashParts>().ok().filter(|_| is_marked).map(|parts| parts.get_cost())
}

impl TryFrom<Secret> for PasswordHash {
    type Error = String;

    fn try_from(text: Secret) -> Result<Self, Self::Error> {
        // A PHC string may leave out the hash itself, and even the salt; nothing could be verified
        // against it.
        let is_phc = password_hash::PasswordHash::new(text.expose()).is_ok_and(|hash| hash.hash.is_some());
        if !is_phc && bcrypt_cost(text.expose()).is_none() {
            return Err(
                "expected the hash of a password, as `hash_password` answers it: a PHC string or a bcrypt string"
                    .to_owned(),
            );
        }
        let hash = Self(text);
        hash.check_work()?;
        Ok(hash)
    }
}

impl<'de> Deserialize<'de> for PasswordHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Secret::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl JsonSchema for PasswordHash {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PasswordHash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^\$", hostfn::SECRET_MARK: true, hostfn::CHECKED_MARK: true})
    }
}

impl Sensitive for PasswordHash {
    const PERMISSION: &'static str = "credentials:read";

    type Plain = Secret;

    fn into_plain(self) -> Secret {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_told_from_plain_passwords() {
        for (text, is_ok) in [
            ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ", true),
            ("$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", true),
            ("$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", true),
            ("$2y$10$abcdefghijklmnopqrstuuJz9RdVJ2dKqK1OoTJOWfyi0yTbnz3Ei", true),
            ("correct horse battery staple", false),
            ("", false),
            ("$argon2id", false),
            ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA", false),
            ("$2b$12$short", false),
            ("$5ecret", false),
            (
                "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
                false,
            ),
            (
                "$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
                false,
            ),
            ("$2b$31$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", false),
        ] {
            assert_eq!(PasswordHash::try_from(Secret::new(text)).is_ok(), is_ok, "{text}");
        }
    }

    #[test]
    fn a_new_password_has_eight_characters_of_any_kind() {
        for (text, is_ok) in [("1234567", false), ("12345678", true), ("пароль漢字", true), (&"a".repeat(1025), false)]
        {
            assert_eq!(NewPassword::try_from(Secret::new(text)).is_ok(), is_ok, "{text}");
        }
        assert!(Password::try_from(Secret::new("")).is_ok());
    }
}
