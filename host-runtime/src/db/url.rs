use std::{fmt, path::PathBuf, str::FromStr};

use super::sqlite_uri::{instead, is_sqlite_uri};

/// Where a database is, as the user writes it.
///
/// - `sqlite://app.db` or `sqlite:///var/lib/app/app.db`: a file, made when it is not there
/// - `sqlite::memory:`: in memory, gone when it is closed
/// - `postgres://user:password@host:5432/database`: PostgreSQL, as
///   [libpq](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS) reads it
///
/// Options follow, as `?durability=normal&connections=16`:
///
/// | option | of | what |
/// |---|---|---|
/// | `durability` | both | `full` (the default) or `normal`: see [`Durability`] |
/// | `processes` | a SQLite file | `many` (the default) or `one`: see [`Processes`] |
/// | `connections` | PostgreSQL | how many one host opens at most; 8 by default |
/// | any other | PostgreSQL | libpq's own: `sslmode`, `sslrootcert`, `connect_timeout`, `target_session_attrs`, … |
///
/// ```
/// # use hostfn_runtime::db::{DatabaseUrl, Durability};
/// let url: DatabaseUrl = "sqlite://app.db?durability=normal".parse()?;
/// assert_eq!(url.durability, Durability::Normal);
/// # Ok::<(), hostfn_runtime::db::InvalidDatabaseUrl>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// Where the data is.
    pub location: Location,
    /// What an acknowledged write survives.
    pub durability: Durability,
}

/// Where the data of a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    SqliteFile {
        /// Where it is.
        path: PathBuf,
        /// Who else may open it.
        processes: Processes,
    },
    /// SQLite in the memory of this process.
    SqliteMemory,
    /// A PostgreSQL server.
    Postgres {
        /// libpq's own URL, with the password if it has one.
        url: String,
        /// How many connections this host opens at most.
        connections: u32,
    },
}

/// How many processes may have a SQLite file open at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processes {
    /// Hosts, and tools beside them.
    #[default]
    Many,
    /// Whoever opens it has it for himself until he closes it or ends, also against readers, and no other process can open
    /// it meanwhile; he cannot open it while another has it open. Short reads are nearly twice as quick, since what SQLite
    /// tells other processes in shared memory and locks stays in this one. On unix only.
    One,
}

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the process, of the operating system, and a loss of power.
    #[default]
    Full,
    /// A crash of the process; on PostgreSQL of the host's process, and not of the server. A loss of power
    /// may undo the last writes, and leaves the database whole.
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

/// How many connections to PostgreSQL one host opens unless its URL says otherwise.
const POSTGRES_CONNECTIONS: u32 = 8;

