//! The test programs that cargo built.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Error, fs};

/// What makes cargo say what it built.
pub(crate) const BUILD: [&str; 4] = ["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"];

/// A test program.
#[derive(Debug)]
pub(crate) struct TestProgram {
    /// The package.
    pub(crate) package: String,
    /// The test target, or the library or program whose own tests these are.
    pub(crate) name: String,
    /// Whether it is a test target of its own, and not a library's or a program's own tests.
    pub(crate) is_integration: bool,
    pub(crate) path: PathBuf,
    /// The folder of its package, where cargo would run it.
    pub(crate) folder: PathBuf,
    /// The file that it is compiled from, and beside which the rest of it lies.
    pub(crate) source: PathBuf,
}

/// What cargo says of something that it built. There is more of it.
#[derive(Deserialize)]
struct Built {
    executable: Option<PathBuf>,
    manifest_path: PathBuf,
    profile: Profile,
    target: Target,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

/// Reads what cargo said, a line of JSON each.
pub(crate) fn parse(said: &str) -> Result<Vec<TestProgram>, Error> {
    let mut programs = Vec::new();
    for line in said.lines() {
        // Lines about other things lack what is asked for.
        let Ok(Built { executable: Some(path), manifest_path, profile: Profile { test: true }, target }) =
            serde_json::from_str(line)
        else {
            continue;
        };
        programs.push(TestProgram {
            package: package_of(&manifest_path)?,
            name: target.name,
            is_integration: target.kind.iter().any(|kind| kind == "test"),
            path,
            folder: manifest_path.parent().unwrap_or(Path::new("")).to_owned(),
            source: target.src_path,
        });
    }
    Ok(programs)
}

fn package_of(manifest: &Path) -> Result<String, Error> {
    let text = fs::read_text(manifest)?;
    let (_, package) = text.split_once("[package]").unwrap_or_default();
    let name = package.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    name.map(str::to_owned).ok_or_else(|| Error::new(format!("{} names no package", manifest.display())))
}
