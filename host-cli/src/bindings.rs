use std::{fs, path::PathBuf};

use clap::{Args, builder::PossibleValuesParser};
use hostfn_bindings::{Contract, LANGUAGES, Language};
use hostfn_runtime::PluginManagerBuilder;

use crate::{Failure, say_written};

/// The arguments of `bindings`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn bindings --language rust --out src
  hostfn bindings --language typescript --out plugin/src")]
pub struct BindingsArguments {
    /// The language of the plugin
    #[arg(long, value_parser = PossibleValuesParser::new(LANGUAGES.iter().map(|language| language.name)))]
    language: String,
    /// The folder to write to; it is made when it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write JSON: the files that were written
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &BindingsArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let name = &arguments.language;
    let language = Language::named(name).ok_or_else(|| format!("there are no bindings for `{name}`"))?;
    // All of it before any: what fails leaves no half of it behind.
    let files = hostfn_bindings::bindings(&Contract::of(host.registries()), language)?;
    let out = &arguments.out;
    fs::create_dir_all(out).map_err(|error| format!("cannot make the folder {}: {error}", out.display()))?;
    let mut written = Vec::new();
    for file in files {
        let path = out.join(&file.name);
        fs::write(&path, file.text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        written.push(path);
    }
    say_written(&written, arguments.json)
}
