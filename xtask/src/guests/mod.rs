//! The guests: plugins under `test-plugins/`, in several languages, and their modules under `test-plugins/prebuilt/`; and
//! those of examples, whose modules stand beside them.
//!
//! The modules are kept in the repository, because the tests load them and few who run the tests have a compiler for
//! WebAssembly. What is kept can grow old without anybody noticing, so beside each module stands a record of the sources
//! that it was built from; comparing needs no compiler.

mod assemblyscript;
mod c;
mod record;
mod rust;
mod sources;
mod zig;

use std::path::{Path, PathBuf};

pub(crate) use rust::stand_in as stand_in_for_rustup;
pub(crate) use zig::VERSION as ZIG;

use crate::{Error, fs};
use record::{Record, hash};

/// A plugin under `test-plugins/`, in the folder of its name, or one of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guest {
    /// The name of its folder, its package and its module.
    pub name: &'static str,
    /// What it is written in.
    pub language: Language,
    /// Whether it exports every built-in function under its name, and forwards to it: the conformance suite is run
    /// through it.
    pub forwards: bool,
    /// Whether it does so through the generated bindings, and not with raw bytes.
    pub typed: bool,
}

/// What a guest is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// With Extism's PDK for Rust.
    Rust,
    /// With Extism's PDK for AssemblyScript.
    AssemblyScript,
    /// Freestanding, with a header of its own.
    C,
    /// Freestanding, with Zig's own library.
    Zig,
}

/// All guests. One that is added to `test-plugins/` and forgotten here is reported as stale.
pub static GUESTS: &[Guest] = &[
    Guest { name: "auth", language: Language::Rust, forwards: false, typed: false },
    Guest { name: "bindings-assemblyscript", language: Language::AssemblyScript, forwards: true, typed: true },
    Guest { name: "bindings-c", language: Language::C, forwards: true, typed: true },
    Guest { name: "bindings-rust", language: Language::Rust, forwards: true, typed: true },
    Guest { name: "bindings-zig", language: Language::Zig, forwards: true, typed: true },
    Guest { name: "conformance-assemblyscript", language: Language::AssemblyScript, forwards: true, typed: false },
    Guest { name: "conformance-c", language: Language::C, forwards: true, typed: false },
    Guest { name: "conformance-rust", language: Language::Rust, forwards: true, typed: false },
    Guest { name: "measure-rust", language: Language::Rust, forwards: false, typed: false },
];

/// The guests of examples, each in the folder `plugin` of the example of its name, with its module beside that folder:
/// whoever copies an example has both.
pub static EXAMPLES: &[Guest] = &[
    Guest { name: "no-database", language: Language::AssemblyScript, forwards: false, typed: true },
    Guest { name: "stock", language: Language::Rust, forwards: false, typed: true },
];

impl Language {
    /// Its name in small letters, as tests are named after it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::AssemblyScript => "assemblyscript",
            Self::C => "c",
            Self::Zig => "zig",
        }
    }

    /// The files beside `src/` that a module is built from.
    fn manifests(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["Cargo.lock", "Cargo.toml"],
            Self::AssemblyScript => &["package-lock.json", "package.json"],
            Self::C | Self::Zig => &[],
        }
    }
}

/// A module, and what made it.
struct Built {
    module: Vec<u8>,
    toolchain: String,
}

impl Guest {
    fn folder(&self, root: &Path) -> PathBuf {
        match self.example(root) {
            Some(example) => example.join("plugin"),
            None => root.join("test-plugins").join(self.name),
        }
    }

    /// The folder of the example that it belongs to, if it does.
    fn example(&self, root: &Path) -> Option<PathBuf> {
        EXAMPLES.contains(self).then(|| root.join("examples").join(self.name))
    }

    /// The prebuilt module, for a test to load.
    pub fn module(&self, root: &Path) -> PathBuf {
        match self.example(root) {
            Some(example) => example.join("plugin.wasm"),
            None => prebuilt(root).join(self.file_name()),
        }
    }

    /// The name of its compiled module.
    pub fn file_name(&self) -> String {
        format!("{}.wasm", self.name)
    }

    fn hash(&self, root: &Path) -> Result<String, Error> {
        sources::hash(&self.folder(root), self.language.manifests())
    }

    fn record(&self, root: &Path) -> PathBuf {
        self.module(root).with_extension("sha256")
    }
}

/// Those of `test-plugins/`, and those of examples.
fn all() -> impl Iterator<Item = &'static Guest> {
    GUESTS.iter().chain(EXAMPLES)
}

fn prebuilt(root: &Path) -> PathBuf {
    root.join("test-plugins").join("prebuilt")
}

