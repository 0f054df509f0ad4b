use std::{collections::BTreeSet, io::Write, path::PathBuf};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn_runtime::{Finding, FindingKind, Grants, HostFunction, PluginManager, PluginManagerBuilder, Severity};
use serde_json::json;

use crate::{
    Failure, build,
    call::{parse_grant, read_module},
    verdict_stdout,
};

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn check plugin.wasm --grant 'users:*,sessions:read'
  hostfn check plugin.wasm --grant 'users:*' --json

Reads the module and does not run it; what it imports of Extism itself and of WASI is seen when it is
loaded. Exits with 1 when the plugin could not be loaded, or imports
what it is not granted; what only should be changed is a warning.")]
pub struct CheckArguments {
    /// The compiled plugin
    #[arg(value_name = "PLUGIN.wasm")]
    plugin: PathBuf,
    /// A permission that the plugin is granted; may be repeated, and without it nothing is granted
    #[arg(long, value_name = "PERMISSION", value_delimiter = ',', value_parser = parse_grant)]
    grant: Vec<Grants>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

const REFUSED: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default();
const ASIDE: Style = Style::new().dimmed();
const FINE: Style = AnsiColor::Green.on_default();

pub(crate) fn run(arguments: &CheckArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let (plugin, module) = read_module(&arguments.plugin)?;
    // Checking reads no record; the functions want a database to be bound to.
    let manager = build(host, "sqlite::memory:")?;
    let grants: Grants = arguments.grant.iter().cloned().collect();
    let findings =
        manager.check(&module, grants).map_err(|reason| format!("{}: {reason}", arguments.plugin.display()))?;
    let mut out = verdict_stdout();
    if arguments.json {
        let findings: Vec<_> = findings.iter().map(as_json).collect();
        writeln!(out, "{:#}", json!({"plugin": plugin, "findings": findings}))?;
    } else {
        findings.iter().try_for_each(|finding| writeln!(out, "{}", as_line(finding)))?;
    }
    let missing: BTreeSet<_> = findings.iter().filter_map(|finding| missing_permission(finding, &manager)).collect();
    if !missing.is_empty() && !arguments.json {
        let missing = missing.into_iter().collect::<Vec<_>>().join(",");
        writeln!(out, "{ASIDE}to grant what is missing, add:{ASIDE:#} --grant '{missing}'")?;
    }
    match findings.iter().filter(|finding| finding.kind.severity() != Severity::Warning).count() {
        0 if arguments.json => Ok(()),
        0 => Ok(writeln!(out, "{FINE}ok{FINE:#}  plugin `{plugin}` can be loaded, with all that it imports")?),
        1 => Err(format!("plugin `{plugin}` would not work on this host").into()),
        count => Err(format!("plugin `{plugin}` would not work on this host, for {count} reasons").into()),
    }
}

/// The permission whose want a finding is about.
fn missing_permission(finding: &Finding, manager: &PluginManager) -> Option<&'static str> {
    let (namespace, name) = finding.import.as_ref().filter(|_| finding.kind == FindingKind::NotGranted)?;
    let mut functions = manager.functions();
    functions
        .find(|function| function.namespace() == namespace && function.name() == name)
        .map(HostFunction::permission)
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Refused => "refused",
        Severity::Denied => "denied",
        Severity::Warning => "warning",
    }
}

fn as_json(finding: &Finding) -> serde_json::Value {
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
