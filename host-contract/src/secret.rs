use std::{borrow::Cow, fmt, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::Caller;

/// In a schema, marks a string as secret: whatever shows a request or a response hides it.
pub const SECRET_MARK: &str = "x-secret";

/// A text that is never shown: a password, a token, a session id.
///
/// It travels on the wire as a plain string, because it must; `Debug` hides it, its schema says
/// that it is secret so that logs and snapshots hide it too, and its memory is wiped when dropped.
/// Two are compared in a time that depends on their lengths alone, and not on how much of them is alike.
///
/// ```
/// # use hostfn_contract::Secret;
/// let password = Secret::new("correct horse");
/// assert_eq!(format!("{password:?}"), "<secret>");
/// assert_eq!(password.expose(), "correct horse");
/// ```
#[derive(Clone, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Do not log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", SECRET_MARK: true})
    }
}

/// A value that may be answered to some callers only, such as the hash of a password.
///
/// Such a type does not serialise. What does is [`Disclosed`], which is made from the proof that
/// the caller may see it.
pub trait Sensitive {
    /// The permission that a plugin must have been granted to see it.
    const PERMISSION: &'static str;
    /// What a caller that may see it gets.
    type Plain: Serialize + JsonSchema;

    /// The value as such a caller gets it.
    fn into_plain(self) -> Self::Plain;
}

/// A sensitive value whose caller was shown to be allowed to see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Disclosed<P>(P);

impl<P> Disclosed<P> {
    /// The value, or `None` for a caller that may not see it.
    pub fn to<T: Sensitive<Plain = P>>(value: T, caller: &Caller) -> Option<Self> {
        caller.may(T::PERMISSION).then(|| Self(value.into_plain()))
    }
}

impl<P> Deref for Disclosed<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallId, Grants};

    struct Hash(Secret);

    impl Sensitive for Hash {
        const PERMISSION: &'static str = "credentials:read";
        type Plain = Secret;

        fn into_plain(self) -> Secret {
            self.0
        }
    }

    #[test]
    fn two_secrets_are_equal_when_their_texts_are() {
        for (left, right, is_equal) in [
            ("", "", true),
            ("correct horse", "correct horse", true),
            ("correct horse", "correct horsf", false),
            ("correct horse", "dorrect horse", false),
            ("correct horse", "correct hors", false),
            ("", "c", false),
        ] {
            assert_eq!(Secret::new(left) == Secret::new(right), is_equal, "{left:?} and {right:?}");
        }
    }

    #[test]
    fn a_sensitive_value_is_disclosed_to_those_who_may_see_it_and_not_shown_to_people() {
        let disclosed = |grants| {
            let caller = Caller::new("test", grants, CallId::default());
            Disclosed::to(Hash(Secret::new("correct horse")), &caller)
        };
        assert_eq!(disclosed(Grants::none()), None);
        let shown = disclosed(Grants::all()).expect("it may see it");
        assert_eq!(shown.expose(), "correct horse");
        assert_eq!(format!("{shown:?}"), "Disclosed(<secret>)");
    }
}
