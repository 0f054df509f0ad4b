//! The targets of `fuzz/`, each for its share of the time.
//!
//! Without a sanitizer unless one is asked for: no target has `unsafe` of this repository but SQLite's handlers, and
//! what a sanitizer costs is executions.

mod summary;

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Error, fs, process, target_dir};
use summary::Summary;

/// What to run, and for how long.
#[derive(Debug)]
pub struct Fuzz {
    /// How long all targets take together, in minutes.
    pub minutes: f64,
    /// How many executions each target makes instead.
    pub executions: Option<u64>,
    /// Only the target of this name.
    pub target: Option<String>,
    /// The sanitizer to build with, as cargo-fuzz calls it.
    pub sanitizer: String,
}

/// An execution that takes longer is as good as a crash.
const SLOWEST_SECONDS: u32 = 10;

/// Longer inputs are slower, and find nothing that shorter ones do not: the largest seed is not much longer.
const LONGEST_BYTES: u32 = 8192;

/// Runs the targets and prints a table of what they did.
///
/// # Errors
/// When something that it needs is not installed, and when an input crashes a target: with its path, and how to make it
/// crash again.
pub fn run(root: &Path, fuzz: &Fuzz) -> Result<(), Error> {
    let mut targets = targets(root)?;
    if let Some(only) = &fuzz.target {
        let known = targets.join("`, `");
        targets.retain(|target| target == only);
        if targets.is_empty() {
            return Err(Error::new(format!("there is no target `{only}`: choose one of `{known}`")));
        }
    }
    is_installed(root)?;
    let place = target_dir(root, "fuzz")?;
    let session = Session { root, place, fuzz };
    session.build()?;

    let seconds = (fuzz.minutes * 60.0 / targets.len() as f64).max(1.0) as u64;
    let mut crashes = String::new();
    println!("{:<10}  {:>12}  {:>12}  {:>8}  {:>7}", "target", "executions", "a second", "corpus", "crashes");
    for target in &targets {
        let (summary, succeeded) = session.run(target, seconds)?;
        let Summary { executions, a_second, corpus, .. } = summary;
        let count = u8::from(!succeeded);
        println!("{target:<10}  {executions:>12}  {a_second:>12}  {corpus:>8}  {count:>7}");
        if !succeeded {
            let _ = write!(crashes, "\n{}", session.told(target, &summary));
        }
    }
    if crashes.is_empty() { Ok(()) } else { Err(Error::new(format!("not everything holds{crashes}"))) }
}

/// The names of all targets, sorted: those that have a file.
fn targets(root: &Path) -> Result<Vec<String>, Error> {
    let files = fs::entries(&root.join("fuzz/fuzz_targets"))?;
    Ok(files.iter().filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect())
}

fn is_installed(root: &Path) -> Result<(), Error> {
    for (arguments, missing) in [
        (
            &["+nightly", "--version"][..],
            "there is no nightly compiler, which fuzzing needs: `rustup toolchain install nightly --profile minimal`",
        ),
        (&["+nightly", "fuzz", "--version"], "cargo-fuzz is not installed: `cargo install cargo-fuzz --locked`"),
    ] {
        if process::first_line("cargo", root, arguments).is_none() {
            return Err(Error::new(missing));
        }
    }
    Ok(())
}

struct Session<'a> {
    root: &'a Path,
    place: PathBuf,
    fuzz: &'a Fuzz,
}

impl Session<'_> {
    fn cargo_fuzz(&self, command: &str) -> Command {
        let mut cargo = process::command("cargo", self.root);
        cargo.args(["+nightly", "fuzz", command, "--sanitizer", &self.fuzz.sanitizer, "--target-dir"]);
        cargo.arg(&self.place);
        cargo
    }

    fn build(&self) -> Result<(), Error> {
        let mut cargo = self.cargo_fuzz("build");
        cargo.args(&self.fuzz.target);
        let status = cargo.status().map_err(|error| Error::new(format!("cannot run cargo: {error}")))?;
        if status.success() { Ok(()) } else { Err(Error::new("the targets cannot be built")) }
    }

    /// Runs a target: on the committed inputs, on those that earlier runs found, and on new ones, which are kept beside
    /// the latter. Also says whether it succeeded.
    fn run(&self, target: &str, seconds: u64) -> Result<(Summary, bool), Error> {
        let (found, artifacts) = (self.found(target), self.place.join("artifacts").join(target));
        for folder in [&found, &artifacts] {
            std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        let mut cargo = self.cargo_fuzz("run");
        cargo.arg(target).arg(found).arg(self.root.join("fuzz/corpus").join(target)).arg("--");
        cargo.args([
            format!("-timeout={SLOWEST_SECONDS}"),
            format!("-max_len={LONGEST_BYTES}"),
            format!("-artifact_prefix={}/", artifacts.display()),
            "-print_final_stats=1".to_owned(),
            match self.fuzz.executions {
                Some(executions) => format!("-runs={executions}"),
                None => format!("-max_total_time={seconds}"),
            },
        ]);
        let output = cargo.stdout(Stdio::null()).stderr(Stdio::piped()).output();
        let output = output.map_err(|error| Error::new(format!("cannot run cargo: {error}")))?;
        let summary = Summary::of(&String::from_utf8_lossy(&output.stderr));
        Ok((summary, output.status.success()))
    }

    /// Where the inputs are that it found, which are not committed.
    fn found(&self, target: &str) -> PathBuf {
        self.place.join("corpus").join(target)
    }

    /// What crashed, and how to see it again.
    fn told(&self, target: &str, summary: &Summary) -> String {
        let Summary { said, input, .. } = summary;
        let Some(input) = input else { return format!("`{target}` failed:\n{said}") };
        let sanitizer = &self.fuzz.sanitizer;
        format!(
            "`{target}` fails on {input}:\n{said}\nagain: cargo +nightly fuzz run --sanitizer {sanitizer} --target-dir \
             {} {target} {input}",
            self.place.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    #[test]
    fn every_target_is_built_and_has_inputs_to_begin_with() {
        let manifest = fs::read_text(&root().join("fuzz/Cargo.toml")).unwrap();
        let targets = targets(&root()).unwrap();
        assert!(targets.len() >= 5, "{targets:?}");
        for target in targets {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
            assert!(!fs::entries(&root().join("fuzz/corpus").join(&target)).unwrap().is_empty(), "{target}");
        }
    }

    #[test]
    fn a_target_that_is_not_there_is_told_with_those_that_are() {
        let fuzz = Fuzz { minutes: 1.0, executions: None, target: Some("encode".into()), sanitizer: "none".into() };
        let error = run(&root(), &fuzz).unwrap_err().to_string();
        assert!(error.starts_with("there is no target `encode`: choose one of `compat`, `decode`"), "{error}");
    }
}
