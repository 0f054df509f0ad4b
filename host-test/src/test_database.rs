use std::{
    env, fmt,
    io::{self, Write},
    sync::Once,
};

use hostfn_runtime::Database;
use tempfile::TempDir;

#[cfg(feature = "postgres")]
use crate::template::OwnDatabase;
use crate::{fixture::Failure, template};

/// The database management systems that a test can be run on.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// use hostfn_test::{TestDatabase, TestHost};
/// # hostfn::registry!();
/// # fn main() {
/// for database in TestDatabase::available() {
///     let host = TestHost::on(database, registry());
///     assert_eq!(host.database().backend().to_string(), database.to_string());
/// }
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestDatabase {
    /// SQLite, in a temporary folder.
    Sqlite,
    /// PostgreSQL: a database on the server that all tests of the process share. Needs the feature `postgres`.
    Postgres,
}

impl TestDatabase {
    /// All of them, whether they can be used or not.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Why it cannot be used, if it cannot.
    pub fn unavailable(self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            #[cfg(feature = "postgres")]
            Self::Postgres => template::unavailable(),
            #[cfg(not(feature = "postgres"))]
            Self::Postgres => Some("hostfn-test was built without the feature `postgres`".to_owned()),
        }
    }

    /// Those that can be used. Why another cannot be is said on standard error, once a process.
    ///
    /// # Panics
    /// When one cannot be used and the environment variable `CI` is `true`: there, what is not tested is not known
    /// to work.
    pub fn available() -> impl Iterator<Item = Self> {
        static SAID: Once = Once::new();
        Self::ALL.into_iter().filter(|database| {
            let Some(reason) = database.unavailable() else { return true };
            let said = format!("no test runs on {database}: {reason}");
            assert!(!Self::skipping_fails(), "{said}");
            // Past what catches the output of a test that passes.
            SAID.call_once(|| _ = writeln!(io::stderr(), "{said}"));
            false
        })
    }

    /// Whether a test run fails in which something could not be tried: where the environment variable `CI` is `true`.
    pub fn skipping_fails() -> bool {
        env::var_os("CI").is_some_and(|value| value == "true")
    }

    /// An empty database of a test's own.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn temporary(self) -> TemporaryDatabase {
        TemporaryDatabase::empty(self).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// As it stands in URLs: `sqlite` or `postgres`.
impl fmt::Display for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// A database of a test's own. When this is dropped it is removed, with whoever is still connected to it.
pub struct TemporaryDatabase {
    url: String,
    _place: Place,
}

/// Where it is, which takes it away when it is dropped.
enum Place {
    Folder(#[expect(dead_code, reason = "it is there to be dropped")] TempDir),
    #[cfg(feature = "postgres")]
    Server(#[expect(dead_code, reason = "it is there to be dropped")] OwnDatabase),
}

impl TemporaryDatabase {
    pub(crate) fn empty(database: TestDatabase) -> Result<Self, Failure> {
        match database {
            TestDatabase::Sqlite => Ok(Self::in_folder(tempfile::tempdir()?)),
            #[cfg(feature = "postgres")]
            TestDatabase::Postgres => Ok(Self::on_server(OwnDatabase::empty()?)),
            #[cfg(not(feature = "postgres"))]
            TestDatabase::Postgres => Err(database.unavailable().unwrap_or_default().into()),
        }
    }

    /// The file `test.db` in a folder.
    pub(crate) fn in_folder(folder: TempDir) -> Self {
        Self { url: template::sqlite_url(&folder.path().join("test.db")), _place: Place::Folder(folder) }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn on_server(database: OwnDatabase) -> Self {
        Self { url: database.url(), _place: Place::Server(database) }
    }

    /// Its URL, for [`Database::open`].
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn open(&self) -> Database {
        Database::open(&self.url).unwrap_or_else(|error| panic!("{error}"))
    }
}

impl fmt::Debug for TemporaryDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TemporaryDatabase").finish_non_exhaustive()
    }
}
