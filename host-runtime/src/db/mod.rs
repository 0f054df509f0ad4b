//! The database that host functions reach: its URL, its pools, its transactions, its migrations,
//! and the types whose columns are native on every backend.

mod backup;
mod connection;
mod database;
mod database_error;
mod keep_prepared;
mod migrations;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod scope;
pub mod sql_types;
mod sqlite;
mod sqlite_transaction;
mod sqlite_uri;
mod timestamp;
mod transaction;
mod url;
mod uuid;

pub use backup::CopyError;
pub use connection::{Backend, DbConnection};
pub use database::Database;
pub use database_error::DatabaseError;
pub use keep_prepared::{KeepPrepared, Kept};
pub use migrations::{MigrationError, Migrations};
#[cfg(feature = "postgres")]
pub use postgres::PostgresSession;
pub(crate) use scope::{Entered, Scope};
pub use sqlite::SqliteSession;
pub use timestamp::{InvalidTimestamp, Timestamp};
pub(crate) use transaction::{Access, Transaction};
pub use url::{DatabaseUrl, Durability, InvalidDatabaseUrl, Location, Processes};
pub use uuid::{InvalidUuid, Uuid};
