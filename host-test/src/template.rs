//! Databases that are migrated once a process and copied for each test.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use hostfn_runtime::{Database, Registry};
use tempfile::TempDir;

/// Whose migrations, and which.
type Key = Vec<(&'static str, Vec<String>)>;

/// The folder of each migrated template.
static TEMPLATES: Mutex<Option<HashMap<Key, TempDir>>> = Mutex::new(None);

/// Puts a migrated database of the registries in `folder`, and says where.
///
/// # Panics
/// When it cannot be made or migrated.
pub(crate) fn database_in(folder: &Path, registries: &[Registry]) -> PathBuf {
    let file = folder.join("test.db");
    let key: Key = registries
        .iter()
        .filter_map(|registry| Some((registry.owner(), registry.migrations()?.names(registry.owner()).ok()?)))
        .collect();
    if key.is_empty() {
        return file;
    }
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let template = templates.get_or_insert_default().entry(key).or_insert_with(|| migrated(registries));
    fs::copy(template.path().join(TEMPLATE), &file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    file
}

fn migrated(registries: &[Registry]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let working = folder.path().join("working.db");
    let database = Database::open(&url(&working)).unwrap_or_else(|error| panic!("{error}"));
    for registry in registries {
        if let Some(migrations) = registry.migrations() {
            database.migrate(registry.owner(), migrations).unwrap_or_else(|error| panic!("{error}"));
        }
    }
    // A copy of the file alone would lack what is in the write-ahead log.
    let template = folder.path().join(TEMPLATE);
    SqliteConnection::establish(&working.to_string_lossy())
        .unwrap_or_else(|error| panic!("{}: {error}", working.display()))
        .batch_execute(&format!("VACUUM INTO '{}'", template.display().to_string().replace('\'', "''")))
        .unwrap_or_else(|error| panic!("{}: {error}", template.display()));
    folder
}

const TEMPLATE: &str = "template.db";

/// Nothing outlives a test, so that nothing need survive a loss of power.
pub(crate) fn url(file: &Path) -> String {
    format!("sqlite://{}?durability=normal", file.display())
}
