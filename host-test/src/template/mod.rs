//! Databases that are migrated once and copied for each test.

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use hostfn_runtime::{Database, Registry, db::Backend};

use crate::{
    fixture::Failure,
    test_database::{TemporaryDatabase, TestDatabase},
};

/// Whose migrations, and which.
type Key = Vec<(&'static str, Vec<String>)>;

#[cfg(feature = "postgres")]
pub(crate) use postgres::{OwnDatabase, unavailable};
pub(crate) use sqlite::url_of as sqlite_url;

/// A database with the tables of the registries.
pub(crate) fn migrated(database: TestDatabase, registries: &[Registry]) -> Result<TemporaryDatabase, Failure> {
    let backend = match database {
        TestDatabase::Sqlite => Backend::Sqlite,
        TestDatabase::Postgres => Backend::Postgres,
    };
    let mut key = Key::new();
    for registry in registries {
        if let Some(migrations) = registry.migrations() {
            key.push((registry.owner(), migrations.names(registry.owner(), backend)?));
        }
    }
    match database {
        _ if key.is_empty() => TemporaryDatabase::empty(database),
        TestDatabase::Sqlite => sqlite::copy(key, registries),
        #[cfg(feature = "postgres")]
        TestDatabase::Postgres => postgres::copy(key, registries),
        #[cfg(not(feature = "postgres"))]
        TestDatabase::Postgres => TemporaryDatabase::empty(database),
    }
}

fn migrate(url: &str, registries: &[Registry]) -> Result<(), Failure> {
    let database = Database::open(url)?;
    for registry in registries {
        if let Some(migrations) = registry.migrations() {
            database.migrate(registry.owner(), migrations)?;
        }
    }
    Ok(())
}
