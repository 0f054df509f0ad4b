//! The values that requests are made of. Each is checked when it is read, so that a function that
//! holds one need not check it again.

mod email;
mod lifetime;
mod password;
mod text;
mod token;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use email::Email;
pub use lifetime::{Lifetime, TtlSeconds};
pub use password::{NewPassword, Password, PasswordHash};
pub use text::{Line, Prose};
pub use token::Token;

/// How many records a delete removed. None is no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deleted {
    /// How many records were removed.
    #[schemars(range(min = 0), extend("x-checked" = true))]
    pub deleted: i32,
}

impl From<usize> for Deleted {
    fn from(deleted: usize) -> Self {
        Self { deleted: i32::try_from(deleted).unwrap_or(i32::MAX) }
    }
}
