use std::{fmt, path::PathBuf, str::FromStr};

/// Where a database is, as the user writes it.
///
/// - `sqlite://app.db` or `sqlite:///var/lib/app/app.db`: a file, made when it is not there
/// - `sqlite::memory:`: in memory, gone when it is closed
///
/// `?durability=full` (the default) or `?durability=normal` may follow.
///
/// ```
/// # use hostfn_runtime::db::{DatabaseUrl, Durability};
/// let url: DatabaseUrl = "sqlite://app.db?durability=normal".parse()?;
/// assert_eq!(url.durability, Durability::Normal);
/// # Ok::<(), hostfn_runtime::db::InvalidDatabaseUrl>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// Where the data is.
    pub location: Location,
    /// What an acknowledged write survives.
    pub durability: Durability,
}

/// Where the data of a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    SqliteFile(PathBuf),
    /// SQLite in the memory of this process.
    SqliteMemory,
}

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the process, of the operating system, and a loss of power.
    #[default]
    Full,
    /// A crash of the process. A loss of power may undo the last writes, and leaves the database
    /// whole.
    Normal,
}

/// A database URL that cannot be used, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{url:?} is not a database URL: {reason}")]
pub struct InvalidDatabaseUrl {
    url: String,
    reason: String,
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        parse(url).map_err(|reason| InvalidDatabaseUrl { url: without_password(url), reason })
    }
}

fn parse(url: &str) -> Result<DatabaseUrl, String> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let location = match base.strip_prefix("sqlite:") {
        Some(":memory:") => Location::SqliteMemory,
        Some(rest) => match rest.strip_prefix("//") {
            Some("") => return Err("the path is missing: write sqlite://app.db".to_owned()),
            Some(":memory:") => return Err("write sqlite::memory: for a database in memory".to_owned()),
            Some(path) if path.contains('\0') => return Err("a path has no NUL character".to_owned()),
            Some(path) => Location::SqliteFile(path.into()),
            None => return Err(format!("write sqlite://{rest}")),
        },
        None if base.starts_with("postgres:") || base.starts_with("postgresql:") => {
            return Err("PostgreSQL is not supported by this version: write sqlite://app.db".to_owned());
        }
        None if base.contains("://") => {
            return Err("of databases there is SQLite: write sqlite://app.db or sqlite::memory:".to_owned());
        }
        None if base.is_empty() => return Err("write sqlite://app.db or sqlite::memory:".to_owned()),
        None => return Err(format!("for a SQLite file write sqlite://{base}")),
    };
    let mut durability = Durability::default();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        durability = match option.split_once('=') {
            Some(("durability", "full")) => Durability::Full,
            Some(("durability", "normal")) => Durability::Normal,
            Some(("durability", _)) => return Err("durability is `full` or `normal`".to_owned()),
            _ => {
                return Err(format!(
                    "there is no option {option:?}: the one option is durability=full or durability=normal"
                ));
            }
        };
    }
    Ok(DatabaseUrl { location, durability })
}

/// The URL with what stands between the user's name and `@` hidden, for messages.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')) {
        Some((user, password)) => format!("{scheme}://{user}:***{}", &rest[user.len() + 1 + password.len()..]),
        None => url.to_owned(),
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Location::SqliteFile(path) => write!(f, "sqlite://{}", path.display())?,
            Location::SqliteMemory => f.write_str("sqlite::memory:")?,
        }
        match self.durability {
            Durability::Full => Ok(()),
            Durability::Normal => f.write_str("?durability=normal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for url in
            ["sqlite://app.db", "sqlite:///var/lib/app.db", "sqlite::memory:", "sqlite://a b.db?durability=normal"]
        {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap().to_string(), url);
        }
        assert_eq!("sqlite://app.db?durability=full".parse::<DatabaseUrl>().unwrap().durability, Durability::Full);
    }

    #[test]
    fn a_wrong_url_says_what_to_write() {
        for (url, advice) in [
            ("", "write sqlite://app.db or sqlite::memory:"),
            ("app.db", "write sqlite://app.db"),
            ("sqlite:app.db", "write sqlite://app.db"),
            ("sqlite://", "the path is missing"),
            ("sqlite://:memory:", "write sqlite::memory:"),
            ("mysql://localhost/app", "of databases there is SQLite"),
            ("sqlite://app.db?durability=none", "`full` or `normal`"),
            ("sqlite://app.db?mode=ro", "the one option is durability"),
        ] {
            let error = url.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains(advice), "{error}");
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        let error = "postgres://app:hunter2@localhost/app".parse::<DatabaseUrl>().unwrap_err().to_string();
        assert!(error.contains("postgres://app:***@localhost/app"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
