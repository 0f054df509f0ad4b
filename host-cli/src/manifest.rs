use std::{collections::BTreeSet, io::Write, path::Path, path::PathBuf};

use clap::Args;
use hostfn_runtime::{Findings, Grants, PluginManagerBuilder, PluginManifest, Severity};

use crate::{
    Failure, build,
    plugin::{missing_permission, read_module},
};

/// The arguments of `manifest`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn manifest auth.wasm > auth.toml
  hostfn check auth.toml --grant 'users:*'
  hostfn call auth.toml sign_in --grant '*' --input @request.json

Asks for just what the module's imports need; limits and configuration are yours to add. The file \
belongs beside the module.")]
pub struct ManifestArguments {
    /// The compiled plugin
    #[arg(value_name = "PLUGIN.wasm")]
    plugin: PathBuf,
    /// Write JSON, with the members of the file
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &ManifestArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let (name, module) = read_module(&arguments.plugin)?;
    let manager = build(host, "sqlite::memory:")?;
    let findings =
        manager.check(&module, Grants::none()).map_err(|reason| format!("{}: {reason}", arguments.plugin.display()))?;
    let refused: Vec<_> =
        findings.iter().filter(|finding| finding.kind.severity() == Severity::Refused).cloned().collect();
    if !refused.is_empty() {
        return Err(format!("plugin `{name}` cannot be loaded on this host:{}", Findings(refused)).into());
    }
    let needed: BTreeSet<_> = findings.iter().filter_map(|finding| missing_permission(finding, &manager)).collect();
    let file = Path::new(arguments.plugin.file_name().unwrap_or_default());
    let text = PluginManifest::text_for(&name, file, &module, &Grants::of(needed)?);
    let mut out = anstream::stdout();
    if arguments.json {
        // What is printed is what would be in the file, and is read from it.
        let members: serde_json::Value = toml::from_str(&text)?;
        writeln!(out, "{members:#}")?;
    } else {
        write!(out, "{text}")?;
    }
    Ok(())
}
