//! Whether a SQLite database is whole.

use diesel::{RunQueryDsl, dsl::sql, sql_types::Text};
use hostfn_runtime::{DbConnection, HostError, on_backend};

/// The most damages that are told: a file of which half is gone has thousands.
const MOST: usize = 10;

/// What is damaged in a SQLite database: pages and indexes, and rows that refer to rows which are not there.
pub(crate) fn damages(db: &mut DbConnection) -> Result<Vec<String>, HostError> {
    let pages = format!("PRAGMA integrity_check({MOST})");
    let mut damages: Vec<String> = on_backend!(db, |connection| sql::<Text>(&pages).load(connection))?;
    damages.retain(|damage| damage != "ok");
    let rows = "SELECT 'rows of ' || \"table\" || ' refer to rows of ' || parent || ' that are not there: ' || count(*) \
                FROM pragma_foreign_key_check GROUP BY \"table\", parent";
    let rows: Vec<String> = on_backend!(db, |connection| sql::<Text>(rows).load(connection))?;
    damages.extend(rows);
    Ok(damages)
}
