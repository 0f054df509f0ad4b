//! Tests of a plugin that need no Rust: steps in a YAML file.
//!
//! A scenario is compared with what happens exactly, but where it says `...`; what cannot be known
//! beforehand is given a name where it is first met, `$token`, and is the same wherever the name stands
//! again. So a file says what matters, and a diff of it reads as a change of the plugin.

mod compare;
mod edit;
mod file;
mod names;
mod place;
mod play;
mod schema;
mod update;
mod variables;
mod yaml;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use hostfn_runtime::{HostFunction, LoadError, Plugin, PluginManager, PluginManagerBuilder, PluginOptions, Registry};

pub use compare::Difference;

use crate::fixture::Failure;
use file::ScenarioFile;

/// A scenario: what is done with a plugin, step by step, and what shall come of it.
///
/// Its file is described in the guide to testing, `docs/testing.md`. The command `hostfn test` runs
/// scenarios; this is for tests in Rust that do.
///
/// ```no_run
/// # extern crate hostfn_runtime as hostfn;
/// # hostfn::registry!();
/// # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// use hostfn_test::Scenario;
///
/// let scenario = Scenario::read("scenarios/sign_in.yaml")?;
/// let outcome = scenario.run(registry().into(), "auth", &std::fs::read("auth.wasm")?)?;
/// assert!(outcome.is_success(), "{outcome}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Scenario {
    path: PathBuf,
    text: String,
    file: ScenarioFile,
}

impl Scenario {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no scenario: with the place in the file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Failure> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(path, text)
    }

    /// The scenario in a text; its path names it in messages.
    ///
    /// # Errors
    /// When it is no scenario: with the place in the text.
    pub fn parse(path: impl Into<PathBuf>, text: impl Into<String>) -> Result<Self, Failure> {
        let (path, text) = (path.into(), text.into());
        let file = ScenarioFile::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, text, file })
    }

    /// Where it was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it shows: its own words, or the name of its file.
    pub fn name(&self) -> String {
        let stem = || self.path.file_stem().unwrap_or_default().to_string_lossy().replace('_', " ");
        self.file.name.clone().unwrap_or_else(stem)
    }

    /// What of its grants no function of these registries needs, each with its place and with what was meant.
    pub fn unused_grants(&self, registries: &[Registry]) -> Vec<String> {
        let permissions = registries.iter().flat_map(Registry::functions).map(HostFunction::permission);
        // Read, they are in another order.
        let written = yaml::parse::<serde_json::Value>(&self.text).unwrap_or_default();
        let unused = hostfn_runtime::unused(&self.file.grants, permissions);
        let told = unused.into_iter().map(|(grant, message)| {
            let at = written["grants"].as_array().into_iter().flatten().position(|other| other == grant);
            let at = at.unwrap_or_default();
            let path = [place::Part::Member("grants"), place::Part::Item(at)];
            place::at_path(&self.text, &path, &format!("`{grant}` is granted, which {message}"))
        });
        told.collect()
    }

    /// Runs its steps until one does not end as it says, on a host and a database of their own, of which
    /// `plugin` is the name of the plugin and `module` its compiled bytes.
    ///
    /// # Errors
    /// When it cannot be run at all: the host cannot be built, the plugin cannot be loaded, or the scenario
    /// names what is not there.
    pub fn run(&self, host: PluginManagerBuilder, plugin: &str, module: &[u8]) -> Result<ScenarioOutcome, Failure> {
        self.run_with(host, |manager, options| manager.load(plugin, module, options))
    }

    /// As [`run`](Self::run), with a plugin that `load` loads, such as one with a manifest.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_with(
        &self,
        host: PluginManagerBuilder,
        load: impl Fn(&PluginManager, PluginOptions) -> Result<Plugin, LoadError>,
    ) -> Result<ScenarioOutcome, Failure> {
        play::run(&self.file, &self.text, host, &load).map_err(|error| self.at(&error))
    }

    /// Runs all its steps, and answers its text with every expectation that was not met, or not there yet,
    /// as it came out. Comments and layout stay. Nothing, when all were met.
    ///
    /// # Errors
    /// As [`run`](Self::run), and when the text cannot be changed without losing something of it.
    pub fn updated(&self, host: PluginManagerBuilder, plugin: &str, module: &[u8]) -> Result<Option<String>, Failure> {
        self.updated_with(host, |manager, options| manager.load(plugin, module, options))
    }

    /// As [`updated`](Self::updated), with a plugin that `load` loads, such as one with a manifest.
    ///
    /// # Errors
    /// As [`updated`](Self::updated).
    pub fn updated_with(
        &self,
        host: PluginManagerBuilder,
        load: impl Fn(&PluginManager, PluginOptions) -> Result<Plugin, LoadError>,
    ) -> Result<Option<String>, Failure> {
        let edits = play::edits(&self.file, &self.text, host.clone(), &load).map_err(|error| self.at(&error))?;
        if edits.is_empty() {
            return Ok(None);
        }
        let text = edit::edited(&self.text, &edits).map_err(|error| self.at(&error))?;
        let outcome = Self::parse(&self.path, &text)?.run_with(host, load)?;
        match outcome.failure {
            None => Ok(Some(text)),
            Some(failure) => {
                let cure = failure.name_instead().unwrap_or_default();
                Err(self.at(&format!("as it would be written it fails; nothing was written{cure}: {failure}")))
            }
        }
    }

    fn at(&self, error: &dyn fmt::Display) -> Failure {
        format!("{}: {error}", self.path.display()).into()
    }
}

