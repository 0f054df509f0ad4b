use std::{borrow::Cow, fmt, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Caller;

/// In a schema, marks a string as secret: whatever shows a request or a response hides it.
pub const SECRET_MARK: &str = "x-secret";

/// A text that is never shown: a password, a token, a session id.
///
/// It travels on the wire as a plain string, because it must; `Debug` hides it, its schema says
/// that it is secret so that logs and snapshots hide it too, and its memory is wiped when dropped.
///
/// ```
/// # use hostfn_contract::Secret;
/// let password = Secret::new("correct horse");
/// assert_eq!(format!("{password:?}"), "<secret>");
/// assert_eq!(password.expose(), "correct horse");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
