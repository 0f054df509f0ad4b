mod github;
mod text;

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use hostfn_bindings::{
    Contract,
    compat::{Allow, Report, Rule, Verdict},
};
use hostfn_runtime::PluginManagerBuilder;

use crate::{CannotJudge, Failure, explain::Coded};

/// The arguments of `compat`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn compat accepted.json                       # with this program's own functions
  hostfn schema | hostfn compat accepted.json -
  hostfn compat old.json new.json --format github
  hostfn compat accepted.json --allow 'response-field-removed:db_get_*'
  hostfn explain response-field-removed

A contract is what `hostfn schema` prints. A request may take more and never less, and an answer \
may say less and never more, but for fields that are added.

Exits with 0 when nothing breaks, or what breaks is acknowledged; with 1 when something breaks; \
and with 2 when that cannot be judged: a file that is no contract, or an acknowledgement of what \
is not there.")]
pub struct CompatArguments {
    /// The contract that plugins were made for; - reads standard input
    #[arg(required_unless_present = "explain", value_name = "OLD.json")]
    old: Option<PathBuf>,
    /// The contract to judge; this program's own, when it is left out
    #[arg(value_name = "NEW.json")]
    new: Option<PathBuf>,
    /// Acknowledge what a rule finds at a path, which may end in *; may be repeated
    #[arg(long, value_name = "RULE:PATH")]
    allow: Vec<Allow>,
    /// In what form
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Say why a rule is one, and what to do instead
    #[arg(long, value_name = "RULE", conflicts_with_all = ["old", "allow", "format", "json"])]
    explain: Option<Rule>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One object: verdict, bump, findings, crates
    Json,
    /// Workflow commands of GitHub Actions, which shows them on the page of the run
    Github,
}

pub(crate) fn run(arguments: &CompatArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let mut out = crate::verdict_stdout();
    if let Some(rule) = arguments.explain {
        writeln!(out, "{rule} ({})\n{}", rule.bump(), rule.explain())?;
        return Ok(());
    }
    let (old, new) = contracts(arguments, host)?;
    let mut report = Report::of(&old, &new);
    let acknowledged = report.acknowledge(&arguments.allow);
    let format = if arguments.json { Format::Json } else { arguments.format };
    match format {
        Format::Text => text::write(&mut out, &report)?,
        Format::Json => writeln!(out, "{:#}", serde_json::to_value(&report)?)?,
        Format::Github => github::write(&mut out, &report)?,
    }
    acknowledged.map_err(|stale| CannotJudge(format!("--allow: {stale}")))?;
    let is_for_people = matches!(format, Format::Text);
    let rules: Vec<_> = report.breaking().filter(|_| is_for_people).map(|finding| finding.rule.id()).collect();
    match (report.verdict(), report.breaking().count()) {
        (Verdict::Breaking, 1) => Err(Coded::new(rules, format!("a change breaks plugins; {ADVICE}")).into()),
        (Verdict::Breaking, count) => Err(Coded::new(rules, format!("{count} changes break plugins; {ADVICE}")).into()),
        _ => Ok(()),
    }
}

const ADVICE: &str = "`hostfn explain RULE` says what to do instead, and `--allow RULE:PATH` acknowledges it";

fn contracts(arguments: &CompatArguments, host: &PluginManagerBuilder) -> Result<(Contract, Contract), Failure> {
    let is_input = |path: &&PathBuf| path.as_os_str() == "-";
    if arguments.old.iter().chain(&arguments.new).filter(is_input).count() > 1 {
        return Err(CannotJudge("both contracts are standard input: name a file for one of them".to_owned()).into());
    }
    let old = read(arguments.old.as_deref().unwrap_or(Path::new("-")))?;
    let new = match &arguments.new {
        Some(path) => read(path)?,
        None => Contract::of(host.registries()),
    };
    Ok((old, new))
}

fn read(path: &Path) -> Result<Contract, CannotJudge> {
    let mut text = String::new();
    let (name, read) = if path.as_os_str() == "-" {
        ("standard input".to_owned(), std::io::stdin().read_to_string(&mut text).map(|_| text))
    } else {
        (path.display().to_string(), fs::read_to_string(path))
    };
    let text = read.map_err(|error| CannotJudge(format!("cannot read {name}: {error}")))?;
    Contract::from_json(&text).map_err(|error| CannotJudge(format!("{name}: {error}")))
}
