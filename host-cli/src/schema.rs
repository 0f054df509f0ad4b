use std::io::Write;

use clap::{Args, ValueEnum};
use hostfn_bindings::{Contract, xtp};
use hostfn_runtime::{PluginManagerBuilder, PluginManifest};
use hostfn_test::Scenario;

use crate::Failure;

/// The arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn schema > contract.json
  hostfn schema --format xtp > schema.json
  hostfn schema | jq '.functions[].name'
  hostfn schema --of scenario > scenario.schema.json")]
pub struct SchemaArguments {
    /// Of what
    #[arg(long, value_enum, default_value_t = Of::Contract)]
    of: Of,
    /// In what form the contract is
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// All that plugins can rely on
    Contract,
    /// A plugin's manifest, for editors
    Manifest,
    /// A file of scenarios, for editors
    Scenario,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One document: the functions, and their types as JSON Schema 2020-12
    Json,
    /// An XTP schema, v1-draft, of what a plugin imports
    Xtp,
}

pub(crate) fn run(arguments: &SchemaArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let contract = || Contract::of(host.registries());
    let text = match (arguments.of, arguments.format) {
        (Of::Contract, Format::Json) => contract().to_json(),
        (Of::Contract, Format::Xtp) => format!("{:#}\n", xtp(&contract())?),
        (_, Format::Xtp) => return Err("only the contract can be written as XTP has it: leave out `--format`".into()),
        (Of::Manifest, Format::Json) => format!("{:#}\n", PluginManifest::schema()),
        (Of::Scenario, Format::Json) => format!("{:#}\n", Scenario::schema()),
    };
    anstream::stdout().write_all(text.as_bytes())?;
    Ok(())
}
