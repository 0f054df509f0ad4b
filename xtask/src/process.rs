//! Starting cargo from a program that cargo started.

use std::{env, ffi::OsStr, path::Path, process::Command};

/// A command whose outcome depends on its arguments and not on the shell, or on the `cargo run` around this program.
///
/// `cargo xtask` leaves its own cargo, compiler and package in the environment, where a second cargo, maybe of another
/// version, would take them for settings; `cargo run` adds library paths, which a second compiler would load from.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_ambient) {
            command.env_remove(name);
        }
    }
    command
}

/// The first line that a command prints, or nothing when it cannot be run or fails: what a compiler calls itself.
pub(crate) fn first_line(program: impl AsRef<OsStr>, folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = command(program, folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

fn is_ambient(name: &str) -> bool {
    // Where things are found and how they are fetched is the machine's business, and changes no output.
    const KEPT: [&str; 6] =
        ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    const DROPPED: [&str; 5] = ["CARGO", "RUST", "INSTA_", "LD_LIBRARY_PATH", "DYLD_"];
    DROPPED.iter().any(|prefix| name.starts_with(prefix)) && !KEPT.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::is_ambient;

    #[test]
    fn what_an_outer_cargo_leaves_is_dropped_and_what_the_machine_needs_is_kept() {
        for name in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "RUSTFLAGS", "LD_LIBRARY_PATH"]
        {
            assert!(is_ambient(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_NET_OFFLINE", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "PATH", "HOME"] {
            assert!(!is_ambient(name), "{name}");
        }
    }
}
