//! What a plugin cannot get at: what it was not granted, what an error could tell, and what is secret.
//!
//! Each of these is a matrix of every built-in function by everything that could go wrong, on both databases. Not
//! `#[test]` functions, so that it is said how much was tried: a matrix that has shrunk fails.
//! Where there is no PostgreSQL its tests are ignored, which is said, and fails where the environment variable `CI` is
//! `true`.
#![forbid(unsafe_code)]

mod credentials;
mod errors;
mod grants;
mod operations;
mod permissions;
mod secrets;
mod seed;

use std::{
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

use hostfn_test::TestDatabase;
use libtest_mimic::{Arguments, Trial};

/// Tries everything of a kind, and answers how much that was.
type Matrix = fn(TestDatabase) -> String;

/// What is tried on each database.
const MATRICES: &[(&str, Matrix)] =
    &[("credentials", credentials::run), ("errors", errors::run), ("grants", grants::run), ("secrets", secrets::run)];

static SUMMARIES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("the_table_of_permissions_is_whole", || {
        operations::the_table_is_whole();
        Ok(())
    })];
    trials.push(Trial::test("debug_shows_no_secret", || {
        secrets::debug_shows_none();
        Ok(())
    }));
    let mut reasons = Vec::new();
    for database in TestDatabase::ALL {
        let of_database: Vec<_> = MATRICES
            .iter()
            .map(|(name, run)| {
                let name = format!("{database}::{name}");
                let title = name.clone();
                Trial::test(name, move || {
                    let summary = run(database);
                    summaries().push(format!("{title}: {summary}"));
                    Ok(())
                })
            })
            .filter(|trial| arguments.filter.as_ref().is_none_or(|filter| trial.name().contains(filter.as_str())))
            .collect();
        // A server is started only for somebody.
        let reason = if of_database.is_empty() || arguments.list { None } else { database.unavailable() };
        trials.extend(of_database.into_iter().map(|trial| trial.with_ignored_flag(reason.is_some())));
        reasons.extend(reason);
    }

    let conclusion = libtest_mimic::run(&arguments, trials);
    let mut said = std::mem::take(&mut *summaries());
    said.sort();
    for summary in said {
        println!("{summary}");
    }
    for reason in reasons.iter().filter(|_| conclusion.num_ignored > 0) {
        println!("{} on PostgreSQL skipped: {reason}", conclusion.num_ignored);
    }
    println!();
    if conclusion.num_ignored > 0 && TestDatabase::skipping_fails() {
        println!("in continuous integration nothing may be skipped\n");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn summaries() -> std::sync::MutexGuard<'static, Vec<String>> {
    SUMMARIES.lock().unwrap_or_else(PoisonError::into_inner)
}
