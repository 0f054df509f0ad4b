use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use hostfn_runtime::{Findings, Grants, LoadError, PluginManagerBuilder, PluginManifest, Severity};
use serde::Deserialize;
use serde_json::json;
use toml::Spanned;

use crate::{
    Failure, build,
    plugin::{missing_permission, read_module},
    test::replace,
};

/// The arguments of `manifest`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn manifest auth.wasm > auth.toml
  hostfn check auth.toml --grant 'users:*'
  hostfn call auth.toml sign_in --grant '*' --input @request.json
  hostfn manifest --update auth.toml

Asks for just what the module's imports need; limits and configuration are yours to add. The file \
belongs beside the module.")]
pub struct ManifestArguments {
    /// The compiled plugin
    #[arg(value_name = "PLUGIN.wasm", required_unless_present = "update")]
    plugin: Option<PathBuf>,
    /// Write JSON, with the members of the file
    #[arg(long)]
    json: bool,
    /// Update the hashes of the modules in a manifest, and leave everything else as it is
    #[arg(long, value_name = "PLUGIN.toml", conflicts_with = "plugin")]
    update: Option<PathBuf>,
}

pub(crate) fn run(arguments: &ManifestArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    match (&arguments.update, &arguments.plugin) {
        (Some(manifest), _) => update(manifest, arguments.json),
        (None, Some(plugin)) => print(plugin, arguments.json, host),
        (None, None) => Err("name the compiled plugin".into()),
    }
}

/// Of a manifest, what is its modules'.
#[derive(Deserialize)]
struct Reviewed {
    module: PathBuf,
    sha256: Spanned<String>,
    /// The modules that are linked with it.
    #[serde(default)]
    linked: BTreeMap<String, Reviewed>,
}

fn update(path: &Path, as_json: bool) -> Result<(), Failure> {
    // With its whole form, so that what is wrong in it is told now.
    PluginManifest::read(path)?;
    let cannot = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut text = fs::read_to_string(path).map_err(|error| cannot(&error))?;
    let reviewed: Reviewed = toml::from_str(&text).map_err(|error| cannot(&error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let now = |reviewed: &Reviewed| -> Result<String, Failure> {
        Ok(PluginManifest::sha256_of(&read_module(&folder.join(&reviewed.module))?.1))
    };
    let sha256 = now(&reviewed)?;
    let mut changes = Vec::new();
    for module in [&reviewed].into_iter().chain(reviewed.linked.values()) {
        let sha256 = now(module)?;
        if !module.sha256.get_ref().eq_ignore_ascii_case(&sha256) {
            changes.push((module.sha256.span(), sha256));
        }
    }
    let is_same = changes.is_empty();
    if !is_same {
        // From the end, so that the places before stay where they are.
        changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        changes.into_iter().for_each(|(span, sha256)| text.replace_range(span, &format!("\"{sha256}\"")));
        replace(path, &text)?;
    }
    let mut out = anstream::stdout();
    if as_json {
        writeln!(out, "{:#}", json!({"file": path, "sha256": sha256, "updated": !is_same}))?;
    } else {
        writeln!(out, "{}  {}", if is_same { "unchanged" } else { "updated" }, path.display())?;
    }
    Ok(())
}

fn print(plugin: &Path, as_json: bool, host: PluginManagerBuilder) -> Result<(), Failure> {
    let (name, module) = read_module(plugin)?;
    let manager = build(host, "sqlite::memory:")?;
    let findings = manager.check(&name, &module, Grants::none())?;
    let refused: Vec<_> =
        findings.iter().filter(|finding| finding.kind.severity() == Severity::Refused).cloned().collect();
    if !refused.is_empty() {
        return Err(LoadError::Refused { plugin: name, findings: Findings(refused) }.into());
    }
    let needed: BTreeSet<_> = findings.iter().filter_map(|finding| missing_permission(finding, &manager)).collect();
    let file = Path::new(plugin.file_name().unwrap_or_default());
    let text = PluginManifest::text_for(&name, file, &module, &Grants::of(needed)?);
    let mut out = anstream::stdout();
    if as_json {
        // What is printed is what would be in the file, and is read from it.
        let members: serde_json::Value = toml::from_str(&text)?;
        writeln!(out, "{members:#}")?;
    } else {
        write!(out, "{text}")?;
    }
    Ok(())
}
