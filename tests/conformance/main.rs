//! The conformance suite: every built-in host function, through WebAssembly from every language, its
//! success and all that it refuses.
//!
//! One accepted transcript serves all databases and all guests: SQLite and PostgreSQL; the generated guest, and those of
//! `test-plugins/` that forward to every function: as raw bytes, or through the bindings of their language, which cannot send
//! a malformed request and are tried with all others. The modules mirror those of `host-functions`; the transcripts are pinned
//! under `snapshots/`, one folder an entity. Each guest is loaded with the adapter between it and Extism's kernel, and once
//! more without (`-plain`), for the same transcripts.
//!
//! Language, database and adapter hardly depend on each other, so that an ordinary run has every language on SQLite, the
//! generated guest in every combination, and one language on PostgreSQL. `-- --include-ignored` runs all of them.
//!
//! Not `#[test]` functions, because each case is a test once for each database and guest, by its own name:
//! `cargo test --test conformance -- sqlite::c::users`. Where there is no PostgreSQL its tests are ignored, which
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
    let (mut reasons, mut skipped, mut left_out) = (Vec::new(), 0, 0);
    for database in TestDatabase::ALL {
        let of_database = guests.iter().map(|guest| guest.on(database));
        let of_database: Vec<_> = of_database
            .flat_map(|guest| trials_of(&guest).into_iter().map(move |trial| (trial, guest.is_ordinary())))
            .filter(|(trial, _)| is_wanted(&arguments, trial.name()))
            .collect();
        let is_run = |is_ordinary: bool| if is_ordinary { !arguments.ignored } else { runs_all(&arguments) };
        let count = |is_wanted: &dyn Fn(bool) -> bool| of_database.iter().filter(|trial| is_wanted(trial.1)).count();
        // A server is started only for somebody.
        let is_needed = !arguments.list && count(&is_run) > 0;
        if let Some(reason) = is_needed.then(|| database.unavailable()).flatten() {
            skipped += count(&is_run);
            reasons.push(reason);
            // Listed as ignored, unless all that is ignored is wanted.
            let listed = of_database.into_iter().filter(|_| !runs_all(&arguments));
            trials.extend(listed.map(|(trial, _)| trial.with_ignored_flag(true)));
            continue;
        }
        left_out += count(&|is_ordinary| !is_ordinary && !runs_all(&arguments));
        trials.extend(of_database.into_iter().map(|(trial, is_ordinary)| trial.with_ignored_flag(!is_ordinary)));
    }

    let conclusion = libtest_mimic::run(&arguments, trials);
    for reason in &reasons {
        println!("{} on PostgreSQL skipped: {reason}\n", tally::counted(skipped, "test"));
    }
    if left_out > 0 && !arguments.list {
        println!(
            "{} of other combinations left out: run them by `-- --include-ignored`\n",
            tally::counted(left_out, "test")
        );
    }
    for database in TestDatabase::ALL {
        if let Some(summary) = tally::summary(database) {
            println!("on {database}: {summary}");
        }
    }
    let names = guests.iter().map(|guest| guest.name.as_str()).filter(|name| !name.ends_with("-plain"));
    println!("through guests in: {}; each with the adapter and without\n", names.collect::<Vec<_>>().join(", "));
    if skipped > 0 && TestDatabase::skipping_fails() {
        println!("in continuous integration nothing may be skipped\n");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

/// Whether combinations are run that an ordinary run leaves out.
fn runs_all(arguments: &Arguments) -> bool {
    arguments.include_ignored || arguments.ignored
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
