use std::{error::Error, fmt, sync::Arc};

#[cfg(feature = "postgres")]
use diesel::Connection;
use diesel::{
    QueryDsl, RunQueryDsl, SqliteConnection,
    backend::Backend as DieselBackend,
    connection::SimpleConnection,
    dsl::sql,
    migration::{Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion},
    pg::Pg,
    result::QueryResult,
    sql_types::{Bool, Text},
    sqlite::Sqlite,
};
use diesel_migrations::MigrationHarness;

use super::{Access, Backend, DbConnection, KeepPrepared};
use crate::on_backend;

/// The migrations of one crate, for each backend that it supports.
///
/// Several crates' migrations live in one database: diesel's own table of applied migrations holds
/// each under its owner's name, so that equal versions do not clash, nor do an application's own
/// that it runs with diesel alone.
///
/// ```
/// # use hostfn_runtime::{Database, db::Migrations};
/// use diesel_migrations::FileBasedMigrations;
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir_all(folder.path().join("migrations/1_notes"))?;
/// # std::fs::write(folder.path().join("migrations/1_notes/up.sql"), "CREATE TABLE notes (id INTEGER PRIMARY KEY) STRICT;")?;
/// # std::fs::write(folder.path().join("migrations/1_notes/down.sql"), "DROP TABLE notes;")?;
///
/// // Usually `diesel_migrations::embed_migrations!("migrations/sqlite")`.
/// let migrations = Migrations::sqlite(FileBasedMigrations::find_migrations_directory_in_path(folder.path())?);
/// let database = Database::open("sqlite::memory:")?;
/// assert_eq!(database.migrate("my-app", &migrations)?, ["1_notes"]);
/// assert!(database.migrate("my-app", &migrations)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Default)]
pub struct Migrations {
    sqlite: Option<Arc<dyn MigrationSource<Sqlite> + Send + Sync>>,
    postgres: Option<Arc<dyn MigrationSource<Pg> + Send + Sync>>,
}

/// Migrations that could not be applied, or read.
#[derive(Debug, thiserror::Error)]
#[error("the migrations of `{owner}` cannot be applied, and nothing was changed: {source}")]
pub struct MigrationError {
    owner: String,
    source: Box<dyn Error + Send + Sync>,
}

impl MigrationError {
    /// The code of every such error.
    pub const CODES: &'static [&'static str] = &["migration-failed"];

    /// Its stable code, which never changes its meaning; `hostfn explain` tells more by it.
    pub fn code(&self) -> &'static str {
        "migration-failed"
    }

    pub(super) fn new(owner: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { owner: owner.to_owned(), source: source.into() }
    }

    fn none_for(owner: &str, backend: Backend) -> Self {
        Self::new(
            owner,
            format!("it has none for this database: write them, and add `.and_{backend}(…)` to its `Migrations`"),
        )
    }
}

impl Migrations {
    /// Migrations for SQLite: what `embed_migrations!` makes.
    pub fn sqlite(migrations: impl MigrationSource<Sqlite> + Send + Sync + 'static) -> Self {
        Self::default().and_sqlite(migrations)
    }

    /// Migrations for PostgreSQL: what `embed_migrations!` makes.
    pub fn postgres(migrations: impl MigrationSource<Pg> + Send + Sync + 'static) -> Self {
        Self::default().and_postgres(migrations)
    }

    /// The same tables on SQLite.
    #[must_use]
    pub fn and_sqlite(self, migrations: impl MigrationSource<Sqlite> + Send + Sync + 'static) -> Self {
        Self { sqlite: Some(Arc::new(migrations)), ..self }
    }

    /// The same tables on PostgreSQL.
    #[must_use]
    pub fn and_postgres(self, migrations: impl MigrationSource<Pg> + Send + Sync + 'static) -> Self {
        Self { postgres: Some(Arc::new(migrations)), ..self }
    }

