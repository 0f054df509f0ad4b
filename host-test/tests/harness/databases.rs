//! Tests on PostgreSQL: what is found wrong there, and what is left there.

use std::{env, process::Command};

use diesel::{PgConnection, QueryableByName, connection::SimpleConnection, prelude::*, sql_query, sql_types::BigInt};
use hostfn::db::Location;
use hostfn_test::{TestDatabase, TestHost};
use serde_json::json;

use crate::{failure, functions_in};

/// A host on PostgreSQL, and another connection to its database; nothing where there is no PostgreSQL.
fn host_and_other() -> Option<(TestHost, PgConnection)> {
    TestDatabase::available().find(|database| *database == TestDatabase::Postgres)?;
    let host = TestHost::on(TestDatabase::Postgres, functions_in("extism:host/user"));
    let Location::Postgres { url, .. } = &host.database().url().location else { panic!("it is on PostgreSQL") };
    let other = PgConnection::establish(url).expect("there is room for another connection");
    Some((host, other))
}

#[test]
fn a_transaction_that_was_left_open_fails_the_test() {
    let Some((host, mut other)) = host_and_other() else { return };
    other.batch_execute("BEGIN; SELECT 1").unwrap();
    let said = failure(|| drop(host));
    assert!(said.contains("a connection was left in an open transaction, after: BEGIN; SELECT 1"), "{said}");
}

#[test]
fn a_constraint_that_rows_need_not_meet_fails_the_test() {
    let Some((host, mut other)) = host_and_other() else { return };
    other.batch_execute("ALTER TABLE notes ADD CONSTRAINT positive CHECK (id > 0) NOT VALID").unwrap();
    let said = failure(|| drop(host));
    assert!(said.contains("rows of notes need not meet positive"), "{said}");
}

#[test]
fn nothing_is_left_of_a_test_even_where_somebody_is_connected() {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let Some((host, other)) = host_and_other() else { return };
    host.call("add_note", json!({"title": "a", "text": "b"})).data();
    let Location::Postgres { url, .. } = host.database().url().location.clone() else { panic!("it is on PostgreSQL") };
    let name = url.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap().to_owned();
    let elsewhere = TestDatabase::Postgres.temporary();
    let databases = || {
        let sql = format!("SELECT count(*) AS count FROM pg_database WHERE datname = '{name}'");
        let query = |db: &mut hostfn::DbConnection| -> QueryResult<Count> {
            hostfn::on_backend!(db, |connection| sql_query(&sql).get_result(connection))
        };
        elsewhere.open().read(|db| Ok(query(db)?.count)).unwrap()
    };
    assert_eq!(databases(), 1);
    drop(host);
    assert_eq!(databases(), 0);
    drop(other);
}

/// Runs a test that uses every database in a process of its own, where there is no PostgreSQL.
fn without_postgres(ci: &str) -> (bool, String) {
    let output = Command::new(env::current_exe().expect("this program has a path"))
        .args(["--exact", "transcripts::parallel_tests_share_no_database"])
        .env("HOSTFN_TEST_POSTGRES_URL", "postgres://localhost:1/none")
        .env("CI", ci)
        .output()
        .expect("it can be run again");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_database_that_cannot_be_used_is_told_and_fails_in_continuous_integration() {
    for (ci, succeeds) in [("", true), ("true", false)] {
        let (success, said) = without_postgres(ci);
        assert_eq!(success, succeeds, "{said}");
        assert!(said.contains("no test runs on postgres: "), "{said}");
        assert!(said.contains("1 passed") == succeeds, "{said}");
    }
}
