use std::collections::BTreeMap;

use hostfn_runtime::{Database, Registry};

use crate::{
    database::TableRows,
    fixture::{Failure, internal},
    template::migrated,
    test_database::TestDatabase,
};

/// The tables that the migrations of registries make on SQLite, each with its columns: what a scenario can name.
///
/// # Errors
/// When the migrations are not for SQLite, or fail.
pub fn tables_of(registries: &[Registry]) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let temporary = migrated(TestDatabase::Sqlite, registries)?;
    let rows = TableRows::read(&Database::open(temporary.url())?).map_err(internal)?;
    let names = |columns: Vec<&str>| columns.into_iter().map(str::to_owned).collect();
    Ok(rows.columns().into_iter().map(|(table, columns)| (table.to_owned(), names(columns))).collect())
}
