//! What the macro takes, and what it says to what it does not.
//!
//! A case is named by its mistake. After a change of a message, `TRYBUILD=overwrite` writes what is
//! said; read it as somebody who made the mistake.

use std::{io::Write, process::Command};

/// The messages that are accepted have the compiler's own words around ours, which every version
/// changes.
const ACCEPTED_FROM: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");

    let compiler = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let version = Command::new(compiler).arg("--version").output().expect("the compiler says its version");
    let version = String::from_utf8_lossy(&version.stdout);
    if version.starts_with(ACCEPTED_FROM) {
        cases.compile_fail("tests/ui/fail/*.rs");
        return;
    }
    assert!(std::env::var_os("CI").is_none(), "the messages of {version} are not those that are accepted");
    // Not by `eprintln!`, which a test that passes does not show.
    writeln!(
        std::io::stderr(),
        "skipped: what the macro says to mistakes is compared on {ACCEPTED_FROM}x, and this is {version}"
    )
    .expect("standard error can be written to");
}