/// Builds every guest into `prebuilt/` with its record, or into `out` without one; or the one of a name. A guest whose
/// compiler is not there does not keep the others from being built.
pub fn build(root: &Path, out: Option<&Path>, only: Option<&str>) -> Result<(), Error> {
    let mut failures = Vec::new();
    let mut guests = all().filter(|guest| only.is_none_or(|only| only == guest.name)).peekable();
    if guests.peek().is_none() {
        let names: Vec<_> = all().map(|guest| guest.name).collect();
        return Err(Error::new(format!("there is no such guest; there are {}", names.join(", "))));
    }
    for guest in guests {
        match build_one(root, guest, out) {
            Ok(report) => println!("{report}"),
            Err(error) => failures.push(error.to_string()),
        }
    }
    // Guests of one language lack the same compiler.
    failures.dedup();
    if failures.is_empty() { Ok(()) } else { Err(Error::new(failures.join("\n"))) }
}

fn build_one(root: &Path, guest: &Guest, out: Option<&Path>) -> Result<String, Error> {
    // Before the build: whoever edits the sources meanwhile must not have the new ones recorded.
    let sources = guest.hash(root)?;
    let Built { module, toolchain } = match guest.language {
        Language::Rust => rust::build(root, guest),
        Language::AssemblyScript => assemblyscript::build(root, guest),
        Language::C => c::build(root, guest),
        Language::Zig => zig::build(root, guest),
    }?;
    let path = match out {
        Some(folder) => folder.join(guest.file_name()),
        None => guest.module(root),
    };
    fs::write(&path, &module)?;
    let report = format!("{}: {} bytes, by {toolchain}", path.display(), module.len());
    if out.is_none() {
        fs::write(&guest.record(root), Record { sources, module: hash(&module), toolchain }.to_string())?;
    }
    Ok(report)
}

/// Fails with every reason why the prebuilt modules are not those of the sources.
pub fn check(root: &Path) -> Result<(), Error> {
    let stale = stale(root)?;
    if stale.is_empty() {
        println!("{0} of {0} prebuilt guests are up to date", all().count());
        return Ok(());
    }
    Err(Error::new(format!("prebuilt guests are stale; run `cargo xtask guests`\n  {}", stale.join("\n  "))))
}

/// Why the prebuilt modules are not those of the sources, one sentence a reason; empty when all is well.
///
/// Builds nothing, and so takes milliseconds: any test may ask.
pub fn stale(root: &Path) -> Result<Vec<String>, Error> {
    let mut reasons = stale_among(root, GUESTS)?;
    reasons.extend(stale_in_examples(root, EXAMPLES)?);
    Ok(reasons)
}

fn stale_in_examples(root: &Path, guests: &[Guest]) -> Result<Vec<String>, Error> {
    let mut reasons = Vec::new();
    for guest in guests {
        reasons.extend(why_stale(root, guest)?.map(|why| format!("{}: {why}", guest.name)));
    }
    for path in fs::entries(&root.join("examples"))? {
        let is_known = guests.iter().any(|guest| path.file_name().is_some_and(|name| name == guest.name));
        if path.join("plugin").is_dir() && !is_known {
            reasons.push(format!("{}: its plugin is not in the table of xtask/src/guests/mod.rs", path.display()));
        }
    }
    Ok(reasons)
}

fn stale_among(root: &Path, guests: &[Guest]) -> Result<Vec<String>, Error> {
    let mut reasons = Vec::new();
    for guest in guests {
        reasons.extend(why_stale(root, guest)?.map(|why| format!("{}: {why}", guest.name)));
    }
    let known = |path: &Path| guests.iter().any(|guest| path.file_stem().is_some_and(|stem| stem == guest.name));
    for path in fs::entries(&root.join("test-plugins"))? {
        if path.join("src").is_dir() && !known(&path) {
            reasons.push(format!("{}: not in the table of xtask/src/guests/mod.rs", path.display()));
        }
    }
    for path in fs::entries(&prebuilt(root))? {
        if path.extension().is_some_and(|extension| extension == "wasm") && !known(&path) {
            reasons.push(format!("{}: the module of no guest; delete it", path.display()));
        }
    }
    Ok(reasons)
}

fn why_stale(root: &Path, guest: &Guest) -> Result<Option<&'static str>, Error> {
    let Some(module) = fs::read_if_any(&guest.module(root))? else { return Ok(Some("the module is missing")) };
    let Some(record) = fs::read_if_any(&guest.record(root))? else { return Ok(Some("the record is missing")) };
    let Some(record) = Record::parse(&record) else { return Ok(Some("the record cannot be read")) };
    if record.sources != guest.hash(root)? {
        return Ok(Some("the sources have changed since the module was built"));
    }
    if record.module != hash(&module) {
        return Ok(Some("the module is not the one that was built from the sources"));
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
