use std::{
    any::TypeId,
    fmt,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};

#[cfg(feature = "postgres")]
use diesel::PgConnection;
use diesel::SqliteConnection;
use hostfn_contract::{HostConnection, HostError, HostState, NoConnection};

use super::{
    Access, Backend, DatabaseError, DatabaseUrl, DbConnection, Location, MigrationError, Migrations, Processes,
    Transaction,
    connection::Purpose,
    pool::{CHECKOUT_WAIT, Manager, Opening, Pool, PooledConnection, Target},
    scope::Scope,
    transaction::went_away,
    url::is_misread,
};

/// How many host functions can read at once. SQLite's readers do not wait for its writer.
const READERS: u32 = 4;

/// A database that host functions reach. Cheap to clone: all clones share its connections.
///
/// On SQLite, writes go through one connection, so that they queue instead of failing, and reads through
/// a pool; on PostgreSQL both through one pool. Every function runs in a transaction: also one that only
/// reads, so that all its statements see one state, however many they are. A function that must not hold a
/// connection all along, because it does something slow between two statements, takes `database: &Database`
/// instead of a connection and uses [`read`](Self::read) and [`write`](Self::write).
///
/// ```
/// # use hostfn_runtime::Database;
/// let database = Database::open("sqlite::memory:")?;
/// assert_eq!(database.backend().to_string(), "sqlite");
/// # Ok::<(), hostfn_runtime::db::DatabaseError>(())
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    manager: Manager,
    backend: Backend,
    writer: Pool,
    // None where the one connection does both.
    readers: Option<Pool>,
    // A database in memory lives as long as a connection to it, and a file is this process's alone as long: this one
    // never breaks, whatever happens to those that functions use.
    _anchor: Option<Mutex<DbConnection>>,
}

impl Database {
    /// Opens the database at a [`DatabaseUrl`], and makes a SQLite file that is not there yet. A PostgreSQL
    /// database must be there.
    ///
    /// # Errors
    /// When the URL is wrong or the database cannot be used.
    pub fn open(url: &str) -> Result<Self, DatabaseError> {
        Self::open_url(url.parse()?)
    }

