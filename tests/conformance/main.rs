//! The conformance suite: every built-in host function, through WebAssembly from every language, its
//! success and all that it refuses.
//!
//! One accepted transcript serves all guests: the generated one, and those of `test-plugins/` that
//! forward to every function: as raw bytes, or through the bindings of their language, which cannot send
//! a malformed request and are tried with all others. The modules mirror those of `host-functions`; the transcripts are pinned
//! under `snapshots/`, one folder an entity.
//!
//! Not `#[test]` functions, because each case is a test once for each guest, by its own name:
//! `cargo test --test conformance -- c::users`.
#![forbid(unsafe_code)]

mod connection;
mod email_verification;
mod example;
mod guest;
mod password_reset;
mod passwords;
mod sessions;
mod support;
mod users;

use std::{process::ExitCode, time::Instant};

use hostfn_test::Coverage;
use libtest_mimic::{Arguments, Trial};

use crate::{
    guest::Guest,
    support::{Case, root, transcripts},
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
        // It answers with the version of SQLite.
        coverage.except("db_test_connection").assert_complete();
        Ok(())
    })];
    for guest in &guests {
        if guest.typed {
            let guest = guest.clone();
            trials.push(Trial::test(format!("{}::example", guest.name), move || {
                example::run(&guest);
                Ok(())
            }));
        }
        for (entity, cases) in ENTITIES {
            trials.extend(cases.iter().map(|case| {
                let (guest, run) = (guest.clone(), case.run);
                Trial::test(format!("{}::{entity}::{}", guest.name, case.name), move || {
                    run(&guest);
                    Ok(())
                })
            }));
        }
    }

    let started = Instant::now();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if transcripts() > 0 {
        let names: Vec<_> = guests.iter().map(|guest| guest.name.as_str()).collect();
        let seconds = started.elapsed().as_secs_f64();
        println!("{} transcripts in {seconds:.1} s, through guests in: {}\n", transcripts(), names.join(", "));
    }
    conclusion.exit_code()
}
