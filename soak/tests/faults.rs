//! Every fault on each database, with few rounds: `cargo xtask soak` does many.
//!
//! Not `#[test]` functions, because each fault is a test once for each database, by its own name:
//! `cargo test -p hostfn-soak -- postgres::kill_writer`. Where no PostgreSQL can be had, its tests are ignored and
//! the reason is printed; in continuous integration that is a failure.
#![forbid(unsafe_code)]

use std::{path::Path, process::ExitCode};

use hostfn_soak::{Backend, FAULTS};
use hostfn_test::{TestDatabase, postgres::Server};
use libtest_mimic::{Arguments, Failed, Trial};

const ROUNDS: u32 = 3;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A fault measures, and starts processes and threads enough of its own.
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let missing = if arguments.list { None } else { Server::shared().err() };
    let must_run = TestDatabase::skipping_fails();
    if let Some(reason) = missing {
        println!("no test on PostgreSQL: {reason}");
    }
    let trials = FAULTS.iter().flat_map(|fault| {
        fault.backends.iter().map(move |backend| {
            let backend = *backend;
            let is_missing = backend == Backend::Postgres && missing.is_some();
            let trial = Trial::test(format!("{backend}::{}", fault.name), move || {
                let report = fault.run(backend, Path::new(env!("CARGO_BIN_EXE_hostfn-soak")), ROUNDS);
                report.broken.map_or(Ok(()), |broken| Err(Failed::from(format!("{broken}\n{}", report.figures))))
            });
            trial.with_ignored_flag(is_missing && !must_run)
        })
    });
    let trials = trials.collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