    pub(super) fn apply(&self, owner: &str, connection: &mut DbConnection) -> Result<Vec<String>, MigrationError> {
        let backend = connection.backend();
        let missing = || MigrationError::none_for(owner, backend);
        let outcome = match connection {
            DbConnection::Sqlite(session) => {
                let source = OwnedBy { owner, migrations: &**self.sqlite.as_ref().ok_or_else(missing)? };
                session.set_access(Access::Write).map_err(|error| MigrationError::new(owner, error))?;
                without_foreign_keys(session.connection(), |connection| {
                    // The write lock is taken before it is known what is pending, so that two hosts that
                    // start at once do not apply the same migration twice.
                    connection.immediate_transaction(|connection| {
                        let names = run_pending(connection, source)?;
                        check_foreign_keys(connection)?;
                        Ok(names)
                    })
                })
            }
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(session) => {
                let source = OwnedBy { owner, migrations: &**self.postgres.as_ref().ok_or_else(missing)? };
                session.connection().transaction(|connection| {
                    // As above: whoever comes second waits for the first, and finds nothing pending.
                    connection.batch_execute("SELECT pg_advisory_xact_lock(hashtext('hostfn migrations'))")?;
                    run_pending(connection, source)
                })
            }
        };
        outcome.map_err(|Failed(source)| MigrationError::new(owner, source))
    }

    /// Reads only, where diesel's own would make its table.
    pub(super) fn pending(&self, owner: &str, connection: &mut DbConnection) -> Result<Vec<String>, MigrationError> {
        let applied = connection.applied_migrations().map_err(|error| MigrationError::new(owner, error))?;
        let mut all = self.sorted(owner, connection.backend())?;
        all.retain(|(version, _)| !applied.contains(version));
        Ok(all.into_iter().map(|(_, name)| name).collect())
    }

    /// Versions that were applied and that are not among these: those of a newer program.
    pub(super) fn unknown(&self, owner: &str, connection: &mut DbConnection) -> Result<Vec<String>, MigrationError> {
        let mut applied = connection.applied_migrations().map_err(|error| MigrationError::new(owner, error))?;
        let known = self.sorted(owner, connection.backend())?;
        let owned = format!("{owner}/");
        applied.retain(|version| version.starts_with(&owned) && known.iter().all(|(known, _)| known != version));
        Ok(applied.into_iter().map(|version| version.replacen(&owned, "", 1)).collect())
    }

    /// The names of all of them for a backend, in the order in which they are applied. `owner` is the crate's
    /// name.
    ///
    /// # Errors
    /// When there are none for this backend, or they cannot be read.
    pub fn names(&self, owner: &str, backend: Backend) -> Result<Vec<String>, MigrationError> {
        Ok(self.sorted(owner, backend)?.into_iter().map(|(_, name)| name).collect())
    }

    /// Versions and names, by version.
    fn sorted(&self, owner: &str, backend: Backend) -> Result<Vec<(String, String)>, MigrationError> {
        let missing = || MigrationError::none_for(owner, backend);
        match backend {
            Backend::Sqlite => sorted(owner, &**self.sqlite.as_ref().ok_or_else(missing)?),
            Backend::Postgres => sorted(owner, &**self.postgres.as_ref().ok_or_else(missing)?),
        }
    }
}

fn sorted<DB: DieselBackend + 'static>(
    owner: &str,
    migrations: &dyn MigrationSource<DB>,
) -> Result<Vec<(String, String)>, MigrationError> {
    let all = OwnedBy { owner, migrations }.migrations().map_err(|error| MigrationError::new(owner, error))?;
    let mut all: Vec<_> =
        all.iter().map(|migration| (migration.name().version().to_string(), migration.name().to_string())).collect();
    all.sort();
    Ok(all)
}

