use std::io::Write;

use clap::Args;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets::NOTHING};
use hostfn_runtime::{HostFunction, PluginManagerBuilder};
use serde::Serialize;
use serde_json::Value;

use crate::Failure;

/// The arguments of `list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hostfn list\n  hostfn list --json | jq -r '.[].name'")]
pub struct ListArguments {
    /// Write JSON, with the schemas of requests and answers
    #[arg(long)]
    json: bool,
}

/// A host function as `list --json` shows it.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    namespace: &'static str,
    documentation: &'static str,
    permission: &'static str,
    read_only: bool,
    deprecated: Option<&'static str>,
    errors: Vec<&'static str>,
    /// Null where the function takes none.
    request: Option<Value>,
    response: Value,
}

pub(crate) fn run(arguments: &ListArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let mut functions: Vec<_> = host.registries().iter().flat_map(|registry| registry.functions()).collect();
    functions.sort_by_key(|function| (function.namespace(), function.name()));
    let text = if arguments.json { as_json(&functions)? } else { as_table(&functions) };
    writeln!(anstream::stdout(), "{text}")?;
    Ok(())
}

fn as_json(functions: &[&HostFunction]) -> Result<String, Failure> {
    let listed: Vec<_> = functions
        .iter()
        .map(|function| Listed {
            name: function.name(),
            namespace: function.namespace(),
            documentation: function.documentation(),
            permission: function.permission(),
            read_only: function.is_read_only(),
            deprecated: function.deprecated(),
            errors: error_names(function),
            request: function.takes_request().then(|| function.request_schema().to_value()),
            response: function.response_schema().to_value(),
        })
        .collect();
    Ok(serde_json::to_string_pretty(&listed)?)
}

fn as_table(functions: &[&HostFunction]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(["NAME", "PERMISSION", "", "ERRORS", "WHAT IT DOES"]);
    for function in functions {
        let access = if function.is_read_only() { "reads" } else { "" };
        let errors = error_names(function).join(", ");
        table.add_row([function.name(), function.permission(), access, &errors, &summary(function)]);
    }
    let natural = table.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or_default();
    match table.width() {
        Some(width) if natural > usize::from(width) => narrow(functions),
        _ => lines(&table),
    }
}

/// The same for a terminal that is too narrow for the table: a name is never broken, so that it can be copied.
fn narrow(functions: &[&HostFunction]) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_constraints([ColumnConstraint::ContentWidth]);
    for function in functions {
        let verb = if function.is_read_only() { "reads" } else { "writes" };
        let errors = match &*error_names(function) {
            [] => String::new(),
            names => format!("; may answer {}", names.join(", ")),
        };
        let about = format!("{}\n({verb}, needs {}{errors})", summary(function), function.permission());
        table.add_row([function.name(), &about]);
    }
    lines(&table)
}

/// The last column is padded to the terminal's width, which would wrap elsewhere.
fn lines(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// As rustdoc takes it: the first paragraph.
fn summary(function: &HostFunction) -> String {
    let lines: Vec<_> = function.documentation().lines().take_while(|line| !line.is_empty()).collect();
    let summary = lines.join(" ");
    match function.deprecated() {
        Some(instead) => format!("(deprecated: {instead}) {summary}"),
        None => summary,
    }
}

fn error_names(function: &HostFunction) -> Vec<&'static str> {
    function.errors().iter().map(|code| code.as_str()).collect()
}
