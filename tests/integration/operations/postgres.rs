//! The operations on PostgreSQL, where it is installed. In CI it must be.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use hostfn::{Clock, Database, on_backend};
use hostfn_test::{
    TestDatabase,
    postgres::{Server, Unavailable},
};

use super::{
    cleanup::cleanup_removes_exactly_what_has_expired,
    count,
    doctor::{examine, found},
    execute, fill, rows_of,
};
use crate::command::{run, stderr, stdout};

/// What can be had, or nothing where it cannot: then the test says that it was skipped, and why.
fn or_skipped<T>(server: Result<T, impl std::borrow::Borrow<Unavailable>>) -> Option<T> {
    match server {
        Ok(server) => Some(server),
        Err(reason) => {
            let reason = reason.borrow();
            assert!(!TestDatabase::skipping_fails(), "no test is skipped in CI: {reason}");
            eprintln!("skipped: {reason}");
            None
        }
    }
}

/// The URL of a new database, with all tables.
fn migrated(server: &Server) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("operations_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let create = format!("CREATE DATABASE {name} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    server.execute("postgres", &create).expect("a database can be made");
    let url = server.url(&name);
    let output = run(&["migrate", "--database", &url]);
    assert!(output.status.success(), "{}", stderr(&output));
    url
}

#[test]
fn cleanup_on_postgres_removes_exactly_what_has_expired() {
    let Some(server) = or_skipped(Server::shared()) else { return };
    cleanup_removes_exactly_what_has_expired(&migrated(server));
}

/// To wait would be to wait in a ring, sooner or later.
#[test]
fn cleanup_leaves_rows_that_somebody_holds() {
    let Some(server) = or_skipped(Server::shared()) else { return };
    let url = migrated(server);
    fill(&url);
    let database = Database::open(&url).unwrap();
    let held = "SELECT 1 FROM sessions WHERE id_sha256 = '\\x0000000000000000000000000000000000000000000000000000000000000003' \
                FOR UPDATE";
    database
        .write(|db| {
            on_backend!(db, |connection| connection.batch_execute(held))?;
            let output = run(&["cleanup", "--database", &url]);
            assert!(stdout(&output).starts_with("sessions                   4 removed"), "{output:?}");
            Ok(())
        })
        .unwrap();
    let output = run(&["cleanup", "--database", &url]);
    assert!(stdout(&output).starts_with("sessions                   1 removed"), "{output:?}");
}

#[test]
fn hosts_that_clean_up_at_once_remove_each_row_once() {
    let Some(server) = or_skipped(Server::shared()) else { return };
    let url = migrated(server);
    fill(&url);
    execute(
        &url,
        "INSERT INTO sessions SELECT sha256(number::text::bytea), '00000000-0000-4000-8000-000000000001', \
         to_timestamp(1), to_timestamp(number % 7) FROM generate_series(1, 3000) number",
    );
    let registry = hostfn::functions::registry();
    let sessions = registry.cleanups().iter().find(|cleanup| cleanup.name() == "sessions").unwrap();
    let removed: usize = std::thread::scope(|scope| {
        let hosts: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let database = Database::open(&url).unwrap();
                    let mut removed = 0;
                    while rows_of(&url, "sessions WHERE expires_at < to_timestamp(2000000000)") > 0 {
                        removed += sessions.run_batch(&database, Clock::system().now(), 50).unwrap();
                    }
                    removed
                })
            })
            .collect();
        hosts.into_iter().map(|host| host.join().unwrap()).sum()
    });
    assert_eq!(removed, 3005);
    assert_eq!(rows_of(&url, "sessions"), 2);
}

#[test]
fn the_demo_completes_on_postgres() {
    let Some(server) = or_skipped(Server::shared()) else { return };
    let url = migrated(server);
    let output = run(&["demo", "--database", &url]);
    assert!(stdout(&output).contains("The flow is complete: 12 plugin calls"), "{output:?}");
    assert_eq!(count(&url, "count(*) FROM users"), 1);
}

