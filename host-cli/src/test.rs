use std::{
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn_runtime::PluginManagerBuilder;
use hostfn_test::{Scenario, ScenarioOutcome};
use serde_json::{Value, json};
use tracing::subscriber::NoSubscriber;

use crate::{CannotJudge, Failure, Progress, help::in_own_name, junit, plugin::ChosenPlugin, verdict_stdout};

/// The arguments of `test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn test scenarios/*.yaml --plugin my.wasm
  hostfn test scenarios --plugin my.wasm --junit target/junit.xml
  hostfn test scenarios --plugin my.toml
  hostfn test scenarios/new.yaml --plugin my.wasm --update

Each scenario runs on a database of its own, on a host whose time and randomness are the same in every run. \
What a plugin takes from WASI is the machine's. Exits with 1 when one of them fails.")]
pub struct TestArguments {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "SCENARIO.yaml|FOLDER")]
    scenarios: Vec<PathBuf>,
    /// The compiled plugin, or its manifest; with a manifest it gets what both the manifest and the scenario grant
    #[arg(long, value_name = "PLUGIN.wasm|PLUGIN.toml")]
    plugin: PathBuf,
    /// Write what came of the steps into the files, where something else or nothing was expected
    #[arg(long, conflicts_with = "junit")]
    update: bool,
    /// Write a report in JUnit's format, for CI servers
    #[arg(long, value_name = "FILE.xml")]
    junit: Option<PathBuf>,
    /// Write JSON: each scenario, whether it passed, and what was wrong
    #[arg(long, conflicts_with = "update")]
    json: bool,
}

/// A scenario that was run, or could not be.
pub(crate) struct Ran {
    pub(crate) path: PathBuf,
    /// What it shows.
    pub(crate) name: String,
    pub(crate) outcome: Result<ScenarioOutcome, Failure>,
}

impl Ran {
    pub(crate) fn is_success(&self) -> bool {
        self.outcome.as_ref().is_ok_and(ScenarioOutcome::is_success)
    }
}

const PASSED: Style = AnsiColor::Green.on_default();
const FAILED: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const REMOVED: Style = AnsiColor::Red.on_default();
const ASIDE: Style = Style::new().dimmed();

pub(crate) fn run(arguments: &TestArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    // What fails in a scenario fails on purpose; whoever wants its log asks for it.
    match std::env::var_os("HOSTFN_LOG") {
        Some(_) => run_all(arguments, host),
        None => tracing::subscriber::with_default(NoSubscriber::new(), || run_all(arguments, host)),
    }
}

fn run_all(arguments: &TestArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let plugin = ChosenPlugin::read(&arguments.plugin)?;
    if let ChosenPlugin::Manifest(manifest) = &plugin {
        // What is wrong with it is told once, and not of each scenario.
        manifest.module()?;
    }
    if let Some(note) = plugin.note_of_machine() {
        anstream::eprintln!("{ASIDE}{note}{ASIDE:#}");
    }
    let paths = scenario_files(&arguments.scenarios)?;
    if arguments.update {
        return update(&paths, host, &plugin);
    }
    let started = Instant::now();
    let mut out = verdict_stdout();
    let mut all = Vec::new();
    let progress = Progress::of_steps(paths.len(), "testing");
    for path in paths {
        let ran = run_one(path, host, &plugin);
        progress.step();
        if !arguments.json {
            progress.suspend(|| show(&mut out, &ran))?;
        }
        all.push(ran);
    }
    drop(progress);
    let duration = started.elapsed();
    if let Some(report) = &arguments.junit {
        junit::write(report, &all, duration).map_err(|error| format!("{}: {error}", report.display()))?;
    }
    let passed = all.iter().filter(|ran| ran.is_success()).count();
    let failed = all.len() - passed;
    if arguments.json {
        writeln!(out, "{:#}", as_json(&all, duration))?;
    } else {
        writeln!(out, "\n{passed} passed, {failed} failed, in {}", seconds(duration))?;
    }
    let may_be_wrong = |ran: &Ran| ran.outcome.as_ref().is_ok_and(|outcome| !outcome.is_success());
    let advice = match all.iter().any(may_be_wrong) {
        true => "; where a scenario is wrong, and not the plugin, `--update` writes what came",
        false => "",
    };
    match failed {
        0 => Ok(()),
        1 => Err(format!("a scenario failed{advice}").into()),
        _ => Err(format!("{failed} scenarios failed{advice}").into()),
    }
}

