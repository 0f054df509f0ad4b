use std::{fs, io::Write, path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use hostfn_runtime::{CallError, PluginManagerBuilder};

use super::{Trace, chrome, json, tree};
use crate::{
    Failure, build,
    plugin_call::{PluginCallArguments, as_failure},
    verdict_stdout,
};

/// The arguments of `trace`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn trace plugin.wasm greet --input '{\"name\": \"Ada\"}'
  hostfn trace plugin.wasm run --input @request.json --grant 'users:*'
  hostfn trace plugin.wasm run --format chrome --out trace.json    # see ui.perfetto.dev

Calls the export once and shows what it asked of its host: requests (→), answers (←), and how long each took, with \
secrets masked. On a terminal lines are cut at its width; elsewhere they are whole. The call is real: what it does to \
the database is done. Exits with 1 when it fails. \
What --format chrome writes is opened in Perfetto (ui.perfetto.dev), or in Chromium's chrome://tracing.")]
pub struct TraceArguments {
    #[command(flatten)]
    call: PluginCallArguments,
    /// In what form
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write to a file, and not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Tree,
    /// One object: the plugin call, and its host calls; times in milliseconds
    Json,
    /// A file for a viewer of traces in a browser
    Chrome,
}

pub(crate) fn run(arguments: &TraceArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let call = &arguments.call;
    let input = call.read_input()?;
    let trace = Arc::new(Trace::default());
    let plugin = call.load(&build(host.observer(trace.clone()), &call.database)?)?;
    let outcome = call.call(&plugin, &input);

    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (input, ended) = (text(&input), outcome.as_ref().map(|output| text(output)));
    let Some(traced) = trace.take().pop() else {
        // The guest did not run.
        return outcome.map(drop).map_err(|error| as_failure(&error, false));
    };
    let format = if arguments.json { Format::Json } else { arguments.format };
    let mut shown = Vec::new();
    match format {
        Format::Tree => {
            let size = if arguments.out.is_some() { tree::Size::whole() } else { tree::Size::of_stdout() };
            tree::write(&mut shown, &trace, &traced, &input, &ended, size)?;
        }
        Format::Json => writeln!(shown, "{:#}", json::of(&trace, &traced, &input, &ended))?,
        Format::Chrome => writeln!(shown, "{}", chrome::of(&trace, &traced, &input, &ended))?,
    }
    match &arguments.out {
        Some(file) => {
            fs::write(file, anstream::adapter::strip_bytes(&shown).into_vec())
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
        None => verdict_stdout().write_all(&shown)?,
    }
    match outcome {
        Ok(_) => Ok(()),
        // The tree has the reason, and who reads JSON has it too; what is on standard error is for people. It goes where
        // the trace goes, and so no secret is in it either.
        Err(CallError::Failed { plugin, export, message, retryable }) => {
            let message = trace.mask(&message);
            Err(as_failure(&CallError::Failed { plugin, export, message, retryable }, false))
        }
        Err(error) => Err(as_failure(&error, false)),
    }
}
