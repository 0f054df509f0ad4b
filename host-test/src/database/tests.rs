#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

use diesel::connection::SimpleConnection;
use serde_json::json;

use super::*;
use crate::TestDatabase;

/// A table with a column of every kind, and one whose key is not in the order of its columns.
fn tables(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => {
            "CREATE TABLE kinds (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash bytea, \"is so\" boolean,
                made_at timestamptz, uuid uuid, amount bigint, text text);
             CREATE TABLE pairs (a integer, b text, PRIMARY KEY (b, a)); CREATE TABLE loose (n integer);"
        }
        _ => {
            "CREATE TABLE kinds (id INTEGER PRIMARY KEY, hash BLOB, \"is so\" INTEGER, made_at INTEGER, uuid TEXT,
                amount INTEGER, text TEXT) STRICT;
             CREATE TABLE pairs (a INTEGER, b TEXT, PRIMARY KEY (b, a)) STRICT; CREATE TABLE loose (n INTEGER) STRICT;"
        }
    }
}

fn run(database: &Database, sql: &str) {
    database.write(|db| Ok(on_backend!(db, |connection| connection.batch_execute(sql))?)).unwrap();
}

/// What `body` finds in a database with these tables, which must be the same in each.
fn on_every_database(body: impl Fn(&Database) -> String) -> String {
    let found = TestDatabase::available().map(|database| {
        let temporary = database.temporary();
        let database = temporary.open();
        run(&database, tables(database.backend()));
        body(&database)
    });
    let found: Vec<_> = found.collect();
    found.iter().for_each(|other| assert_eq!(*other, found[0]));
    found[0].clone()
}

fn insert(database: &Database, table: &str, row: Value) -> Result<(), String> {
    let row = row.as_object().unwrap().clone();
    TableRows::insert(database, table, &row).map_err(|error| internal(error).to_string())
}

fn rows(database: &Database, table: &str) -> String {
    let rows: Vec<Value> = TableRows::read(database).unwrap().table(table).unwrap().cloned().map(Value::from).collect();
    Value::from(rows).to_string()
}

#[test]
fn what_is_put_into_a_table_is_shown_alike_on_every_database() {
    let shown = on_every_database(|database| {
        let row = json!({
            "id": 7, "hash": "00fF", "is so": true, "made_at": "2026-01-02T03:04:05.000007+00:00",
            "uuid": "67e55044-10b1-426f-9247-bb680e5fe0c8", "amount": 9_007_199_254_740_993_i64, "text": "it's \"é\"\\n"
        });
        insert(database, "kinds", row).unwrap();
        // Beyond what is there, and shown in the order of numbers.
        insert(database, "kinds", json!({"is so": 0, "made_at": 1_767_323_045_000_000_i64})).unwrap();
        insert(database, "kinds", json!({"id": 10, "hash": null})).unwrap();
        insert(database, "kinds", json!({})).unwrap();
        rows(database, "kinds")
    });
    let expected = json!([
        {"id": 7, "hash": "00ff", "is so": 1, "made_at": "2026-01-02T03:04:05.000007Z",
            "uuid": "67e55044-10b1-426f-9247-bb680e5fe0c8", "amount": 9_007_199_254_740_993_i64, "text": "it's \"é\"\\n"},
        {"id": 8, "hash": null, "is so": 0, "made_at": "2026-01-02T03:04:05.000000Z", "uuid": null, "amount": null, "text": null},
        {"id": 10, "hash": null, "is so": null, "made_at": null, "uuid": null, "amount": null, "text": null},
        {"id": 11, "hash": null, "is so": null, "made_at": null, "uuid": null, "amount": null, "text": null},
    ]);
    assert_eq!(shown, expected.to_string());
}

#[test]
fn rows_stand_in_the_order_of_their_key_and_equal_ones_beside_each_other() {
    let shown = on_every_database(|database| {
        for (a, b) in [(2, "x"), (1, "y"), (10, "x"), (1, "Z")] {
            insert(database, "pairs", json!({"a": a, "b": b})).unwrap();
        }
        for n in [5, 3, 5] {
            insert(database, "loose", json!({"n": n})).unwrap();
        }
        rows(database, "pairs") + &rows(database, "loose")
    });
    let pairs = r#"[{"a":1,"b":"Z"},{"a":2,"b":"x"},{"a":10,"b":"x"},{"a":1,"b":"y"}]"#;
    assert_eq!(shown, format!(r#"{pairs}[{{"n":3}},{{"n":5}},{{"n":5}}]"#));
}

#[test]
fn what_cannot_be_put_into_a_table_is_told() {
    on_every_database(|database| {
        let refused = |row| insert(database, "kinds", row).unwrap_err();
        let said = [
            refused(json!({"hash": "0"})),
            refused(json!({"text": "a\0b"})),
            refused(json!({"text": [1]})),
            refused(json!({"colour": "red"})),
            insert(database, "kind", json!({})).unwrap_err(),
        ];
        assert_eq!(
            said,
            [
                "`hash` is binary: write it in hexadecimal",
                "`text` has a NUL in it",
                "`text` is no single value",
                "it has no column `colour`",
                "there is no such table",
            ]
        );
        if database.backend() == Backend::Postgres {
            assert_eq!(refused(json!({"made_at": "noon"})), "`made_at` is a time: write it as 2026-01-02T03:04:05Z");
            assert_eq!(refused(json!({"is so": 2})), "`is so` is true or false");
        }
        rows(database, "kinds")
    });
}

#[test]
fn rows_that_refer_to_what_is_not_there_are_found_on_sqlite() {
    let temporary = TestDatabase::Sqlite.temporary();
    let database = temporary.open();
    run(&database, "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a (id));");
    check(&database).unwrap();
    // Another connection, which is told not to look at foreign keys.
    let file = temporary.url().trim_start_matches("sqlite://").split('?').next().unwrap();
    let mut other = <diesel::SqliteConnection as diesel::Connection>::establish(file).unwrap();
    other.batch_execute("PRAGMA foreign_keys = OFF; INSERT INTO b VALUES (1)").unwrap();
    let said = check(&database).unwrap_err().to_string();
    assert_eq!(said, "the database is not as it should be: rows of b refer to what is not there");
}
