//! What a call says to its database: nothing that has to be compiled anew each time, and no more than it needs. By what
//! diesel tells of each statement, for all built-in functions on both databases; no time is measured.
//!
//! A process of its own, as diesel has one instrumentation for a whole process.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

use std::{
    collections::{BTreeSet, HashSet},
    mem,
    sync::Mutex,
};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use hostfn::{Grants, PluginManager, db::Backend};
use hostfn_test::{TestDatabase, TestHost};
use serde_json::{Value, json};

/// What was said to any database since somebody last looked.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// What was kept prepared, on any connection.
static KEPT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn listen() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| match event {
        InstrumentationEvent::StartQuery { query, .. } => {
            let said = query.to_string();
            let sql = said.split(" -- binds").next().unwrap_or_default();
            SAID.lock().unwrap().push(sql.to_owned());
        }
        InstrumentationEvent::CacheQuery { sql, .. } => {
            KEPT.lock().unwrap().insert(sql.to_owned());
        }
        _ => {}
    }))
}

const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";

/// A call of every function that reaches a database, by the user who is made first.
fn calls(round: u32, uuid: &str) -> Vec<(&'static str, Value)> {
    let secret = format!("the-secret-of-round-{round}-which-is-long-enough");
    let by_user = json!({"user_uuid": uuid});
    let for_user = json!({"user_uuid": uuid, "ttl_seconds": 60});
    let named = |name: &str| {
        let mut request = for_user.clone();
        request[name] = secret.clone().into();
        request
    };
    vec![
        ("db_create_user", json!({"name": "Bob", "email": format!("bob{round}@example.com"), "password_hash": HASH})),
        ("db_get_user_by_email", json!({"email": "ada@example.com"})),
        ("db_get_user_by_uuid", json!({"uuid": uuid})),
        ("db_update_user_password", json!({"uuid": uuid, "password_hash": HASH})),
        ("db_update_user_email_verified", json!({"uuid": uuid, "verified": true})),
        ("db_update_user_profile", json!({"uuid": uuid, "name": "Ada", "bio": null})),
        ("db_update_user_profile", json!({"uuid": uuid, "email": "ada@example.com"})),
        ("db_create_session", named("id")),
        ("db_get_session", json!({"id": secret})),
        ("db_delete_session", json!({"id": secret})),
        ("db_delete_user_sessions", by_user.clone()),
        ("db_cleanup_expired_sessions", json!({})),
        ("db_create_email_verification_token", named("token")),
        ("db_get_email_verification_token", json!({"token": secret})),
        ("db_delete_email_verification_token", json!({"token": secret})),
        ("db_create_password_reset_token", named("token")),
        ("db_get_password_reset_token", json!({"token": secret})),
        ("db_delete_password_reset_token", json!({"token": secret})),
        ("db_delete_user_password_reset_tokens", by_user),
        ("db_test_connection", json!({})),
        ("verify_password", json!({"user_uuid": uuid, "password": "correct horse"})),
    ]
}

/// What a call said, in which its function is named when it fails.
fn said(call: &dyn Fn() -> Value, function: &str) -> Vec<String> {
    SAID.lock().unwrap().clear();
    let answer = call();
    assert_eq!(answer["success"], true, "{function}: {answer}");
    let mut said = mem::take(&mut *SAID.lock().unwrap());
    // How long is left is told again when that was long ago, as it is on a machine that has much to do.
    said.retain(|sql| !sql.starts_with("SET LOCAL lock_timeout"));
    said
}

/// Whether it is one of the few messages around a function that PostgreSQL takes as they are, several statements at once.
fn is_around_a_function(sql: &str) -> bool {
    [
        "BEGIN ISOLATION LEVEL ",
        "SELECT 1; COMMIT",
        "SAVEPOINT diesel_savepoint_1",
        "RELEASE SAVEPOINT diesel_savepoint_1",
    ]
    .iter()
    .any(|begins| sql.starts_with(begins))
}

#[test]
fn what_was_said_once_is_kept_prepared_and_no_more_is_said_than_is_needed() {
    set_default_instrumentation(listen).unwrap();
    for database in TestDatabase::available() {
        let host = TestHost::on(database, PluginManager::builder().functions(hostfn::functions::registry()));
        let backend = host.database().backend();
        let ada = json!({"name": "Ada", "email": "ada@example.com", "password_hash": HASH});
        let uuid = host.call("db_create_user", ada).data()["uuid"].as_str().unwrap().to_owned();
        let plugin = host.as_plugin("said", Grants::all());
        let plugin = plugin.plugin();
        let covered: HashSet<_> = calls(0, &uuid).into_iter().map(|(function, _)| function).collect();
        // The one that needs no database.
        let missing =
            host.manager().functions().map(|function| function.name()).filter(|name| *name != "hash_password");
        let missing: Vec<_> = missing.filter(|name| !covered.contains(name)).collect();
        assert!(missing.is_empty(), "no call of {missing:?} here");

        for round in 0..2 {
            for (function, request) in calls(round, &uuid) {
                let request = request.to_string();
                let alone = || serde_json::from_slice(&plugin.call(function, &request).unwrap()).unwrap();
                let said = said(&alone, function);
                assert_is_kept(&said, round, backend, function);
                let is_read = function.starts_with("db_get_") || function == "verify_password";
                // To begin, to read, and to end.
                assert!(!is_read || round == 0 || said.len() == 3, "{function} on {backend}: {said:#?}");
            }
        }
        for round in 2..4 {
            for (function, request) in calls(round, &uuid) {
                let request = request.to_string();
                let atomic = || serde_json::from_slice(&plugin.call_atomic(function, &request).unwrap()).unwrap();
                let mut said = said(&atomic, function);
                // The connection writes until it is to read, and may then say so; it does not each time.
                let pragmas = said.len();
                said.retain(|sql| !sql.starts_with("PRAGMA query_only"));
                assert!(pragmas - said.len() <= 2, "{function}");
                assert_is_kept(&said, round, backend, function);
            }
        }
    }
    let kept = KEPT.lock().unwrap();
    // SQLite compiles a statement with a bound LIMIT anew each time it runs, kept or not.
    let limited: Vec<_> = kept.iter().filter(|sql| sql.contains("LIMIT ")).collect();
    assert!(limited.is_empty(), "{limited:#?}");
}

fn assert_is_kept(said: &[String], round: u32, backend: Backend, function: &str) {
    // In a first round it is prepared.
    if round.is_multiple_of(2) {
        return;
    }
    let kept = KEPT.lock().unwrap();
    let is_fine = |sql: &str| kept.contains(sql) || (backend == Backend::Postgres && is_around_a_function(sql));
    let anew: Vec<_> = said.iter().filter(|sql| !is_fine(sql)).collect();
    if !anew.is_empty() {
        eprintln!("{function} {backend} {round}: {anew:#?}");
    }
    assert!(!said.is_empty() || anew.is_empty(), "{function} on {backend} says what is compiled anew: {anew:#?}");
}
