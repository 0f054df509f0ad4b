//! What is in the database before each call: two users, and of each a session and tokens.

use diesel::RunQueryDsl;
use hostfn::{Clock, Database, Grants, on_backend};
use hostfn_test::{TestDatabase, TestHost, TestPlugin};
use serde_json::{Value, json};

/// A hash of `correct horse`, with as little work in it as argon2 takes.
pub(crate) const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";
/// The user that requests are about.
pub(crate) const ADA: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const SESSION: &str = "the-session-of-ada";
pub(crate) const VERIFICATION: &str = "the-verification-of-ada";
pub(crate) const RESET: &str = "the-reset-of-ada";

/// The user of whom nobody but an answer that may name them says anything. Each value is like no other text.
pub(crate) const OTHER: &str = "98765432-9876-4876-9876-987654321098";
pub(crate) const OTHER_NAME: &str = "Zebulon Xanthippe";
pub(crate) const OTHER_EMAIL: &str = "Zebulon@xanthippe.example";
pub(crate) const OTHER_HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$emVidWxvbnplYnVsb24$9sTbSlTio3Biev89thdrlA";
pub(crate) const OTHER_AVATAR: &str = "https://xanthippe.example/zebulon.png";
pub(crate) const OTHER_BIO: &str = "Plays the xylophone at Zeugma.";
pub(crate) const OTHER_SESSION: &str = "the-session-of-zebulon";
pub(crate) const OTHER_VERIFICATION: &str = "the-verification-of-zebulon";
pub(crate) const OTHER_RESET: &str = "the-reset-of-zebulon";

const START: &str = "2026-01-02T03:04:05Z";

/// A host of the built-in functions.
pub(crate) fn host(database: TestDatabase) -> TestHost {
    TestHost::on(database, hostfn::functions::registry())
}

/// Makes the database what it is before each call, by calls of a plugin that may do everything.
pub(crate) fn seed(host: &TestHost) {
    fill(host.database(), host.clock(), |function, request| drop(host.call(function, request).data()));
}

/// As [`seed`], by calls of whatever kind, which must succeed.
pub(crate) fn fill(database: &Database, clock: &Clock, call: impl Fn(&str, Value)) {
    clock.set(START.parse().expect("it is a time"));
    execute(database, "DELETE FROM users");
    for (uuid, name, email, hash, session, verification, reset) in [
        (ADA, "Ada Lovelace", "Ada@example.com", HASH, SESSION, VERIFICATION, RESET),
        (OTHER, OTHER_NAME, OTHER_EMAIL, OTHER_HASH, OTHER_SESSION, OTHER_VERIFICATION, OTHER_RESET),
    ] {
        call("db_create_user", json!({"uuid": uuid, "name": name, "email": email, "password_hash": hash}));
        call("db_create_session", json!({"user_uuid": uuid, "ttl_seconds": 3600, "id": session}));
        call("db_create_session", json!({"user_uuid": uuid, "ttl_seconds": 1}));
        for (kind, token) in [("email_verification", verification), ("password_reset", reset)] {
            let request = json!({"user_uuid": uuid, "ttl_seconds": 3600, "token": token});
            call(&format!("db_create_{kind}_token"), request);
        }
    }
    call("db_update_user_profile", json!({"uuid": OTHER, "avatar": OTHER_AVATAR, "bio": OTHER_BIO}));
    // So that there is a session to clean up.
    clock.advance_seconds(2);
}

/// Runs SQL that no host function would.
pub(crate) fn execute(database: &Database, sql: &str) {
    database
        .write(|db| Ok(on_backend!(db, |connection| diesel::sql_query(sql).execute(connection))?))
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// A plugin that forwards to every function, with these grants.
pub(crate) fn plugin<'a>(host: &'a TestHost, grants: &[&str]) -> TestPlugin<'a> {
    host.as_plugin("guest", Grants::of(grants.iter().copied()).unwrap_or_else(|error| panic!("{error}")))
}

/// Calls a function with a request as it stands, which need not be JSON, and answers the whole answer.
pub(crate) fn call(plugin: &TestPlugin<'_>, function: &str, request: &str) -> Value {
    let output = plugin.plugin().call(function, request).unwrap_or_else(|error| panic!("{function}: {error}"));
    serde_json::from_slice(&output).unwrap_or_else(|error| panic!("{function} answered no JSON: {error}"))
}