fn as_json(all: &[Ran], duration: Duration) -> Value {
    let scenario = |ran: &Ran| {
        let (took, said) = match &ran.outcome {
            Ok(outcome) => (outcome.duration, (!outcome.is_success()).then(|| outcome.to_string())),
            Err(error) => (Duration::ZERO, Some(error.to_string())),
        };
        let (file, seconds) = (ran.path.display().to_string(), took.as_secs_f64());
        json!({"file": file, "name": ran.name, "success": ran.is_success(), "seconds": seconds, "message": said})
    };
    let passed = all.iter().filter(|ran| ran.is_success()).count();
    json!({
        "passed": passed,
        "failed": all.len() - passed,
        "seconds": duration.as_secs_f64(),
        "scenarios": all.iter().map(scenario).collect::<Vec<_>>(),
    })
}

fn run_one(path: PathBuf, host: &PluginManagerBuilder, plugin: &ChosenPlugin) -> Ran {
    match Scenario::read(&path) {
        Ok(scenario) => {
            warn_of_grants(&scenario, host);
            let outcome = scenario.run_with(host.clone(), |manager, options| plugin.load(manager, options));
            Ran { name: scenario.name(), outcome, path }
        }
        Err(error) => Ran { name: path.display().to_string(), outcome: Err(error), path },
    }
}

/// Says on standard error which grants of a scenario help nobody.
fn warn_of_grants(scenario: &Scenario, host: &PluginManagerBuilder) {
    for warning in scenario.unused_grants(host.registries()) {
        let path = scenario.path().display();
        anstream::eprintln!("{WARNING}warning:{WARNING:#} {path}: {}", in_own_name(&warning));
    }
}

fn show(out: &mut impl Write, ran: &Ran) -> Result<(), Failure> {
    let path = ran.path.display();
    match &ran.outcome {
        Ok(outcome) if outcome.is_success() => {
            writeln!(out, "{PASSED}ok{PASSED:#}    {path}  {ASIDE}{outcome}, {}{ASIDE:#}", seconds(outcome.duration))?;
        }
        Ok(outcome) => {
            writeln!(out, "{FAILED}FAIL{FAILED:#}  {path}")?;
            for line in outcome.to_string().lines() {
                let style = match line.trim_start().chars().next() {
                    Some('-') => REMOVED,
                    Some('+') => PASSED,
                    _ => Style::new(),
                };
                writeln!(out, "      {style}{line}{style:#}")?;
            }
        }
        Err(error) => writeln!(out, "{FAILED}FAIL{FAILED:#}  {}", indented(error))?,
    }
    Ok(())
}

/// The lines behind the first as far in as it.
fn indented(text: &impl fmt::Display) -> String {
    text.to_string().replace('\n', "\n      ")
}

fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        milliseconds @ 0..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

fn update(paths: &[PathBuf], host: &PluginManagerBuilder, plugin: &ChosenPlugin) -> Result<(), Failure> {
    let mut out = verdict_stdout();
    let mut failed = 0;
    for path in paths {
        let updated = Scenario::read(path).and_then(|scenario| {
            warn_of_grants(&scenario, host);
            scenario.updated_with(host.clone(), |manager, options| plugin.load(manager, options))
        });
        let updated = updated.and_then(|text| text.map(|text| replace(path, &text)).transpose());
        let path = path.display();
        match updated {
            Ok(Some(())) => writeln!(out, "{PASSED}updated{PASSED:#}    {path}")?,
            Ok(None) => writeln!(out, "{ASIDE}unchanged{ASIDE:#}  {path}")?,
            Err(error) => {
                failed += 1;
                writeln!(out, "{FAILED}FAIL{FAILED:#}       {}", indented(&error))?;
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} scenarios were not updated", paths.len()).into()) }
}

/// Writes a file in one go: whoever interrupts it has the old one or the new one.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let cannot = |error: &dyn fmt::Display| format!("{}: cannot be written: {error}", path.display());
    // A link stays one; what it leads to is written.
    let target = fs::canonicalize(path).map_err(|error| cannot(&error))?;
    let permissions = fs::metadata(&target).map_err(|error| cannot(&error))?.permissions();
    if permissions.readonly() {
        return Err(cannot(&"it is read-only").into());
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(permissions.clone())?;
        file.persist(&target)?;
        Ok(())
    };
    Ok(write().map_err(|error| cannot(&error))?)
}

/// The files that were named, and those in the folders that were.
fn scenario_files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if !path.exists() {
            let path = path.display();
            return Err(CannotJudge(format!(
                "{path}: there is no such file or folder; name a scenario or a folder of them"
            ))
            .into());
        }
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        files_in(path, &mut files).map_err(|error| format!("{}: {error}", path.display()))?;
        if files.len() == before {
            return Err(format!("no scenarios in {}: they are files that end in .yaml", path.display()).into());
        }
    }
    Ok(files)
}

fn files_in(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let entries = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        // A link to a folder may lead back here.
        Ok((entry.path(), entry.file_type()?.is_dir()))
    });
    let mut entries = entries.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for (path, is_folder) in entries {
        if is_folder {
            files_in(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    Ok(())
}
