//! The database that host functions reach: its URL, its pools, its transactions, its migrations,
//! and the types whose columns are native on every backend.

mod connection;
mod database;
mod migrations;
mod pool;
pub mod sql_types;
mod timestamp;
mod transaction;
mod url;
mod uuid;

pub use connection::{Backend, DbConnection};
pub use database::{Database, DatabaseError};
pub use migrations::{MigrationError, Migrations};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub(crate) use transaction::{Access, Transaction};
pub use url::{DatabaseUrl, Durability, InvalidDatabaseUrl, Location};
pub use uuid::{InvalidUuid, Uuid};
