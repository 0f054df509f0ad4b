//! Building a guest in C: one file, freestanding, with no library but its own headers.

use std::path::Path;

use super::{Built, Guest};
use crate::{Error, fs, process, target_dir};

/// clang by its names: Debian's with its version, and everybody else's.
const COMPILERS: [&str; 2] = ["clang-19", "clang"];

pub(super) fn build(root: &Path, guest: &Guest) -> Result<Built, Error> {
    let (compiler, toolchain) = COMPILERS
        .iter()
        .find_map(|compiler| Some((compiler, process::first_line(compiler, root, &["--version"])?)))
        .ok_or_else(|| {
            Error::new(
                "no compiler for C to WebAssembly; install one, and run this again:\n  \
                 on Debian:   apt-get update && apt-get install clang-19 lld-19\n  \
                 on macOS:    brew install llvm lld"
                    .to_owned(),
            )
        })?;
    let out = target_dir(root, "guests")?.join(format!("{}.wasm", guest.name));
    fs::make_folder_of(&out)?;
    // From its own folder, so that no path of this machine can get into the module.
    let folder = guest.folder(root).join("src");
    let status = process::command(compiler, &folder)
        .args(["--target=wasm32-unknown-unknown", "-Os", "-ffreestanding", "-nostdlib", "-Wall", "-Wextra", "-Werror"])
        .args(["-fuse-ld=lld", "-Wl,--no-entry", "-Wl,--strip-all", "plugin.c", "-o"])
        .arg(&out)
        .status()
        .map_err(Error::io("start clang in", &folder))?;
    if !status.success() {
        return Err(Error::new(format!("{}: {compiler} could not build it; its messages are above", guest.name)));
    }
    Ok(Built { module: fs::read(&out)?, toolchain })
}
