use std::io::Write;

use clap::{Args, ValueEnum};
use hostfn_bindings::{Contract, xtp};
use hostfn_runtime::PluginManagerBuilder;

use crate::Failure;

/// The arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn schema > contract.json
  hostfn schema --format xtp > schema.json
  hostfn schema | jq '.functions[].name'")]
pub struct SchemaArguments {
    /// In what form
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// One document: the functions, and their types as JSON Schema 2020-12
    Json,
    /// An XTP schema, v1-draft, of what a plugin imports
    Xtp,
}

pub(crate) fn run(arguments: &SchemaArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let contract = Contract::of(host.registries());
    let text = match arguments.format {
        Format::Json => contract.to_json(),
        Format::Xtp => format!("{:#}\n", xtp(&contract)?),
    };
    anstream::stdout().write_all(text.as_bytes())?;
    Ok(())
}
