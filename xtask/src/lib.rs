//! The tasks of this repository that are more than one cargo command; `cargo xtask --help` lists them.
//!
//! A library beside the program, so that the tests of other packages can ask the same questions:
//! [`guests::stale`] and [`mutants::check`] build nothing and run nothing.

pub mod attacks;
pub mod bench;
pub mod contracts;
pub mod fuzz;
pub mod guests;
pub mod mutants;
pub mod new;
pub mod soak;
pub mod stress;

mod error;
mod fs;
mod process;
mod test_programs;

use std::path::{Path, PathBuf};

pub use error::Error;

/// The root of the repository that this program was compiled in.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where a task keeps what it builds: a folder of its own in cargo's target folder, wherever the user has put that.
fn target_dir(root: &Path, task: &str) -> Result<PathBuf, Error> {
    let target = match std::env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => std::path::absolute(&dir).map_err(Error::io("find", Path::new(&dir)))?,
        None => root.join("target"),
    };
    Ok(target.join(task))
}
