//! Which compiler builds the guests.
//!
//! rustup's, if it has the target. Debian ships no such target, but it ships the sources of the standard library, with
//! which any compiler of the same version makes one: that is what continuous integration uses, where all else is Debian's
//! too.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, process};

/// The target of every guest.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";

/// What is built of the standard library where it is not there.
const STD: &str = "std,panic_abort";

/// A compiler that can build guests.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// What it calls itself.
    pub(super) version: String,
    /// Where its standard library's sources are, which must not be told by a module.
    pub(super) library: PathBuf,
    /// Whether it is Debian's, and has to build the standard library first.
    debian: bool,
}

/// Finds a compiler that can build guests, or says what to install.
pub(super) fn find(root: &Path) -> Result<Toolchain, Error> {
    let rustup = probe("rustc", root).filter(|(_, sysroot)| sysroot.join("lib/rustlib").join(TARGET).is_dir());
    if let Some((version, sysroot)) = rustup {
        return Ok(Toolchain { version, library: library(&sysroot), debian: false });
    }
    let debian = probe(DEBIAN_RUSTC, root)
        .filter(|(_, sysroot)| library(sysroot).join("std").is_dir())
        .filter(|_| Path::new(DEBIAN_CARGO).is_file() && Path::new(DEBIAN_LINKER).is_file());
    if let Some((version, sysroot)) = debian {
        return Ok(Toolchain { version, library: library(&sysroot), debian: true });
    }
    Err(Error::new(format!(
        "no compiler for {TARGET}; install one, and run this again:\n  \
         with rustup: rustup target add {TARGET}\n  \
         on Debian:   apt-get update && apt-get install rustc-web cargo-web rust-web-src lld-19"
    )))
}

fn library(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib/src/rust/library")
}

/// The version and the sysroot of a compiler, if there is such a compiler.
fn probe(rustc: &str, root: &Path) -> Option<(String, PathBuf)> {
    let ask = |arguments: &[&str]| process::first_line(rustc, root, arguments);
    Some((ask(&["--version"])?, ask(&["--print", "sysroot"])?.into()))
}

impl Toolchain {
    /// What stands in for the target of rustup's, in the environment of a plain `cargo build`; nothing, where rustup's is
    /// there.
    pub(super) fn stand_in(&self) -> Option<Vec<(String, String)>> {
        let environment = [
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER),
            ("CARGO_UNSTABLE_BUILD_STD", STD),
            ("RUSTC", DEBIAN_RUSTC),
            ("RUSTC_BOOTSTRAP", "1"),
        ];
        self.debian.then(|| environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
    }

    /// `cargo build` for the target, to be run in a guest's folder.
    pub(super) fn cargo_build(&self, folder: &Path) -> Command {
        let program = if self.debian { DEBIAN_CARGO } else { "cargo" };
        let mut cargo = process::command(program, folder);
        // What was hashed is what is built: the lock file may not change on the way.
        cargo.args(["build", "--release", "--locked", "--target", TARGET]);
        if self.debian {
            // Building the standard library is not stable yet; Debian's compiler is, hence the permission.
            cargo.envs(self.stand_in().into_iter().flatten());
            // Build scripts that ask for a compiler must find the same one.
            let path = env::var_os("PATH").unwrap_or_default();
            let path = env::join_paths(std::iter::once("/usr/bin".into()).chain(env::split_paths(&path)));
            cargo.envs(path.ok().map(|path| ("PATH", path)));
        }
        cargo
    }
}
