//! The suite of attacks, built so that a defence can be switched off: does each attack notice?
//!
//! The switches are compiled by `--cfg hostfn_attacks`, which this program gives the compiler where cargo calls it in the
//! compiler's place (`RUSTC_WORKSPACE_WRAPPER`). Cargo does so for the crates of this workspace alone, so that no
//! dependency is built again, and keeps what comes of it apart.

use std::{
    env,
    ffi::OsString,
    path::Path,
    process::{Command, ExitCode},
};

use crate::{Error, process, target_dir};

/// Set where cargo calls this program in the compiler's place.
const IS_COMPILER: &str = "HOSTFN_XTASK_IS_COMPILER";

/// Runs the attacks whose names contain `filter`, or all, in both modes, each once more without its defence.
///
/// # Errors
/// When the suite cannot be built or run, or an attack fails.
pub fn run(root: &Path, filter: Option<&str>) -> Result<(), Error> {
    let program = env::current_exe().map_err(|error| Error::new(format!("this program has no path: {error}")))?;
    let mut cargo = process::command("cargo", root);
    cargo.args(["test", "--workspace", "--test", "hostile", "--"]).args(filter);
    cargo.env("RUSTC_WORKSPACE_WRAPPER", program).env(IS_COMPILER, "yes");
    // Programs of its own, and dependencies where the user's are.
    cargo.env("CARGO_TARGET_DIR", target_dir(root, "attacks")?).env("CARGO_BUILD_BUILD_DIR", target_dir(root, "")?);
    let status = cargo.status().map_err(|error| Error::new(format!("cannot start cargo: {error}")))?;
    if status.success() { Ok(()) } else { Err(Error::new("the attacks failed; what they say is above")) }
}

/// Compiles, where this program was called as the compiler; otherwise nothing.
pub fn compile() -> Option<ExitCode> {
    env::var_os(IS_COMPILER)?;
    let mut arguments = env::args_os().skip(1);
    let compiler: OsString = arguments.next()?;
    let status = Command::new(&compiler).args(arguments).args(["--cfg", "hostfn_attacks"]).status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot start {}: {error}", compiler.display());
            ExitCode::FAILURE
        }
    })
}
