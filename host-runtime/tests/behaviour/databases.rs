//! The databases that a test is run on.

use hostfn_runtime::Database;
use hostfn_test::{TemporaryDatabase, TestDatabase};

/// An empty database, and what removes it.
pub(crate) struct Empty {
    pub(crate) database: Database,
    /// Nothing where it is in memory: there, one connection does everything.
    pub(crate) place: Option<TemporaryDatabase>,
}

impl Empty {
    pub(crate) fn in_memory() -> Self {
        Self { database: Database::open("sqlite::memory:").unwrap(), place: None }
    }

    pub(crate) fn on(database: TestDatabase) -> Self {
        let place = database.temporary();
        Self { database: place.open(), place: Some(place) }
    }
}

/// One of each kind.
pub(crate) fn every_kind() -> impl Iterator<Item = Empty> {
    [Empty::in_memory()].into_iter().chain(TestDatabase::available().map(Empty::on))
}
