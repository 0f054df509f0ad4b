//! Building a guest in AssemblyScript, with the compiler that its lock file names.

use std::path::Path;

use super::{Built, Guest};
use crate::{Error, fs, process, target_dir};

pub(super) fn build(root: &Path, guest: &Guest) -> Result<Built, Error> {
    if process::first_line("npm", root, &["--version"]).is_none() {
        return Err(Error::new(
            "no npm, which brings the compiler for AssemblyScript; install Node.js 20 or newer, and run this again:\n  \
             on Debian:   apt-get update && apt-get install nodejs npm\n  \
             on macOS:    brew install node"
                .to_owned(),
        ));
    }
    // In a copy: what npm downloads does not belong among the sources.
    let folder = guest.folder(root);
    let copy = target_dir(root, "guests")?.join(guest.name);
    for file in
        guest.language.manifests().iter().map(|name| folder.join(name)).chain(fs::files_under(&folder.join("src"))?)
    {
        let relative = file.strip_prefix(&folder).unwrap_or(&file);
        fs::write(&copy.join(relative), fs::read(&file)?)?;
    }
    // Exactly what the lock file names, each by its hash.
    run(&copy, guest, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])?;
    let compiler = ["exec", "--", "asc"];
    let arguments =
        ["src/plugin.ts", "--outFile", "plugin.wasm", "--use", "abort=src/plugin/abort", "-O3", "--shrinkLevel", "2"];
    run(&copy, guest, "npm", &[&compiler[..], &arguments].concat())?;
    let version = process::first_line("npm", &copy, &[&compiler[..], &["--version"]].concat());
    let toolchain = format!("asc {}", version.unwrap_or_default().trim_start_matches("Version "));
    Ok(Built { module: fs::read(&copy.join("plugin.wasm"))?, toolchain })
}

fn run(folder: &Path, guest: &Guest, program: &str, arguments: &[&str]) -> Result<(), Error> {
    let status =
        process::command(program, folder).args(arguments).status().map_err(Error::io("start npm in", folder))?;
    if status.success() {
        return Ok(());
    }
    let command = arguments.join(" ");
    Err(Error::new(format!("{}: `{program} {command}` failed; its messages are above", guest.name)))
}
