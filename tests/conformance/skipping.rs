//! What is said where there is no PostgreSQL.

use std::{env, process::Command};

use crate::guest::FOLDER;

/// Runs one test on each database in a process of its own, which is told of a server that is not there.
fn without_postgres(ci: &str) -> (bool, String) {
    let program = env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .arg("::generated::connection::")
        .env("HOSTFN_TEST_POSTGRES_URL", "postgres://localhost:1/none")
        .env("CI", ci)
        // Of a folder of guests, the generated one is none.
        .env_remove(FOLDER)
        .output()
        .expect("it can be run again");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// It is told, and fails nobody but continuous integration.
pub(crate) fn is_told() {
    for (ci, succeeds) in [("", true), ("true", false)] {
        let (success, said) = without_postgres(ci);
        assert_eq!(success, succeeds, "{said}");
        for expected in ["1 passed; 0 failed; 1 ignored", "1 test on PostgreSQL skipped: ", "on sqlite: 1 test, "] {
            assert!(said.contains(expected), "{expected}\n{said}");
        }
    }
}
