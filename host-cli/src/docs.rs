use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use hostfn_bindings::{Contract, Example, Reference, Table};
use hostfn_runtime::PluginManagerBuilder;
use hostfn_test::{AcceptedCall, accepted_transcripts, tables_of};

use crate::{Failure, say_written};

/// The arguments of `docs`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn docs --out site
  hostfn docs --out site --examples snapshots
  hostfn docs --out docs --format markdown

The page is one file that loads nothing: open it from the disk, or put it on any web server.")]
pub struct DocsArguments {
    /// The folder to write into; it is made where it is missing
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// In what form
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// A folder with accepted transcripts, whose calls become the examples; without it there are none
    #[arg(long, value_name = "FOLDER")]
    examples: Option<PathBuf>,
    /// Write JSON: the files that were written
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A page, index.html
    Html,
    /// A text, reference.md
    Markdown,
}

pub(crate) fn run(arguments: &DocsArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let examples = arguments.examples.as_deref().map(examples).transpose()?.unwrap_or_default();
    let reference = Reference::of(&Contract::of(host.registries()), &examples)?.with_tables(tables(host));
    let (name, text) = match arguments.format {
        Format::Html => ("index.html", reference.html()?),
        Format::Markdown => ("reference.md", reference.markdown()?),
    };
    let path = arguments.out.join(name);
    fs::create_dir_all(&arguments.out)
        .and_then(|()| fs::write(&path, text))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    say_written(&[path], arguments.json)
}

/// What a scenario can name; nothing where the migrations are not for SQLite, on which scenarios run.
fn tables(host: &PluginManagerBuilder) -> Vec<Table> {
    let tables = tables_of(host.registries()).unwrap_or_default();
    tables.into_iter().map(|(name, columns)| Table { name, columns }).collect()
}

/// The calls of the transcripts in a folder, those first that tell most. What a mock answered is no
/// example of what the function does.
fn examples(folder: &Path) -> Result<Vec<Example>, Failure> {
    let transcripts = accepted_transcripts(folder)
        .map_err(|error| format!("cannot read the examples in {}: {error}", folder.display()))?;
    if transcripts.is_empty() {
        let folder = folder.display();
        return Err(format!("no transcripts in {folder}: name the folder of the *.snap files of your tests").into());
    }
    let calls = transcripts.iter().flat_map(|transcript| {
        let calls = transcript.calls.iter().filter(|call| !call.is_mocked);
        calls.map(|call| (rank(&transcript.path, call), call))
    });
    let mut calls: Vec<_> = calls.collect();
    // Stable, and the transcripts are sorted: the same examples each time.
    calls.sort_by_key(|(rank, _)| *rank);
    let example = |(_, call): (_, &AcceptedCall)| Example {
        function: call.function.clone(),
        request: call.request.clone(),
        answer: call.response.clone(),
    };
    Ok(calls.into_iter().map(example).collect())
}

/// The plain case of a function is in a snapshot of its name, `db_create_user.success.snap`.
fn rank(snapshot: &Path, call: &AcceptedCall) -> u8 {
    let name = snapshot.file_name().unwrap_or_default().to_string_lossy();
    match name.strip_prefix(&*call.function) {
        Some(".success.snap") => 0,
        Some(case) if case.starts_with('.') => 1,
        _ => 2,
    }
}