fn parse(url: &str) -> Result<DatabaseUrl, String> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut location = match base.strip_prefix("sqlite:") {
        Some(":memory:") => Location::SqliteMemory,
        Some(rest) => match rest.strip_prefix("//") {
            Some("") => return Err("the path is missing: write sqlite://app.db".to_owned()),
            Some(":memory:") => return Err("write sqlite::memory: for a database in memory".to_owned()),
            Some(path) if is_sqlite_uri(path) => return Err(instead(path, query)),
            Some(path) if path.contains('\0') => return Err("a path has no NUL character".to_owned()),
            Some(path) => Location::SqliteFile { path: path.into(), processes: Processes::default() },
            None if may_hold_password(rest) => return Err("write sqlite://app.db".to_owned()),
            None => return Err(instead(rest, query)),
        },
        None if base.starts_with("postgres://") || base.starts_with("postgresql://") => {
            if cfg!(not(feature = "postgres")) {
                return Err("this build has no PostgreSQL: turn on the feature `postgres` of hostfn".to_owned());
            }
            Location::Postgres { url: base.to_owned(), connections: POSTGRES_CONNECTIONS }
        }
        None if base.starts_with("postgres") => {
            return Err("write postgres://user:password@host/database".to_owned());
        }
        None if base.contains("://") && !is_sqlite_uri(base) => {
            return Err("of databases there are SQLite and PostgreSQL: write sqlite://app.db or \
                        postgres://user:password@host/database"
                .to_owned());
        }
        None if base.is_empty() => return Err("write sqlite://app.db or sqlite::memory:".to_owned()),
        None if may_hold_password(url) => {
            return Err("write postgres://user:password@host/database, or sqlite://app.db".to_owned());
        }
        None => return Err(instead(base, query)),
    };
    let mut durability = Durability::default();
    let mut of_libpq = Vec::new();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match (option.split_once('=').unwrap_or((option, "")), &mut location) {
            (("durability", "full"), _) => durability = Durability::Full,
            (("durability", "normal"), _) => durability = Durability::Normal,
            (("durability", _), _) => return Err("durability is `full` or `normal`".to_owned()),
            (("processes", "many"), Location::SqliteFile { processes, .. }) => *processes = Processes::Many,
            (("processes", "one"), Location::SqliteFile { .. }) if cfg!(not(unix)) => {
                return Err("processes=one is for unix systems: leave it out on this one".to_owned());
            }
            (("processes", "one"), Location::SqliteFile { processes, .. }) => *processes = Processes::One,
            (("processes", _), Location::SqliteFile { .. }) => return Err("processes is `many` or `one`".to_owned()),
            (("processes", _), _) => return Err("`processes` is for a SQLite file: leave it out".to_owned()),
            (("connections", number), Location::Postgres { connections, .. }) => {
                let number = number.parse().ok().filter(|number| (1..=1000).contains(number));
                *connections = number.ok_or("`connections` is a number from 1 to 1000")?;
            }
            (_, Location::Postgres { .. }) => of_libpq.push(option),
            ((name, _), _) => {
                return Err(format!(
                    "there is no option {name:?}: there are durability=full or normal and, for a SQLite file, \
                     processes=many or one"
                ));
            }
        }
    }
    if let Location::Postgres { url, .. } = &mut location
        && !of_libpq.is_empty()
    {
        *url = format!("{url}?{}", of_libpq.join("&"));
    }
    Ok(DatabaseUrl { location, durability })
}

/// libpq's URL with options that a host needs and the user left open: that a server which cannot be reached is
/// noticed in seconds, as libpq's defaults wait for minutes, and whose connections these are.
#[cfg(feature = "postgres")]
pub(super) fn with_default_options(url: &str) -> String {
    let query = url.split_once('?').map(|(_, query)| query);
    let is_given =
        |name: &str| query.is_some_and(|query| query.split('&').any(|option| option.split('=').next() == Some(name)));
    let missing = [("connect_timeout", "5"), ("tcp_user_timeout", "5000"), ("application_name", "hostfn")];
    let missing: Vec<_> =
        missing.iter().filter(|(name, _)| !is_given(name)).map(|(name, value)| format!("{name}={value}")).collect();
    match (missing.is_empty(), query) {
        (true, _) => url.to_owned(),
        (false, None) => format!("{url}?{}", missing.join("&")),
        (false, Some(_)) => format!("{url}&{}", missing.join("&")),
    }
}

/// Whether libpq would read a part of the password as something else, because it is not percent-encoded, and
/// then complain of it word by word.
pub(super) fn is_misread(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let base = rest.split('?').next().unwrap_or_default();
    match base.rsplit_once('@').map(|(user, _)| user.split_once(':')) {
        Some(Some((_, password))) => {
            let is_encoded = |escape: &str| {
                let mut digits = escape.chars().take(2);
                // libpq refuses an encoded NUL, and says in what.
                !escape.starts_with("00")
                    && (0..2).all(|_| digits.next().is_some_and(|digit| digit.is_ascii_hexdigit()))
            };
            password.contains(['/', '@', '#', '[', ']']) || !password.split('%').skip(1).all(is_encoded)
        }
        Some(None) => false,
        // What stands behind the colon is no port, but the beginning of a password.
        None => base.split('/').next().unwrap_or_default().split(',').any(|host| {
            let port = host.rsplit(']').next().and_then(|host| host.split_once(':')).map(|(_, port)| port);
            port.is_some_and(|port| !port.chars().all(|digit| digit.is_ascii_digit()))
        }),
    }
}

