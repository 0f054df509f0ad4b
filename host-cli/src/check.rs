use std::{collections::BTreeSet, io::Write};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn_runtime::{Finding, FindingKind, PluginManagerBuilder, Severity};
use serde_json::json;

use crate::{
    Failure, build,
    plugin::{PluginArguments, missing_permission},
    verdict_stdout,
};

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn check plugin.wasm --grant 'users:*,sessions:read'
  hostfn check plugin.wasm --grant 'users:*' --json
  hostfn check plugin.toml --grant 'users:*'

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

pub(crate) fn run(arguments: &CheckArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let chosen = arguments.plugin.read()?;
    let plugin = chosen.name();
    // Checking reads no record; the functions want a database to be bound to.
    let manager = build(host, "sqlite::memory:")?;
    let findings = chosen
        .check(&manager, arguments.plugin.options())
        .map_err(|reason| format!("{}: {reason}", arguments.plugin.path().display()))?;
    let mut out = verdict_stdout();
    if arguments.json {
        let findings: Vec<_> = findings.iter().map(as_json).collect();
        writeln!(out, "{:#}", json!({"plugin": plugin, "findings": findings}))?;
    } else {
        findings.iter().try_for_each(|finding| writeln!(out, "{}", as_line(finding)))?;
    }
    if !arguments.json {
        for (kind, advice) in [
            (FindingKind::NotAsked, "to ask for what is missing, add to the manifest's grants:"),
            (FindingKind::NotGranted, "to grant what is missing, add:"),
        ] {
            let findings = findings.iter().filter(|finding| finding.kind == kind);
            let missing: BTreeSet<_> = findings.filter_map(|finding| missing_permission(finding, &manager)).collect();
            let missing: Vec<_> = missing.into_iter().collect();
            match kind {
                _ if missing.is_empty() => {}
                FindingKind::NotAsked => writeln!(out, "{ASIDE}{advice}{ASIDE:#} \"{}\"", missing.join("\", \""))?,
                _ => writeln!(out, "{ASIDE}{advice}{ASIDE:#} --grant '{}'", missing.join(","))?,
            }
        }
    }
    match findings.iter().filter(|finding| finding.kind.severity() != Severity::Warning).count() {
        0 if arguments.json => Ok(()),
        0 => Ok(writeln!(out, "{FINE}ok{FINE:#}  plugin `{plugin}` can be loaded, with all that it imports")?),
        1 => Err(format!("plugin `{plugin}` would not work on this host").into()),
        count => Err(format!("plugin `{plugin}` would not work on this host, for {count} reasons").into()),
    }
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
