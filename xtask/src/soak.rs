//! The faults of `soak/`, many times.
//!
//! In the debug profile, in which what is measured is optimised anyway (see `.cargo/config.toml`): a release build of
//! Extism and two databases takes minutes, and a machine that built the tests has this one already.

use std::path::Path;

use crate::{Error, process};

/// What to try.
#[derive(Debug, Default)]
pub struct Soak {
    /// How often each fault happens.
    pub rounds: u32,
    /// Only the fault of this name.
    pub only: Option<String>,
    /// Only on this database.
    pub database: Option<String>,
    /// Whether to write JSON instead of a table.
    pub json: bool,
}

/// Tries the faults, and answers the exit code of the program that does.
///
/// # Errors
/// When it cannot be run.
pub fn run(root: &Path, soak: &Soak) -> Result<u8, Error> {
    let mut command = process::command("cargo", root);
    command.args(["run", "--quiet", "--package", "hostfn-soak", "--", "run", "--rounds", &soak.rounds.to_string()]);
    for (option, value) in [("--only", &soak.only), ("--database", &soak.database)] {
        if let Some(value) = value {
            command.args([option, value]);
        }
    }
    if soak.json {
        command.arg("--json");
    }
    let status = command.status().map_err(|error| Error::new(format!("cannot run cargo: {error}")))?;
    // Without a code it was ended by a signal.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