/// How a scenario came out.
#[derive(Clone, Debug)]
pub struct ScenarioOutcome {
    /// How many steps it has.
    pub steps: usize,
    /// How many host calls the plugin made.
    pub host_calls: usize,
    /// How long the steps took.
    pub duration: Duration,
    /// What did not come out as expected, if anything did not. The steps after it were not run.
    pub failure: Option<ScenarioFailure>,
}

impl ScenarioOutcome {
    /// Whether all came out as expected.
    pub fn is_success(&self) -> bool {
        self.failure.is_none()
    }
}

/// Says how many steps passed, or what failed and how.
impl fmt::Display for ScenarioOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            None => write!(f, "{}, {}", counted(self.steps, "step"), counted(self.host_calls, "host call")),
            Some(failure) => {
                write!(f, "{failure}")?;
                match self.steps.saturating_sub(failure.step) {
                    0 => Ok(()),
                    1 => f.write_str("\n  the step after it was not run"),
                    left => write!(f, "\n  the {left} steps after it were not run"),
                }
            }
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What did not come out as expected in a step.
#[derive(Clone, Debug)]
pub struct ScenarioFailure {
    /// Which step, from 1.
    pub step: usize,
    /// The line of the file on which the step begins, from 1.
    pub line: u64,
    /// What the step does: its name, or the export that it calls.
    pub what: String,
    /// How what happened differs from what was expected. Secrets are hidden.
    pub differences: Vec<Difference>,
}

impl ScenarioFailure {
    /// What to write where a value is another in each run.
    fn name_instead(&self) -> Option<String> {
        let other =
            self.differences.iter().find(|difference| difference.expected.is_some() && difference.actual.is_some())?;
        let path = &other.path;
        let member = path.rsplit('.').next().unwrap_or(path).split('[').next().unwrap_or(path);
        let is_name =
            !member.is_empty() && member.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        let name = if is_name { member } else { "value" };
        Some(format!(
            "; `{path}` is another in each run: expect a name in its place, such as `${name}`, or `$_` for anything"
        ))
    }
}

impl fmt::Display for ScenarioFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {} on line {}, {}:", self.step, self.line, self.what)?;
        self.differences.iter().try_for_each(|difference| write!(f, "\n{difference}"))
    }
}
