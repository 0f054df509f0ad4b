//! SQL types that are native on each backend, for `diesel::table!`.
//!
//! | type | Rust | SQLite | PostgreSQL |
//! |---|---|---|---|
//! | [`Uuid`] | [`hostfn::Uuid`](crate::Uuid) | `TEXT`, hyphenated lower case | `uuid` |
//! | [`Timestamp`] | [`hostfn::Timestamp`](crate::Timestamp) | `INTEGER`, microseconds since 1970 in UTC | `timestamptz` |
//!
//! ```
//! diesel::table! {
//!     use diesel::sql_types::Text;
//!     # use hostfn_runtime as hostfn;
//!     use hostfn::sql_types::{Timestamp, Uuid};
//!
//!     notes (uuid) {
//!         uuid -> Uuid,
//!         text -> Text,
//!         created_at -> Timestamp,
//!     }
//! }
//! ```

use diesel::{
    query_builder::QueryId,
    sql_types::{Interval, SqlType, ops},
};

// PostgreSQL's own types have the same numbers on every server. By name diesel would ask for them, once a connection, and
// a connection that breaks then would be told as a type that is not there.

/// A UUID: `uuid` on PostgreSQL, text on SQLite, which has no such type.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Text"))]
pub struct Uuid;

/// A point in time: `timestamptz` on PostgreSQL, microseconds in an integer on SQLite, where text
/// would compare by its spelling.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Timestamp;

// `diesel::table!` takes a column of this name for one that intervals can be added to.
impl ops::Add for Timestamp {
    type Rhs = Interval;
    type Output = Self;
}

impl ops::Sub for Timestamp {
    type Rhs = Interval;
    type Output = Self;
}
