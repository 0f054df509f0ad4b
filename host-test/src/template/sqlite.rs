use std::{
    collections::{HashMap, hash_map::Entry},
    fs,
    path::Path,
    sync::{Mutex, PoisonError},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use hostfn_runtime::Registry;
use tempfile::TempDir;

use super::{Key, migrate};
use crate::{fixture::Failure, test_database::TemporaryDatabase};

/// The folder of each migrated template.
static TEMPLATES: Mutex<Option<HashMap<Key, TempDir>>> = Mutex::new(None);

const TEMPLATE: &str = "template.db";

/// A copy of the migrated database, in a folder of its own.
pub(super) fn copy(key: Key, registries: &[Registry]) -> Result<TemporaryDatabase, Failure> {
    let folder = tempfile::tempdir()?;
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let template = match templates.get_or_insert_default().entry(key) {
        Entry::Occupied(template) => template.into_mut(),
        Entry::Vacant(vacant) => vacant.insert(migrated(registries)?),
    };
    let file = folder.path().join("test.db");
    fs::copy(template.path().join(TEMPLATE), &file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(TemporaryDatabase::in_folder(folder))
}

fn migrated(registries: &[Registry]) -> Result<TempDir, Failure> {
    let folder = tempfile::tempdir()?;
    let working = folder.path().join("working.db");
    migrate(&url_of(&working), registries)?;
    // A copy of the file alone would lack what is in the write-ahead log.
    let template = folder.path().join(TEMPLATE).display().to_string();
    SqliteConnection::establish(&working.to_string_lossy())?
        .batch_execute(&format!("VACUUM INTO '{}'", template.replace('\'', "''")))?;
    Ok(folder)
}

/// Nothing outlives a test, so that nothing need survive a loss of power.
pub(crate) fn url_of(file: &Path) -> String {
    format!("sqlite://{}?durability=normal", file.display())
}
