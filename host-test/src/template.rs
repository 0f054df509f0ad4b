//! Databases that are migrated once a process and copied for each test.

use std::{
    collections::{HashMap, hash_map::Entry},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use hostfn_runtime::{Database, Registry, db::Backend};
use tempfile::TempDir;

use crate::fixture::Failure;

/// Whose migrations, and which.
type Key = Vec<(&'static str, Vec<String>)>;

/// The folder of each migrated template.
static TEMPLATES: Mutex<Option<HashMap<Key, TempDir>>> = Mutex::new(None);

/// Puts a migrated database of the registries in `folder`, and says where.
pub(crate) fn database_in(folder: &Path, registries: &[Registry]) -> Result<PathBuf, Failure> {
    let file = folder.join("test.db");
    let mut key = Key::new();
    for registry in registries {
        if let Some(migrations) = registry.migrations() {
            key.push((registry.owner(), migrations.names(registry.owner(), Backend::Sqlite)?));
        }
    }
    if key.is_empty() {
        return Ok(file);
    }
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let template = match templates.get_or_insert_default().entry(key) {
        Entry::Occupied(template) => template.into_mut(),
        Entry::Vacant(vacant) => vacant.insert(migrated(registries)?),
    };
    fs::copy(template.path().join(TEMPLATE), &file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

fn migrated(registries: &[Registry]) -> Result<TempDir, Failure> {
    let folder = tempfile::tempdir()?;
    let working = folder.path().join("working.db");
    let database = Database::open(&url(&working))?;
    for registry in registries {
        if let Some(migrations) = registry.migrations() {
            database.migrate(registry.owner(), migrations)?;
        }
    }
    // A copy of the file alone would lack what is in the write-ahead log.
    let template = folder.path().join(TEMPLATE).display().to_string();
    SqliteConnection::establish(&working.to_string_lossy())?
        .batch_execute(&format!("VACUUM INTO '{}'", template.replace('\'', "''")))?;
    Ok(folder)
}

const TEMPLATE: &str = "template.db";

/// Nothing outlives a test, so that nothing need survive a loss of power.
pub(crate) fn url(file: &Path) -> String {
    format!("sqlite://{}?durability=normal", file.display())
}