/// With the settings of a server whose data matter, which those of other tests are not.
#[test]
fn the_doctor_examines_a_server() {
    let Some(server) = or_skipped(Server::start_with(&[("fsync", "on"), ("full_page_writes", "on")])) else { return };
    let url = migrated(&server);
    let (is_good, checks) = examine(&url);
    assert!(is_good && checks.iter().all(|(_, status, _)| status == "ok"), "{checks:?}");
    let names: Vec<_> = checks.iter().map(|(name, ..)| name.as_str()).collect();
    let expected = [
        "connection",
        "primary",
        "role",
        "durability",
        "encoding",
        "messages",
        "connections",
        "encryption",
        "clock",
        "integrity",
        "migrations",
    ];
    assert_eq!(names, expected);

    let with = |option: &str| examine(&format!("{url}{}{option}", if url.contains('?') { '&' } else { '?' })).1;
    assert!(found(&with("durability=normal"), "durability", "ok").starts_with("normal"));
    assert!(found(&with("connections=1000"), "connections", "failed").starts_with("each host may open 1000, and"));
    assert!(found(&with("connections=60"), "connections", "warning").contains("a second one finds too few"));

    execute(&url, "ALTER TABLE users ADD CONSTRAINT named CHECK (name <> '') NOT VALID");
    assert!(found(&examine(&url).1, "integrity", "failed").ends_with("users.named"));
    execute(&url, "ALTER TABLE users VALIDATE CONSTRAINT named");
    assert!(examine(&url).0);

    execute(&url, "DELETE FROM __diesel_schema_migrations WHERE version = 'hostfn-functions/0002'");
    let checks = examine(&url).1;
    assert_eq!(found(&checks, "migrations", "failed"), "not applied: hostfn-functions/0002_token_expiry");
    execute(&url, "INSERT INTO __diesel_schema_migrations (version) VALUES ('hostfn-functions/0099')");
    let checks = examine(&url).1;
    assert_eq!(found(&checks, "migrations", "failed"), "this program does not know hostfn-functions/0099");

    let ascii = "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    server.execute("postgres", ascii).unwrap();
    let (is_good, checks) = examine(&server.url("ascii"));
    assert!(!is_good);
    assert!(found(&checks, "encoding", "failed").starts_with("SQL_ASCII"));
    assert!(found(&checks, "migrations", "failed").contains("hostfn/0001_answers"));
}

/// As the guide advises where many hosts share a database.
#[test]
fn a_role_that_may_not_change_tables_uses_them() {
    let Some(server) = or_skipped(Server::start()) else { return };
    let url = migrated(&server);
    let as_role = |role: &str| url.replacen("postgres://postgres@", &format!("postgres://{role}@"), 1);
    execute(
        &url,
        "CREATE ROLE reader LOGIN; CREATE ROLE host LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    );
    execute(&url, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO host");

    assert_eq!(found(&examine(&as_role("host")).1, "role", "ok"), "it may read and write every table");
    let output = run(&["migrate", "--database", &as_role("host")]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(run(&["cleanup", "--database", &as_role("host")]).status.success());

    let checks = examine(&as_role("reader")).1;
    let said = found(&checks, "role", "warning");
    assert!(said.contains("sessions, users"), "{said}");
    fill(&url);
    let output = run(&["cleanup", "--database", &as_role("reader"), "--json"]);
    assert!(stdout(&output).contains("\"complete\":false"), "{output:?}");
    assert!(stderr(&output).contains("grant the role of the hosts"), "{output:?}");
}

#[test]
fn the_doctor_tells_a_replica_and_a_server_that_forgets() {
    let Some(server) = or_skipped(Server::start()) else { return };
    let url = migrated(&server);
    assert!(found(&examine(&url).1, "durability", "failed").starts_with("fsync is off"));

    let standby = server.standby().unwrap();
    let database = url.rsplit_once('/').map(|(_, rest)| rest.split('?').next().unwrap()).unwrap();
    let replica = standby.url(database);
    let (is_good, checks) = examine(&replica);
    assert!(!is_good);
    assert!(found(&checks, "primary", "failed").contains("replica"));
    standby.promote().unwrap();
    assert_eq!(found(&examine(&replica).1, "primary", "ok"), "the server is one, and takes writes");

    server.stop().unwrap();
    let (is_good, checks) = examine(&url);
    assert!(!is_good && checks.len() == 1, "{checks:?}");
    found(&checks, "connection", "failed");
}
