use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
};

use clap::Args;
use hostfn_runtime::{AuditLog, IdempotencyKey, PluginManagerBuilder};

use crate::{
    Failure, Trace, build,
    plugin_call::{PluginCallArguments, as_failure, as_json},
};

/// The arguments of `call`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn call plugin.wasm greet --input '{\"name\": \"Ada\"}'
  hostfn call plugin.wasm run --input @request.json --grant 'users:*,sessions:read'
  echo '{}' | hostfn call plugin.wasm run --input - --grant users:read --trace
  hostfn call plugin.wasm run --atomic --database sqlite://app.db --grant 'users:*'
  hostfn call plugin.toml run --grant '*' --audit audit.jsonl --database sqlite://app.db
  hostfn call plugin.wasm run --idempotency-key \"$(uuidgen)\" --database sqlite://app.db

The output goes to standard output as the plugin wrote it. A plugin that fails exits with 1, and its \
message goes to standard error. So does, of an atomic call that the database kept from succeeding, that \
it may be called again. With --json both are in one object: success, output, error.")]
pub struct CallArguments {
    #[command(flatten)]
    call: PluginCallArguments,
    /// A text of your own that nobody can guess, such as a UUID: the same call with the same key is done once, and
    /// answered again; implies --atomic
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<IdempotencyKey>,
    /// Add a line of JSON to this file for each call of a function that writes: who, what, when, and what came of it
    #[arg(long, value_name = "FILE.jsonl")]
    audit: Option<PathBuf>,
    /// Show the host calls that the plugin makes, on standard error, with secrets masked
    #[arg(long)]
    trace: bool,
    /// Write JSON: the output, or why there is none
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &CallArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let call = &arguments.call;
    let input = call.read_input()?;
    let trace = Arc::new(Trace::default());
    let host = if arguments.trace { host.observer(trace.clone()) } else { host };
    let host = match &arguments.audit {
        Some(path) => {
            let audit = AuditLog::append_to(path);
            host.observer(Arc::new(audit.map_err(|error| format!("cannot write to {}: {error}", path.display()))?))
        }
        None => host,
    };
    let host = if arguments.idempotency_key.is_some() { host.keep_answers() } else { host };
    let plugin = call.load(&build(host, &call.database)?)?;

    let outcome = match &arguments.idempotency_key {
        Some(key) => plugin.call_idempotent(key, &call.export, &input),
        None => call.call(&plugin, &input),
    };
    if arguments.trace {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let outcome = outcome.as_ref().map(|output| text(output));
        trace.print_calls(&mut anstream::stderr(), &text(&input), outcome)?;
    }
    let written = match &outcome {
        _ if arguments.json => write(format!("{:#}\n", as_json(&outcome)).as_bytes()),
        Ok(output) => write(output),
        Err(_) => Ok(()),
    };
    match &outcome {
        Ok(_) => written.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => error.into(),
            // Nobody is to think that it was not, and make it again.
            _ => format!("the call was done, and its answer cannot be written to standard output: {error}").into(),
        }),
        Err(error) => Err(as_failure(error, arguments.idempotency_key.is_some())),
    }
}

fn write(output: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(output)?;
    // A prompt would stand behind the output.
    if stdout.is_terminal() && !output.ends_with(b"\n") {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}