fn run_pending<DB, C>(connection: &mut C, source: OwnedBy<'_, DB>) -> Result<Vec<String>, Failed>
where
    DB: DieselBackend + 'static,
    C: MigrationHarness<DB>,
{
    let pending = connection.pending_migrations(source).map_err(Failed)?;
    let names = pending.iter().map(|migration| migration.name().to_string()).collect();
    connection.run_migrations(&pending).map_err(Failed)?;
    Ok(names)
}

/// SQLite changes a table by making another, copying, dropping the first and renaming: with foreign
/// keys on, the drop would delete all that refers to it. They cannot be turned off inside a transaction.
fn without_foreign_keys<T>(
    connection: &mut SqliteConnection,
    body: impl FnOnce(&mut SqliteConnection) -> Result<T, Failed>,
) -> Result<T, Failed> {
    connection.batch_execute("PRAGMA foreign_keys = OFF")?;
    let outcome = body(connection);
    connection.batch_execute("PRAGMA foreign_keys = ON")?;
    outcome
}

/// What the foreign keys would have refused meanwhile is refused at the end.
fn check_foreign_keys(connection: &mut SqliteConnection) -> Result<(), Failed> {
    let tables: Vec<String> =
        sql::<Text>("SELECT \"table\" FROM pragma_foreign_key_check GROUP BY 1").load(connection)?;
    match tables.as_slice() {
        [] => Ok(()),
        tables => Err(Failed(format!("rows of {} would refer to rows that are not there", tables.join(", ")).into())),
    }
}

impl DbConnection {
    /// The version of the newest migration of a crate that was applied, if one was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn newest_migration(&mut self, owner: &str) -> QueryResult<Option<String>> {
        let owned = format!("{owner}/");
        let versions = self.applied_migrations()?;
        Ok(versions.iter().rev().find_map(|version| version.strip_prefix(&owned)).map(str::to_owned))
    }

    /// The versions of all migrations that were applied, of all owners, sorted; none where none ever was.
    fn applied_migrations(&mut self) -> QueryResult<Vec<String>> {
        let is_there = sql::<Bool>(match self.backend() {
            Backend::Sqlite => "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '__diesel_schema_migrations')",
            Backend::Postgres => "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL",
        });
        let is_there: bool = on_backend!(self, |connection| is_there.keep_prepared().get_result(connection))?;
        if !is_there {
            return Ok(Vec::new());
        }
        on_backend!(self, |connection| {
            applied_migrations::table
                .select(applied_migrations::version)
                .order(applied_migrations::version)
                .load(connection)
        })
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Migrations")
    }
}

diesel::table! {
    /// Diesel's own table.
    #[sql_name = "__diesel_schema_migrations"]
    applied_migrations (version) {
        version -> Text,
    }
}

/// What `transaction` needs its error to be made from, and the harness's error is not.
struct Failed(Box<dyn Error + Send + Sync>);

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// Migrations whose versions carry the name of the crate that they belong to.
struct OwnedBy<'a, DB> {
    owner: &'a str,
    migrations: &'a dyn MigrationSource<DB>,
}

impl<DB: DieselBackend + 'static> MigrationSource<DB> for OwnedBy<'_, DB> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        let owned = |migration: Box<dyn Migration<DB>>| {
            let name = OwnedName {
                version: format!("{}/{}", self.owner, migration.name().version()),
                name: migration.name().to_string(),
            };
            Box::new(OwnedMigration { name, migration }) as Box<dyn Migration<DB>>
        };
        Ok(self.migrations.migrations()?.into_iter().map(owned).collect())
    }
}

struct OwnedMigration<DB> {
    name: OwnedName,
    migration: Box<dyn Migration<DB>>,
}

impl<DB: DieselBackend + 'static> Migration<DB> for OwnedMigration<DB> {
    fn run(&self, connection: &mut dyn diesel::connection::BoxableConnection<DB>) -> diesel::migration::Result<()> {
        self.migration.run(connection)
    }

    fn revert(&self, connection: &mut dyn diesel::connection::BoxableConnection<DB>) -> diesel::migration::Result<()> {
        self.migration.revert(connection)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self.migration.metadata()
    }

    fn name(&self) -> &dyn MigrationName {
        &self.name
    }
}

struct OwnedName {
    version: String,
    name: String,
}

impl MigrationName for OwnedName {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.version.as_str())
    }
}

impl fmt::Display for OwnedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