    /// As [`open`](Self::open), of a URL that was parsed already.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub fn open_url(url: DatabaseUrl) -> Result<Self, DatabaseError> {
        Self::open_as(url, Opening::Ready)
    }

    /// As [`open_url`](Self::open_url), to look at the database as it is: no file is made, nothing of a SQLite
    /// database is changed, and [`write`](Self::write) fails on one.
    ///
    /// # Errors
    /// When the database is not there or cannot be read.
    pub fn open_unchanged(url: DatabaseUrl) -> Result<Self, DatabaseError> {
        Self::open_as(url, Opening::Unchanged)
    }

    fn open_as(url: DatabaseUrl, opening: Opening) -> Result<Self, DatabaseError> {
        let target = match &url.location {
            Location::SqliteFile { path, .. } if opening == Opening::Unchanged => {
                folder_must_exist(path, &url)?;
                if !path.exists() {
                    return Err(DatabaseError::NoFile { url: url.to_string() });
                }
                // Whoever only looks need not be the only one.
                Target::Sqlite(uri(path, "mode=ro"))
            }
            Location::SqliteFile { path, processes } => {
                folder_must_exist(path, &url)?;
                Target::Sqlite(match (path.to_string_lossy(), processes) {
                    // SQLite's way to a file that keeps the locks of the first that opens it until the last closes it, and
                    // what connections tell each other in the memory of the process.
                    (_, Processes::One) => uri(path, "vfs=unix-excl"),
                    // A path that looks like a URI would be read as one.
                    (path, Processes::Many) if path.starts_with("file:") => format!("./{path}"),
                    (path, Processes::Many) => path.into_owned(),
                })
            }
            // Unlike `:memory:`, a named one can be opened more than once.
            Location::SqliteMemory => Target::Sqlite(format!("file:/{}?vfs=memdb", uuid::Uuid::new_v4())),
            Location::Postgres { url: own, .. } if is_misread(own) => {
                return Err(DatabaseError::Password { url: url.to_string() });
            }
            Location::Postgres { url, .. } => Target::Postgres(url.clone()),
        };
        let manager = |access| Manager { target: target.clone(), access, durability: url.durability, opening };
        // What is wrong shows here, at once and in the database's own words; the pools open theirs
        // when they need them, and would only say that they waited in vain.
        let first = manager(Access::Write).open().map_err(|source| match (source.to_string(), &url.location) {
            // libpq's own words, which do not say what to do.
            (said, _) if said.contains("SSL support is not compiled in") => {
                DatabaseError::NoTls { url: url.to_string() }
            }
            (said, Location::SqliteFile { processes, .. }) if said.contains("database is locked") => {
                let wants_it_alone = *processes == Processes::One && opening == Opening::Ready;
                DatabaseError::in_use(&url, wants_it_alone)
            }
            _ => DatabaseError::Open { url: url.to_string(), source },
        })?;
        let (writers, readers) = match &url.location {
            Location::SqliteFile { .. } => (1, Some(READERS)),
            Location::SqliteMemory => (1, None),
            Location::Postgres { connections, .. } => (*connections, None),
        };
        let is_kept_open = match url.location {
            Location::SqliteMemory => true,
            Location::SqliteFile { processes, .. } => processes == Processes::One && opening == Opening::Ready,
            Location::Postgres { .. } => false,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                backend: first.backend(),
                writer: manager(Access::Write).into_pool(writers),
                readers: readers.map(|readers| manager(Access::Read).into_pool(readers)),
                manager: manager(Access::Write),
                _anchor: is_kept_open.then(|| Mutex::new(first)),
                url,
            }),
        })
    }

    /// Where it is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Which database management system it is.
    pub fn backend(&self) -> Backend {
        self.inner.backend
    }

    /// Runs `body` in a transaction that only reads, on a connection that cannot write.
    ///
    /// # Errors
    /// Those of `body`, and `unavailable` when no connection could be had.
    pub fn read<T>(&self, body: impl FnOnce(&mut DbConnection) -> Result<T, HostError>) -> Result<T, HostError> {
        self.run(Access::Read, body)
    }

    /// Runs `body` in a transaction on the connection that writes. It commits when `body` succeeds
    /// and rolls back when it fails or panics.
    ///
    /// # Errors
    /// Those of `body`, and `unavailable` when the connection could not be had.
    pub fn write<T>(&self, body: impl FnOnce(&mut DbConnection) -> Result<T, HostError>) -> Result<T, HostError> {
        self.run(Access::Write, body)
    }

    fn run<T>(
        &self,
        access: Access,
        body: impl FnOnce(&mut DbConnection) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let mut transaction = self.begin(access)?;
        let value = body(transaction.connection())?;
        transaction.commit()?;
        Ok(value)
    }

    /// Applies those of a crate's migrations that were not applied yet, all or none, and answers
    /// their names. `owner` keeps them apart from those of other crates in the same database.
    ///
    /// # Errors
    /// When the database refuses one.
    pub fn migrate(&self, owner: &str, migrations: &Migrations) -> Result<Vec<String>, MigrationError> {
        // A role that may not change tables may well use a database in which there is nothing to change.
        if self.pending_migrations(owner, migrations)?.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = check_out_alive(&self.inner.writer).map_err(|error| MigrationError::new(owner, error))?;
        migrations.apply(owner, &mut connection)
    }

    /// The names of a crate's migrations that were not applied yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn pending_migrations(&self, owner: &str, migrations: &Migrations) -> Result<Vec<String>, MigrationError> {
        let readers = self.inner.readers.as_ref().unwrap_or(&self.inner.writer);
        let mut connection = check_out_alive(readers).map_err(|error| MigrationError::new(owner, error))?;
        migrations.pending(owner, &mut connection)
    }

    /// The versions of a crate's migrations that were applied and that are not among these: those of a newer program.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unknown_migrations(&self, owner: &str, migrations: &Migrations) -> Result<Vec<String>, MigrationError> {
        let readers = self.inner.readers.as_ref().unwrap_or(&self.inner.writer);
        let mut connection = check_out_alive(readers).map_err(|error| MigrationError::new(owner, error))?;
        migrations.unknown(owner, &mut connection)
    }

    /// Whether it has the connection that a host function takes.
    pub(crate) fn offers<C: HostConnection>(&self) -> bool {
        let concrete = match self.backend() {
            Backend::Sqlite => TypeId::of::<SqliteConnection>(),
            #[cfg(feature = "postgres")]
            Backend::Postgres => TypeId::of::<PgConnection>(),
            #[cfg(not(feature = "postgres"))]
            Backend::Postgres => TypeId::of::<NoConnection>(),
        };
        [TypeId::of::<NoConnection>(), TypeId::of::<DbConnection>(), concrete].contains(&TypeId::of::<C>())
    }

    /// Begins a transaction, or a savepoint where this thread is in an atomic plugin call.
    pub(crate) fn begin(&self, access: Access) -> Result<Transaction, HostError> {
        let scope = Scope::current();
        let deadline = scope.as_ref().and_then(|scope| scope.deadline());
        // It would be waited for in vain, and everybody else would wait as long.
        let is_atomic = scope.as_ref().is_some_and(|scope| scope.is_atomic_in(self));
        let needs_writer = is_atomic || self.inner.readers.is_none() || access == Access::Write;
        if self.backend() == Backend::Sqlite && needs_writer && Scope::is_held_around(self) {
            return Err(HostError::internal(
                "the plugin call around this one is atomic and holds SQLite's one writer until it ends: call plugins from \
                 a host function outside of atomic calls, or let them only read",
            ));
        }
        if let Some(scope) = scope.filter(|scope| scope.is_atomic_in(self)) {
            return scope.lend(access);
        }
        let connection = self.begin_own(Purpose::from(access), deadline)?;
        Ok(Transaction::own(connection, access))
    }

    /// A connection on which a transaction has begun, to end by `deadline`.
    ///
    /// One whose server went away meanwhile takes no transaction, and gives way to another. So it need not be asked before
    /// whether its server is still there, which would take as long as a read. One on which none can begin is not used
    /// again either way: its server may have become a replica, and its file may not have been writable when it was opened.
    pub(super) fn begin_own(&self, purpose: Purpose, deadline: Option<Instant>) -> Result<PooledConnection, HostError> {
        let pool = match (purpose, &self.inner.readers) {
            (Purpose::Read, Some(readers)) => readers,
            _ => &self.inner.writer,
        };
        // When its server comes back, all that the pool holds are gone, and the next is new.
        let mut others = pool.max_size();
        loop {
            let mut connection = check_out(pool, deadline)?;
            connection.set_deadline(deadline);
            let Err(error) = connection.begin(purpose) else { return Ok(connection) };
            let is_gone = connection.depth().is_none() || went_away(&error);
            connection.condemn();
            if is_gone && others > 0 {
                others -= 1;
                continue;
            }
            if purpose != Purpose::Read {
                self.close_idle_readers();
            }
            return Err(error.into());
        }
    }

    /// SQLite's connections of one process share what they know of a file, and among it that it could not be written
    /// when the first of them opened it. They forget it when the last one is closed.
    fn close_idle_readers(&self) {
        let Some(readers) = &self.inner.readers else { return };
        // All at once: one that is given back while another is taken would keep what it knows.
        let mut idle: Vec<_> = (0..READERS).map_while(|_| readers.try_get()).collect();
        idle.iter_mut().for_each(|reader| reader.condemn());
    }

    /// What opens connections that also write.
    pub(super) fn manager(&self) -> &Manager {
        &self.inner.manager
    }

    /// Whether both are the same database of this process.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

