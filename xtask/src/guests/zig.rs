//! Building a guest in Zig: one file and those that it imports, with no library but Zig's own.

use std::path::Path;

use super::{Built, Guest};
use crate::{Error, fs, process, target_dir};

/// What the bindings are for; the language changes from one to the next.
pub(crate) const VERSION: &str = "0.15";

/// Zig by its names: its own, and that of its package for Python.
const COMPILERS: [&[&str]; 2] = [&["zig"], &["python3", "-m", "ziglang"]];

pub(super) fn build(root: &Path, guest: &Guest) -> Result<Built, Error> {
    let (compiler, version) = COMPILERS
        .iter()
        .find_map(|compiler| {
            let version = process::first_line(compiler[0], root, &[&compiler[1..], &["version"]].concat())?;
            version.starts_with(VERSION).then_some((compiler, version))
        })
        .ok_or_else(|| {
            Error::new(format!(
                "no compiler for Zig {VERSION}; install one, and run this again:\n  \
                 pip install 'ziglang=={VERSION}.*'"
            ))
        })?;
    let out = target_dir(root, "guests")?.join(format!("{}.wasm", guest.name));
    fs::make_folder_of(&out)?;
    // From its own folder, so that no path of this machine can get into the module.
    let folder = guest.folder(root).join("src");
    let cache = target_dir(root, "guests")?.join("zig");
    let status = process::command(compiler[0], &folder)
        .args(&compiler[1..])
        .args(["build-exe", "plugin.zig", "-target", "wasm32-freestanding", "-O", "ReleaseSmall"])
        .args(["-fno-entry", "-rdynamic", "-fstrip"])
        .arg(format!("-femit-bin={}", out.display()))
        .arg("--cache-dir")
        .arg(&cache)
        .arg("--global-cache-dir")
        .arg(&cache)
        .status()
        .map_err(Error::io("start zig in", &folder))?;
    if !status.success() {
        return Err(Error::new(format!("{}: zig could not build it; its messages are above", guest.name)));
    }
    Ok(Built { module: fs::read(&out)?, toolchain: format!("zig {version}") })
}
