//! A smoke test of the database.

use hostfn::{DbConnection, HostError, host_fn};
use schemars::JsonSchema;
use serde::Serialize;

/// What database the host has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DatabaseStatus {
    /// The database management system: `sqlite` or `postgres`.
    pub backend: String,
    /// Its version, as it says itself.
    pub version: String,
    /// The newest of the migrations of the built-in tables; null when none was applied.
    pub migration: Option<String>,
}

/// Says that the database answers, and which it is.
#[host_fn(read_only)]
pub fn db_test_connection(db: &mut DbConnection) -> Result<DatabaseStatus, HostError> {
    Ok(DatabaseStatus {
        backend: db.backend().to_string(),
        version: db.version()?,
        migration: db.newest_migration(env!("CARGO_PKG_NAME"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::Fixture;

    #[test]
    fn the_database_says_what_it_is() {
        let status = Fixture::new().read(db_test_connection);
        assert_eq!((status.backend.as_str(), status.migration.as_deref()), ("sqlite", Some("0002")));
        assert!(status.version.starts_with("3."), "{}", status.version);
    }
}