/// A connection from a pool, waited for no longer than until `deadline`.
fn check_out(pool: &Pool, deadline: Option<Instant>) -> Result<PooledConnection, HostError> {
    let patience = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
        Some(left) if left.is_zero() => return Err(HostError::deadline_exceeded()),
        Some(left) => left.min(CHECKOUT_WAIT),
        None => CHECKOUT_WAIT,
    };
    pool.get_timeout(patience).map_err(|error| {
        HostError::unavailable("the database is busy: call again later").because(format!(
            "no connection became free within {patience:?}: {error}; functions that hold one for long should take \
             `&Database`, and PostgreSQL's URL may allow more `connections`"
        ))
    })
}

/// A connection from a pool, in no transaction, whose server answers.
fn check_out_alive(pool: &Pool) -> Result<PooledConnection, r2d2::Error> {
    // As many may have lost their server as the pool holds; the next is new.
    for _ in 0..pool.max_size() {
        let mut connection = pool.get()?;
        if connection.ping().is_ok() {
            return Ok(connection);
        }
        connection.condemn();
    }
    pool.get()
}

/// SQLite's URI of a file, with an option.
fn uri(path: &Path, option: &str) -> String {
    let mut path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // What stands behind two slashes would be the name of a machine.
    if path.starts_with("//") {
        path = format!("/{}", path.trim_start_matches('/'));
    }
    format!("file:{path}?{option}")
}

fn folder_must_exist(path: &Path, url: &DatabaseUrl) -> Result<(), DatabaseError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(DatabaseError::NoFolder { url: url.to_string(), folder: folder.display().to_string() })
        }
        _ => Ok(()),
    }
}

impl HostState for Database {}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.inner.url.to_string()).finish()
    }
}
