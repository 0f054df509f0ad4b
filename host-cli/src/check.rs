use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::PathBuf,
};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn_runtime::{CheckedFile, Finding, FindingKind, PluginManager, PluginManagerBuilder, Severity};
use serde_json::{Value, json};

use crate::{
    Failure, build,
    explain::{self, Coded, codes_of},
    help::in_own_name,
    plugin::{PluginArguments, missing_permission},
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
    file: PathBuf,
    plugin: Option<String>,
    outcome: Result<Vec<Finding>, Failure>,
}

impl From<CheckedFile> for Checked {
    fn from(CheckedFile { file, plugin, outcome, .. }: CheckedFile) -> Self {
        Self { file, plugin, outcome: outcome.map_err(Failure::from) }
    }
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
    if arguments.plugin.path().is_dir() { check_folder(arguments, &manager) } else { check_file(arguments, &manager) }
}

fn check_file(arguments: &CheckArguments, manager: &PluginManager) -> Result<(), Failure> {
    let chosen = arguments.plugin.read()?;
    let plugin = chosen.name();
    let outcome = Ok(chosen.check(manager, arguments.plugin.options())?);
    let checked = Checked { file: arguments.plugin.path().to_owned(), plugin: Some(plugin.to_owned()), outcome };
    let mut out = verdict_stdout();
    match &checked.outcome {
        Ok(findings) if !arguments.json => show(&mut out, plugin, findings, manager)?,
        _ => writeln!(out, "{:#}", as_json(&checked))?,
    }
    verdict(
        std::slice::from_ref(&checked),
        arguments,
        match checked.reasons() {
            0 => None,
            1 => Some(format!("plugin `{plugin}` would not work on this host")),
            count => Some(format!("plugin `{plugin}` would not work on this host, for {count} reasons")),
        },
    )
}

/// All that `PluginManager::load_folder` would find.
fn check_folder(arguments: &CheckArguments, manager: &PluginManager) -> Result<(), Failure> {
    let folder = arguments.plugin.path();
    let all = manager
        .check_folder(folder, |_| arguments.plugin.options())
        .map_err(|error| format!("cannot read the folder {}: {error}", folder.display()))?;
    if all.is_empty() {
        let folder = folder.display();
        return Err(format!("no plugins in {folder}: `hostfn manifest` writes a file NAME.toml for each").into());
    }
    let all: Vec<_> = all.into_iter().map(Checked::from).collect();
    let mut out = verdict_stdout();
    if arguments.json {
        let plugins: Vec<_> = all.iter().map(as_json).collect();
        writeln!(out, "{:#}", json!({"plugins": plugins}))?;
    } else {
        for checked in &all {
            writeln!(out, "{}", checked.file.display())?;
            match &checked.outcome {
                Ok(findings) => show(&mut out, checked.plugin.as_deref().unwrap_or_default(), findings, manager)?,
                Err(reason) => writeln!(out, "{REFUSED}refused{REFUSED:#}  {}", in_own_name(&reason.to_string()))?,
            }
        }
    }
    verdict(
        &all,
        arguments,
        match all.iter().filter(|checked| checked.reasons() > 0).count() {
            0 => None,
            1 => Some("a plugin would not work on this host".to_owned()),
            count => Some(format!("{count} of {} plugins would not work on this host", all.len())),
        },
    )
}

/// Fails with a message, if there is one, and says where more is told of what was found.
fn verdict(checked: &[Checked], arguments: &CheckArguments, message: Option<String>) -> Result<(), Failure> {
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
    let mut object = json!({"file": checked.file, "plugin": checked.plugin, "findings": findings});
    if let Err(reason) = &checked.outcome {
        let code = codes_of(&**reason).first().copied();
        object["error"] = json!({"code": code, "message": reason.to_string()});
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
    let finding_as_said = in_own_name(&finding.to_string());
    format!("{style}{:7}{style:#}  {} {finding_as_said}", severity_name(severity), finding.kind.id())
}
