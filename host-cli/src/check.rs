use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn_runtime::{Finding, FindingKind, LoadError, PluginManager, PluginManagerBuilder, PluginManifest, Severity};
use serde_json::{Value, json};

use crate::{
    Failure, build,
    explain::{self, Coded, codes_of},
    plugin::{ChosenPlugin, PluginArguments, missing_permission},
    verdict_stdout,
};

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn check plugin.wasm --grant 'users:*,sessions:read'
  hostfn check plugin.wasm --grant 'users:*' --json
  hostfn check plugin.toml --grant 'users:*'
  hostfn check plugins --grant '*'              # each manifest of a folder

Reads the module and does not run it. Of a manifest it shows the difference between what it asks for and \
what is granted. Exits with 1 when the plugin could not be loaded, or imports or asks for what it is not \
granted; what only should be changed is a warning.")]
pub struct CheckArguments {
    #[command(flatten)]
    plugin: PluginArguments,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

const REFUSED: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default();
const ASIDE: Style = Style::new().dimmed();
const FINE: Style = AnsiColor::Green.on_default();

/// A plugin that was looked at, or that could not be.
struct Checked {
    path: PathBuf,
    plugin: String,
    outcome: Result<Vec<Finding>, Failure>,
}

impl Checked {
    /// How many reasons there are why it would not work.
    fn reasons(&self) -> usize {
        match &self.outcome {
            Ok(findings) => findings.iter().filter(|finding| finding.kind.severity() != Severity::Warning).count(),
            Err(_) => 1,
        }
    }
}

pub(crate) fn run(arguments: &CheckArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    // Checking reads no record; the functions want a database to be bound to.
    let manager = build(host, "sqlite::memory:")?;
    let path = arguments.plugin.path();
    if path.is_dir() {
        return check_folder(arguments, path, &manager);
    }
    let chosen = arguments.plugin.read()?;
    let Checked { plugin, outcome, path } = check(path, &chosen, arguments, &manager);
    let checked = Checked { plugin, outcome: Ok(outcome?), path };
    let mut out = verdict_stdout();
    match &checked.outcome {
        Ok(findings) if !arguments.json => show(&mut out, &checked.plugin, findings, &manager)?,
        _ => writeln!(out, "{:#}", as_json(&checked))?,
    }
    let plugin = &checked.plugin;
    verdict(
        &[&checked],
        arguments,
        match checked.reasons() {
            0 => None,
            1 => Some(format!("plugin `{plugin}` would not work on this host")),
            count => Some(format!("plugin `{plugin}` would not work on this host, for {count} reasons")),
        },
    )
}

/// Each manifest of a folder, as `PluginManager::load_folder` would load it.
fn check_folder(arguments: &CheckArguments, folder: &Path, manager: &PluginManager) -> Result<(), Failure> {
    let cannot = |error: io::Error| format!("cannot read the folder {}: {error}", folder.display());
    let files = fs::read_dir(folder).map_err(cannot)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = files.collect::<io::Result<Vec<_>>>().map_err(cannot)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml") && file.is_file());
    files.sort();
    if files.is_empty() {
        let folder = folder.display();
        return Err(format!("no plugins in {folder}: `hostfn manifest` writes a file NAME.toml for each").into());
    }
    let mut all: Vec<Checked> = Vec::new();
    for file in files {
        let checked = match PluginManifest::read(&file) {
            Ok(manifest) => check(&file, &ChosenPlugin::Manifest(Box::new(manifest)), arguments, manager),
            Err(error) => Checked { plugin: String::new(), outcome: Err(error.into()), path: file },
        };
        let taken = all.iter().find(|other| !other.plugin.is_empty() && other.plugin == checked.plugin);
        let checked = match taken {
            Some(other) => {
                let (plugin, manifest) = (checked.plugin.clone(), other.path.clone());
                let outcome = Err(LoadError::NameTaken { plugin, manifest }.into());
                Checked { outcome, ..checked }
            }
            None => checked,
        };
        all.push(checked);
    }
    let mut out = verdict_stdout();
    if arguments.json {
        let plugins: Vec<_> = all.iter().map(as_json).collect();
        writeln!(out, "{:#}", json!({"plugins": plugins}))?;
    } else {
        for checked in &all {
            writeln!(out, "{}", checked.path.display())?;
            match &checked.outcome {
                Ok(findings) => show(&mut out, &checked.plugin, findings, manager)?,
                Err(reason) => writeln!(out, "{REFUSED}refused{REFUSED:#}  {reason}")?,
            }
        }
    }
    verdict(
        &all.iter().collect::<Vec<_>>(),
        arguments,
        match all.iter().filter(|checked| checked.reasons() > 0).count() {
            0 => None,
            1 => Some("a plugin would not work on this host".to_owned()),
            count => Some(format!("{count} of {} plugins would not work on this host", all.len())),
        },
    )
}

fn check(path: &Path, chosen: &ChosenPlugin, arguments: &CheckArguments, manager: &PluginManager) -> Checked {
    let outcome = chosen.check(manager, arguments.plugin.options(), path);
    Checked { path: path.to_owned(), plugin: chosen.name().to_owned(), outcome }
}

/// Fails with a message, if there is one, and says where more is told of what was found.
fn verdict(checked: &[&Checked], arguments: &CheckArguments, message: Option<String>) -> Result<(), Failure> {
    // Whoever reads JSON has the kinds.
    let all = checked.iter().filter(|_| !arguments.json);
    let findings = all.clone().filter_map(|checked| checked.outcome.as_ref().ok()).flatten();
    let failures = all.filter_map(|checked| checked.outcome.as_ref().err());
    let codes = findings.map(|finding| finding.kind.id()).chain(failures.flat_map(|failure| codes_of(&**failure)));
    match message {
        Some(message) => Err(Coded::new(codes, message).into()),
        None => {
            explain::note(explain::pointer(codes));
            Ok(())
        }
    }
}

fn show(out: &mut impl Write, plugin: &str, findings: &[Finding], manager: &PluginManager) -> io::Result<()> {
    findings.iter().try_for_each(|finding| writeln!(out, "{}", as_line(finding)))?;
    for (kind, advice) in [
        (FindingKind::NotAsked, "to ask for what is missing, add to the manifest's grants:"),
        (FindingKind::NotGranted, "to grant what is missing, add:"),
    ] {
        let findings = findings.iter().filter(|finding| finding.kind == kind);
        let missing: BTreeSet<_> = findings.filter_map(|finding| missing_permission(finding, manager)).collect();
        let missing: Vec<_> = missing.into_iter().collect();
        match kind {
            _ if missing.is_empty() => {}
            FindingKind::NotAsked => writeln!(out, "{ASIDE}{advice}{ASIDE:#} \"{}\"", missing.join("\", \""))?,
            _ => writeln!(out, "{ASIDE}{advice}{ASIDE:#} --grant '{}'", missing.join(","))?,
        }
    }
    if findings.iter().all(|finding| finding.kind.severity() == Severity::Warning) {
        writeln!(out, "{FINE}ok{FINE:#}  plugin `{plugin}` can be loaded, with all that it imports")?;
    }
    Ok(())
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Refused => "refused",
        Severity::Denied => "denied",
        Severity::Warning => "warning",
    }
}

fn as_json(checked: &Checked) -> Value {
    let findings =
        checked.outcome.as_ref().map_or_else(|_| Vec::new(), |findings| findings.iter().map(finding).collect());
    let mut object = json!({"plugin": checked.plugin, "findings": findings});
    if let Err(reason) = &checked.outcome {
        object["error"] = reason.to_string().into();
    }
    object
}

fn finding(finding: &Finding) -> Value {
    let import = finding.import.as_ref().map(|(namespace, name)| json!({"namespace": namespace, "name": name}));
    json!({
        "kind": finding.kind.id(),
        "severity": severity_name(finding.kind.severity()),
        "import": import,
        "message": finding.message,
    })
}

fn as_line(finding: &Finding) -> String {
    let severity = finding.kind.severity();
    let style = if severity == Severity::Warning { WARNING } else { REFUSED };
    format!("{style}{:7}{style:#}  {} {finding}", severity_name(severity), finding.kind.id())
}
