//! Where a fault happens: a database of its own, and the program that workers run.

use std::path::{Path, PathBuf};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::BigInt};
use hostfn::{Database, PluginManager, PluginManagerBuilder, db::Backend, on_backend};
use hostfn_test::postgres::Server;
use tempfile::TempDir;

use crate::Broken;

/// A database of one fault's own, which is gone afterwards.
pub struct Site {
    pub(crate) backend: Backend,
    /// Its URL, without options.
    url: String,
    /// `hostfn-soak` itself.
    pub(crate) worker: PathBuf,
    folder: TempDir,
    /// The server that it is removed from, and its name there.
    server: Option<(&'static Server, String)>,
}

impl Site {
    /// A new database with the tables of all functions. `worker` is the program `hostfn-soak`.
    ///
    /// # Errors
    /// When there is no such database to be had.
    pub fn new(backend: Backend, worker: &Path) -> Result<Self, Broken> {
        let folder = tempfile::Builder::new().prefix("hostfn-soak-").tempdir()?;
        let (url, server) = match backend {
            Backend::Sqlite => (format!("sqlite://{}", folder.path().join("soak.db").display()), None),
            _ => {
                let server = Server::shared().map_err(Clone::clone)?;
                let name = format!("soak_{:016x}", getrandom::u64()?);
                server.execute("postgres", &format!("CREATE DATABASE {name}"))?;
                (server.url(&name), Some((server, name)))
            }
        };
        let site = Self { backend, url, worker: worker.to_owned(), folder, server };
        // Closed again, so that a file's log is empty.
        site.host("")?;
        Ok(site)
    }

    /// The URL with options: `durability=normal&connections=2`. Those of PostgreSQL alone are left out on SQLite.
    pub(crate) fn url(&self, options: &str) -> String {
        let of_this = |option: &&str| {
            !option.is_empty() && (self.backend == Backend::Postgres || !option.starts_with("connections"))
        };
        let options: Vec<_> = options.split('&').filter(of_this).collect();
        match (options.is_empty(), self.url.contains('?')) {
            (true, _) => self.url.clone(),
            (false, true) => format!("{}&{}", self.url, options.join("&")),
            (false, false) => format!("{}?{}", self.url, options.join("&")),
        }
    }

    /// A host of its own connections on it.
    pub(crate) fn host(&self, options: &str) -> Result<PluginManager, Broken> {
        Ok(host(&self.url(options))?.build()?)
    }

    /// The folder of the database's files, on SQLite; else an empty one.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection that knows nothing of a host, as an administrator's.
    pub(crate) fn stranger(&self) -> Result<Stranger, Broken> {
        Stranger::at(&self.url)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            let _ = server.execute("postgres", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// A host of the built-in functions and those of the soak.
pub(crate) fn host(url: &str) -> Result<PluginManagerBuilder, Broken> {
    let database = Database::open(url)?;
    Ok(PluginManager::builder().functions(hostfn_functions::registry()).functions(crate::registry()).database(database))
}

/// A connection beside the host's.
pub(crate) enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Stranger {
    /// To the database at a URL without options of the host's.
    pub(crate) fn at(url: &str) -> Result<Self, Broken> {
        Ok(match url.strip_prefix("sqlite://") {
            Some(file) => Self::Sqlite(SqliteConnection::establish(file)?),
            None => Self::Postgres(PgConnection::establish(url)?),
        })
    }

    /// Runs statements.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), Broken> {
        use diesel::connection::SimpleConnection;
        match self {
            Self::Sqlite(connection) => connection.batch_execute(sql)?,
            Self::Postgres(connection) => connection.batch_execute(sql)?,
        }
        Ok(())
    }

    /// The one number that a query named `number`.
    pub(crate) fn number(&mut self, sql: &str) -> Result<i64, Broken> {
        let row: Number = match self {
            Self::Sqlite(connection) => sql_query(sql).get_result(connection)?,
            Self::Postgres(connection) => sql_query(sql).get_result(connection)?,
        };
        Ok(row.number)
    }
}

/// Fails unless the database is whole: by SQLite's own checks, and on both by what the tables promise each other.
pub(crate) fn check_whole(database: &Database) -> Result<(), Broken> {
    let mut checks = vec![
        "SELECT count(*) AS number FROM sessions WHERE user_uuid NOT IN (SELECT uuid FROM users)",
        "SELECT count(*) - count(DISTINCT lower(email)) AS number FROM users",
    ];
    if database.backend() == Backend::Sqlite {
        checks.push("SELECT count(*) AS number FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
        checks.push("SELECT count(*) AS number FROM pragma_foreign_key_check");
    }
    for check in checks {
        let found: Number =
            database.read(|db| Ok(on_backend!(db, |connection| sql_query(check).get_result(connection))?))?;
        if found.number != 0 {
            return Err(format!("the database is damaged: {} by `{check}`", found.number).into());
        }
    }
    Ok(())
}
