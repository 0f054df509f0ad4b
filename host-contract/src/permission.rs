use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The permissions that a plugin was granted. Empty unless told otherwise: everything is denied.
///
/// A permission is a name in lower case with parts set off by colons, such as `users:read`. A
/// grant is such a name, or one that ends in `*` and then covers everything below: `sessions:*`,
/// or `*` for all that the host has.
///
/// ```
/// # use hostfn_contract::Grants;
/// let grants: Grants = ["users:read", "sessions:*"].into_iter().map(str::parse).collect::<Result<_, _>>()?;
/// assert!(grants.covers("users:read") && grants.covers("sessions:write"));
/// assert!(!grants.covers("users:write"));
/// # Ok::<(), hostfn_contract::InvalidPermission>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    // Few, so that a scan is quicker than a hash.
    names: Vec<String>,
}

impl Grants {
    /// No permission at all.
    pub const fn none() -> Self {
        Self { names: Vec::new() }
    }

    /// Every permission of the host, present and future: for tests and for one's own plugins.
    pub fn all() -> Self {
        Self { names: vec!["*".to_owned()] }
    }

    /// These permissions.
    ///
    /// # Errors
    /// The first that is not the name of a permission.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPermission> {
        names.into_iter().map(str::parse).collect()
    }

    /// Whether these grants cover `permission`.
    pub fn covers(&self, permission: &str) -> bool {
        self.names.iter().any(|grant| match grant.strip_suffix('*') {
            Some(above) => permission.starts_with(above),
            None => grant == permission,
        })
    }

    /// What is left of these grants for one who may have no more than `most`: of a grant that goes further, the part
    /// that is granted.
    ///
    /// ```
    /// # use hostfn_contract::Grants;
    /// let asked = Grants::of(["users:*", "sessions:read"])?;
    /// let most = Grants::of(["users:read", "sessions:*"])?;
    /// assert_eq!(asked.within(&most), Grants::of(["users:read", "sessions:read"])?);
    /// # Ok::<(), hostfn_contract::InvalidPermission>(())
    /// ```
    #[must_use]
    pub fn within(&self, most: &Self) -> Self {
        let within = |inner: &Self, outer: &Self| {
            inner.names.iter().filter(|name| outer.includes(name)).cloned().collect::<Vec<_>>()
        };
        let mut names = within(self, most);
        names.extend(within(most, self));
        names.sort();
        names.dedup();
        Self { names }
    }

    /// Whether everything that `grant` covers, a name or one that ends in `*`, is covered by these.
    pub fn includes(&self, grant: &str) -> bool {
        self.names.iter().any(|ours| match ours.strip_suffix('*') {
            Some(above) => grant.starts_with(above),
            None => grant == ours,
        })
    }

    /// Whether these grant nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Each grant as it was written.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

/// As files have them: a list of names.
impl JsonSchema for Grants {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Grants".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {
                "type": "string",
                "description": "A permission such as `users:read`, `users:*` for all below it, or `*` for all.",
                "pattern": r"^(\*|[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)*(:\*)?)$"
            }
        })
    }
}

impl std::str::FromStr for Grants {
    type Err = InvalidPermission;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let exact = name.strip_suffix(":*").unwrap_or(name);
        if name == "*" || is_permission(exact) {
            Ok(Self { names: vec![name.to_owned()] })
        } else {
            Err(InvalidPermission { name: name.to_owned() })
        }
    }
}

impl FromIterator<Grants> for Grants {
    fn from_iter<I: IntoIterator<Item = Grants>>(grants: I) -> Self {
        let mut names: Vec<_> = grants.into_iter().flat_map(|grants| grants.names).collect();
        names.sort();
        names.dedup();
        Self { names }
    }
}

/// Whether `name` can name a permission: parts of lower-case letters, digits and underscores, each
/// starting with a letter, set off by colons.
pub fn is_permission(name: &str) -> bool {
    name.split(':').all(|part| {
        part.starts_with(|first: char| first.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

/// A grant that names no permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPermission {
    name: String,
}

impl fmt::Display for InvalidPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a permission: write lower-case parts set off by colons, such as `users:read`, \
             or end with `*` to cover everything below, such as `users:*`",
            self.name
        )
    }
}

impl std::error::Error for InvalidPermission {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_covered_by_default() {
        assert!(!Grants::default().covers("users:read"));
        assert!(!Grants::none().covers(""));
    }

    #[test]
    fn a_star_covers_what_is_below_and_nothing_beside() {
        let grants = Grants::of(["users:*"]).unwrap();
        assert!(grants.covers("users:read"));
        assert!(!grants.covers("users"));
        assert!(!grants.covers("users_secret:read"));
        assert!(Grants::all().covers("anything"));
    }

    #[test]
    fn of_what_is_asked_only_that_is_left_which_is_granted() {
        for (asked, most, left) in [
            (&["users:read"][..], &["*"][..], &["users:read"][..]),
            (&["*"], &["users:read"], &["users:read"]),
            (&["users:*"], &["users:*"], &["users:*"]),
            (&["users:*"], &["sessions:*"], &[]),
            (&["users:read", "users:write"], &["users:write"], &["users:write"]),
            (&["users:*", "users:read"], &["*"], &["users:*", "users:read"]),
            (&[], &["*"], &[]),
            (&["*"], &[], &[]),
        ] {
            let grants = |names: &[&str]| Grants::of(names.iter().copied()).unwrap();
            assert_eq!(grants(asked).within(&grants(most)), grants(left), "{asked:?} within {most:?}");
        }
    }

    #[test]
    fn what_is_not_a_permission_is_refused() {
        for name in ["", "users:", ":read", "Users:read", "users:re*", "*:read", "users read", "users:*:read", "**"] {
            assert!(Grants::of([name]).is_err(), "{name}");
        }
    }
}