/// Whether a text that is no URL may have a password in it.
fn may_hold_password(text: &str) -> bool {
    text.contains('@') || text.to_ascii_lowercase().contains("password")
}

/// The URL with its passwords hidden, for messages: what stands between the user's name and `@`, and the
/// options that hold one.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // What it was meant to be nobody can say, nor what of it is a password.
        return if may_hold_password(url) { "***".to_owned() } else { url.to_owned() };
    };
    if scheme.starts_with("postgres")
        && is_misread(url)
        && let Some((user, rest)) = rest.split_once(':')
    {
        // Where it ends nobody can say: all of it is hidden up to the last `@`.
        let shown = rest.rsplit_once('@').map(|(_, host)| format!("@{host}")).unwrap_or_default();
        return format!("{scheme}://{user}:***{shown}");
    }
    let (base, query) = rest.split_once('?').map_or((rest, None), |(base, query)| (base, Some(query)));
    // The last `@` of the whole, and not of what stands before a slash: a password that has one, and is not
    // encoded as it should be, is hidden all the same.
    let base = match base.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{user}:***@{host}"),
        None => base.to_owned(),
    };
    let options = query.map(|query| {
        let masked = query.split('&').map(|option| match option.split_once('=') {
            // libpq decodes names: one that is encoded may be any.
            Some((name, _)) if name.contains('%') || name.to_ascii_lowercase().contains("password") => {
                format!("{name}=***")
            }
            _ => option.to_owned(),
        });
        format!("?{}", masked.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}://{base}{}", options.unwrap_or_default())
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile { path, processes } => {
                write!(f, "sqlite://{}", path.display())?;
                if *processes == Processes::One { f.write_str("?processes=one") } else { Ok(()) }
            }
            Self::SqliteMemory => f.write_str("sqlite::memory:"),
            Self::Postgres { url, .. } => f.write_str(&without_password(url)),
        }
    }
}

