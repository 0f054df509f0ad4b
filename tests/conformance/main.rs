//! The conformance suite: every built-in host function, through WebAssembly from every language, its
//! success and all that it refuses.
//!
//! One accepted transcript serves all databases and all guests: SQLite and PostgreSQL; the generated guest, and those of
//! `test-plugins/` that forward to every function: as raw bytes, or through the bindings of their language, which cannot send
//! a malformed request and are tried with all others. The modules mirror those of `host-functions`; the transcripts are pinned
//! under `snapshots/`, one folder an entity. Each guest is loaded with the adapter between it and Extism's kernel, and once
//! more without (`-plain`), for the same transcripts.
//!
//! Not `#[test]` functions, because each case is a test once for each database and guest, by its own name:
//! `cargo test --test conformance -- postgres::c::users`. Where there is no PostgreSQL its tests are ignored, which
//! is said, and fails where the environment variable `CI` is `true`.
#![forbid(unsafe_code)]

mod connection;
mod email_verification;
mod example;
mod guest;
mod password_reset;
mod passwords;
mod sessions;
mod skipping;
mod support;
mod tally;
mod users;

use std::process::ExitCode;

use hostfn_test::{Coverage, TestDatabase};
use libtest_mimic::{Arguments, Trial};

use crate::{
    guest::Guest,
    support::{Case, root},
};

/// The entities, and what is tried of each.
const ENTITIES: [(&str, &[Case]); 6] = [
    ("connection", connection::CASES),
    ("email_verification", email_verification::CASES),
    ("password_reset", password_reset::CASES),
    ("passwords", passwords::CASES),
    ("sessions", sessions::CASES),
    ("users", users::CASES),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let guests = Guest::all();
    let mut trials = vec![Trial::test("coverage", || {
        let coverage = Coverage::of(&hostfn::functions::registry(), root().join("snapshots"));
        // It answers with the database and its version.
        coverage.except("db_test_connection").assert_complete();
        Ok(())
    })];
    trials.push(Trial::test("skipping", || {
        skipping::is_told();
        Ok(())
    }));
    let mut reasons = Vec::new();
    for database in TestDatabase::ALL {
        let of_database = guests.iter().flat_map(|guest| trials_of(&guest.on(database)));
        let of_database: Vec<_> = of_database.filter(|trial| is_wanted(&arguments, trial.name())).collect();
        // A server is started only for somebody.
        let reason = if of_database.is_empty() || arguments.list { None } else { database.unavailable() };
        trials.extend(of_database.into_iter().map(|trial| trial.with_ignored_flag(reason.is_some())));
        reasons.extend(reason);
    }

    let conclusion = libtest_mimic::run(&arguments, trials);
    let skipped = conclusion.num_ignored > 0;
    for reason in reasons.iter().filter(|_| skipped) {
        println!("{} on PostgreSQL skipped: {reason}\n", tally::counted(conclusion.num_ignored, "test"));
    }
    for database in TestDatabase::ALL {
        if let Some(summary) = tally::summary(database) {
            println!("on {database}: {summary}");
        }
    }
    let names = guests.iter().map(|guest| guest.name.as_str()).filter(|name| !name.ends_with("-plain"));
    println!("through guests in: {}; each with the adapter and without\n", names.collect::<Vec<_>>().join(", "));
    if skipped && TestDatabase::skipping_fails() {
        println!("in continuous integration nothing may be skipped\n");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Whether it may be run: the library says for certain.
fn is_wanted(arguments: &Arguments, name: &str) -> bool {
    arguments.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))
}

/// All that is tried through one guest on one database.
fn trials_of(guest: &Guest) -> Vec<Trial> {
    let trial = |name: String, run: fn(&Guest)| {
        let guest = guest.clone();
        Trial::test(format!("{}::{}::{name}", guest.database, guest.name), move || {
            tally::test(guest.database, || run(&guest));
            Ok(())
        })
    };
    let example = guest.typed.then(|| trial("example".to_owned(), example::run));
    let cases = ENTITIES.iter().flat_map(|(entity, cases)| cases.iter().map(move |case| (entity, case)));
    example.into_iter().chain(cases.map(|(entity, case)| trial(format!("{entity}::{}", case.name), case.run))).collect()
}
