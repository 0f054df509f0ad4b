//! An application's functions, as they should be.

use diesel::prelude::*;
use hostfn::{Clock, DbConnection, HostError, Secret, Timestamp, host_fn, on_backend};
use serde::{Deserialize, Serialize};

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use hostfn_runtime::sql_types::Timestamp;

    notes (id) {
        id -> Integer,
        title -> Text,
        text -> Text,
        pin -> Nullable<Text>,
        changed_at -> Timestamp,
    }
}

/// A note, without the number that protects it.
#[derive(Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub(crate) struct Note {
    pub(crate) id: i32,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// Stores a note.
#[host_fn(permission = "notes:write", errors(conflict))]
pub(crate) fn add_note(
    db: &mut DbConnection,
    clock: &Clock,
    title: String,
    text: String,
    pin: Option<Secret>,
) -> Result<Note, HostError> {
    let pin = pin.as_ref().map(Secret::expose);
    // A sequence of PostgreSQL would leave a gap for a note that is refused.
    let newest: Option<i32> =
        on_backend!(db, |connection| notes::table.select(diesel::dsl::max(notes::id)).get_result(connection))?;
    let id = newest.unwrap_or_default() + 1;
    let note = (
        (notes::id.eq(id), notes::title.eq(&title), notes::text.eq(&text)),
        (notes::pin.eq(pin), notes::changed_at.eq(clock.now())),
    );
    on_backend!(db, |connection| diesel::insert_into(notes::table).values(note).execute(connection)).map_err(
        |error| match HostError::from(error) {
            error if error.code() == hostfn::ErrorCode::Conflict => {
                HostError::conflict("the title is taken").in_field("title")
            }
            error => error,
        },
    )?;
    Ok(Note { id, title, text })
}

/// Finds a note; `null` when there is none.
#[host_fn(permission = "notes:read", read_only)]
pub(crate) fn get_note(db: &mut DbConnection, id: i32) -> Result<Option<Note>, HostError> {
    let note = notes::table.find(id).select((notes::id, notes::title, notes::text));
    let row: Option<(i32, String, String)> = on_backend!(db, |connection| note.get_result(connection)).optional()?;
    Ok(row.map(|(id, title, text)| Note { id, title, text }))
}

/// Answers the time.
#[host_fn(permission = "time")]
pub(crate) fn what_time(clock: &Clock) -> Timestamp {
    clock.now()
}

/// Says that nobody is there, and did not declare that it may.
#[host_fn(permission = "notes:read")]
pub(crate) fn undeclared() -> Result<String, HostError> {
    Err(HostError::not_found("nobody is there"))
}
