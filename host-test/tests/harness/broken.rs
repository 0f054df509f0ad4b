//! An operation, broken in the ways in which operations break: from what the test says, the cause is plain.

use std::path::Path;

use diesel::prelude::*;
use hostfn::{Clock, Database, DbConnection, HostError, host_fn};
use hostfn_test::{TestDatabase, TestHost, Transcript, assert_transcript};
use serde_json::json;

use crate::{
    functions::{Note, notes},
    functions_in,
};

fn update(db: &mut DbConnection, clock: &Clock, id: i32, text: &str) -> Result<Note, HostError> {
    let row = hostfn::on_backend!(db, |connection| diesel::update(notes::table.find(id))
        .set((notes::text.eq(text), notes::changed_at.eq(clock.now())))
        .returning((notes::id, notes::title, notes::text))
        .get_result(connection));
    let (id, title, text) = row.optional()?.ok_or_else(|| HostError::not_found("there is no such note"))?;
    Ok(Note { id, title, text })
}

/// Changes the text of a note.
#[host_fn(name = "update_note", namespace = "right", errors(not_found))]
fn right(db: &mut DbConnection, clock: &Clock, id: i32, text: String) -> Result<Note, HostError> {
    update(db, clock, id, &text)
}

/// Answers with the text where the title belongs.
#[host_fn(name = "update_note", namespace = "wrong_field", errors(not_found))]
fn wrong_field(db: &mut DbConnection, clock: &Clock, id: i32, text: String) -> Result<Note, HostError> {
    Ok(Note { title: text.clone(), ..update(db, clock, id, &text)? })
}

/// Changes another note, and answers with the one that was meant.
#[host_fn(name = "update_note", namespace = "wrong_row", errors(not_found))]
fn wrong_row(db: &mut DbConnection, clock: &Clock, id: i32, text: String) -> Result<Note, HostError> {
    Ok(Note { id, title: "first".to_owned(), ..update(db, clock, id + 1, &text)? })
}

/// Says that the note is taken where it is not there.
#[host_fn(name = "update_note", namespace = "wrong_code", errors(not_found, conflict))]
fn wrong_code(db: &mut DbConnection, clock: &Clock, id: i32, text: String) -> Result<Note, HostError> {
    update(db, clock, id, &text).map_err(|_| HostError::conflict("there is no such note"))
}

/// Writes beside its transaction, so that a failure leaves what it wrote.
#[host_fn(name = "update_note", namespace = "lost_rollback", errors(not_found))]
fn lost_rollback(database: &Database, clock: &Clock, id: i32, text: String) -> Result<Note, HostError> {
    database.write(|db| {
        hostfn::on_backend!(db, |connection| diesel::update(notes::table.find(1))
            .set(notes::text.eq(&text))
            .execute(connection))?;
        Ok(())
    })?;
    database.write(|db| update(db, clock, id, &text))
}

/// A note, with the number that protects it.
#[derive(serde::Serialize, schemars::JsonSchema)]
struct WholeNote {
    #[serde(flatten)]
    note: Note,
    pin: Option<String>,
}

/// Answers a column that nobody asked for.
#[host_fn(name = "update_note", namespace = "leaked_column", errors(not_found))]
fn leaked_column(db: &mut DbConnection, clock: &Clock, id: i32, text: String) -> Result<WholeNote, HostError> {
    let note = update(db, clock, id, &text)?;
    let pin = hostfn::on_backend!(db, |connection| notes::table.find(id).select(notes::pin).get_result(connection))?;
    Ok(WholeNote { note, pin })
}

/// What every version of the function is tested with.
fn transcript(database: TestDatabase, namespace: &str) -> Transcript {
    let host = TestHost::on(database, functions_in(namespace));
    host.database()
        .write(|db| {
            let notes = [(1, "first"), (2, "second")].map(|(id, title)| {
                (notes::id.eq(id), notes::title.eq(title), notes::text.eq("old"), notes::pin.eq("1234"))
            });
            for note in notes {
                let insert = diesel::insert_into(notes::table).values((note, notes::changed_at.eq(host.clock().now())));
                hostfn::on_backend!(db, |connection| insert.execute(connection))?;
            }
            Ok(())
        })
        .expect("the notes are stored");
    host.clock().advance_seconds(60);
    host.record(|| {
        host.call("update_note", json!({"id": 1, "text": "new"}));
        host.call("update_note", json!({"id": 9, "text": "newer"}));
    })
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/broken");

/// What `assert_transcript!` says of a broken version: the same on every database.
fn failure(namespace: &str) -> String {
    let difference = |database| {
        let text = transcript(database, namespace).to_string();
        hostfn_test::__private::difference(Path::new(FOLDER), "update_note", &text)
    };
    let said = difference(TestDatabase::Sqlite);
    TestDatabase::available().for_each(|database| assert_eq!(difference(database), said, "{database}"));
    said
}

#[test]
fn the_operation_as_it_should_be_passes() {
    for database in TestDatabase::available() {
        assert_transcript!(transcript(database, "right"), folder = FOLDER, name = "update_note");
    }
}

#[test]
fn a_wrong_field_is_named() {
    let said = failure("wrong_field");
    assert!(
        said.contains(r#"call 1, `update_note` by `test`: the answer differs, data.title "first" -> "new""#),
        "{said}"
    );
}

#[test]
fn a_wrong_row_is_named() {
    let said = failure("wrong_row");
    assert!(said.contains("- changed in notes, id 1\n    + changed in notes, id 2"), "{said}");
    assert!(!said.contains("call 1"), "the answer is the same:\n{said}");
}

#[test]
fn a_wrong_error_code_is_named() {
    let said = failure("wrong_code");
    let expected = r#"call 2, `update_note` by `test`: the answer differs, error.code "not_found" -> "conflict""#;
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_lost_rollback_is_seen_in_the_database() {
    let said = failure("lost_rollback");
    assert!(said.contains(r#"+ text: "old" -> "newer""#), "{said}");
    assert!(!said.contains("the answer differs"), "the answers are the same:\n{said}");
}

#[test]
fn a_leaked_column_is_named() {
    let said = failure("leaked_column");
    assert!(said.contains(r#"the answer differs, data.pin absent -> "1234""#), "{said}");
}