/// The URL, in which a password is hidden.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.location.to_string();
        f.write_str(&shown)?;
        match self.durability {
            Durability::Full => Ok(()),
            Durability::Normal if shown.contains('?') => f.write_str("&durability=normal"),
            Durability::Normal => f.write_str("?durability=normal"),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Location").field(&self.to_string()).finish()
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseUrl").field(&self.to_string()).finish()
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
        assert_eq!("sqlite://app.db?processes=many".parse::<DatabaseUrl>().unwrap().to_string(), "sqlite://app.db");
    }

    #[test]
    fn a_file_of_one_process_is_one_where_the_system_has_it() {
        let parsed = "sqlite://app.db?durability=normal&processes=one".parse::<DatabaseUrl>();
        if cfg!(not(unix)) {
            assert!(parsed.unwrap_err().to_string().contains("unix systems"));
            return;
        }
        let url = parsed.unwrap();
        assert_eq!(url.location, Location::SqliteFile { path: "app.db".into(), processes: Processes::One });
        assert_eq!(url.to_string(), "sqlite://app.db?processes=one&durability=normal");
        assert_eq!(url.to_string().parse(), Ok(url));
    }

    #[test]
    fn a_wrong_url_says_what_to_write() {
        for (url, advice) in [
            ("", "write sqlite://app.db or sqlite::memory:"),
            ("app.db", "write sqlite://app.db"),
            ("sqlite:app.db", "write sqlite://app.db"),
            ("sqlite://", "the path is missing"),
            ("sqlite://:memory:", "write sqlite::memory:"),
            ("mysql://localhost/app", "of databases there are SQLite and PostgreSQL"),
            ("postgres:app", "write postgres://user:password@host/database"),
            ("sqlite://app.db?durability=none", "`full` or `normal`"),
            ("sqlite://app.db?mode=ro", "there are durability=full or normal"),
            ("sqlite://app.db?processes=2", "`many` or `one`"),
            ("sqlite::memory:?processes=one", "is for a SQLite file"),
            ("sqlite:", "write sqlite://app.db with the path"),
        ] {
            let error = url.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains(advice), "{error}");
        }
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn the_options_of_libpq_are_left_to_it() {
        let url: DatabaseUrl =
            "postgres://app@db1,db2/app?sslmode=verify-full&connections=3&durability=normal&target_session_attrs=any"
                .parse()
                .unwrap();
        let own = "postgres://app@db1,db2/app?sslmode=verify-full&target_session_attrs=any".to_owned();
        assert_eq!(url.location, Location::Postgres { url: own, connections: 3 });
        assert_eq!(url.durability, Durability::Normal);
        for connections in ["0", "many", ""] {
            let error = format!("postgres://app@db/app?connections={connections}").parse::<DatabaseUrl>().unwrap_err();
            assert!(error.to_string().contains("a number from 1 to 1000"), "{error}");
        }
        let error = "postgres://app@db/app?processes=one".parse::<DatabaseUrl>().unwrap_err().to_string();
        assert!(error.contains("is for a SQLite file"), "{error}");
    }

    #[test]
    fn what_libpq_would_misread_is_known_before() {
        for (url, is_so) in [
            ("postgres://app:hun%2Fter2%40@localhost:5432/app?sslmode=require", false),
            ("postgres://db1:1,[::1]:2,db3/app?user=a@b", false),
            ("postgres://localhost/app@home", false),
            ("postgres://app:hun/ter2@localhost/app", true),
            ("postgres://app:hun@ter2@localhost/app", true),
            ("postgres://app:hun%zzter2@localhost/app", true),
            ("postgres://app:hun%2@localhost/app", true),
            ("postgres://app:hun?ter2@localhost/app", true),
            ("postgres://app:hunter2%00@localhost/app", true),
        ] {
            assert_eq!(is_misread(url), is_so, "{url}");
        }
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("postgres://app:hunter2@localhost/app", "postgres://app:***@localhost/app"),
            ("postgresql://app:hunt@er2@h:1/app?sslmode=require", "postgresql://app:***@h:1/app?sslmode=require"),
            ("postgres://app:hun/ter2@localhost/app", "postgres://app:***@localhost/app"),
            (
                "postgres://h/app?user=app&password=hunter2&sslpassword=hunter2",
                "postgres://h/app?user=app&password=***&sslpassword=***",
            ),
            ("postgres://localhost/app", "postgres://localhost/app"),
            ("postgres://app:hun?ter2@localhost/app", "postgres://app:***@localhost/app"),
            ("postgres://app:hunt%er2@localhost/app", "postgres://app:***@localhost/app"),
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}{:?}", url.location).contains("hunt"), "{url:?}");
        }
        for wrong in [
            "postgres:app:hunter2@localhost/app",
            "app:hunter2@localhost/app",
            "Postgres:app:hunter2@localhost",
            "host=localhost password=hunter2",
            "sqlite:app:hunter2@localhost",
            "sqlite://app.db?password=hunter2",
            "postgres//app:hunter2@localhost/app",
        ] {
            let error = wrong.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
        let encoded: DatabaseUrl = "postgres://localhost/app?pass%77ord=hunter2".parse().unwrap();
        assert!(!encoded.to_string().contains("hunter2"), "{encoded}");
        let error = "postgres://app:hunter2@localhost/app?durability=none".parse::<DatabaseUrl>().unwrap_err();
        assert!(error.to_string().contains("postgres://app:***@localhost/app"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
