//! An application's functions, as they should be.

use diesel::prelude::*;
use hostfn::{Clock, HostError, Secret, Timestamp, host_fn};
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
    db: &mut SqliteConnection,
    clock: &Clock,
    title: String,
    text: String,
    pin: Option<Secret>,
) -> Result<Note, HostError> {
    let pin = pin.as_ref().map(Secret::expose);
    let id = diesel::insert_into(notes::table)
        .values((notes::title.eq(&title), notes::text.eq(&text), notes::pin.eq(pin), notes::changed_at.eq(clock.now())))
        .returning(notes::id)
        .get_result(db)
        .map_err(|error| match HostError::from(error) {
            error if error.code() == hostfn::ErrorCode::Conflict => {
                HostError::conflict("the title is taken").in_field("title")
            }
            error => error,
        })?;
    Ok(Note { id, title, text })
}

/// Finds a note; `null` when there is none.
#[host_fn(permission = "notes:read", read_only)]
pub(crate) fn get_note(db: &mut SqliteConnection, id: i32) -> Result<Option<Note>, HostError> {
    let row: Option<(i32, String, String)> =
        notes::table.find(id).select((notes::id, notes::title, notes::text)).get_result(db).optional()?;
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
