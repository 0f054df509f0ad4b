use serde::Serialize;

use super::{Bump, Rule};

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Under which rule it falls.
    pub rule: Rule,
    /// Where it is: `db_create_user.request.name`. Items of a list are `tags[]`, variants of a union
    /// `contact[kind=email]`, values of an enumeration `role=admin`; what is of no function begins with
    /// `answer` or `$defs`.
    pub path: String,
    /// The function that it is of, if it is of one.
    pub function: Option<String>,
    /// The crate whose function that is.
    #[serde(rename = "crate")]
    pub owner: Option<String>,
    /// The version bump that it asks for.
    pub bump: Bump,
    /// Whom it breaks and why, or that it breaks nobody.
    pub why: &'static str,
    /// What there was, where that helps.
    pub old: Option<String>,
    /// What there is now.
    pub new: Option<String>,
    /// Whether somebody knows of it and takes it.
    pub acknowledged: bool,
}

impl Finding {
    /// Whether a plugin that worked may not work any more.
    pub fn is_breaking(&self) -> bool {
        self.bump == Bump::Major
    }
}
