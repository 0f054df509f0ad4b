use std::{
    fs,
    io::{self, IsTerminal, Read, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use hostfn_runtime::{AuditLog, CallError, IdempotencyKey, PluginManagerBuilder};

use crate::{Failure, Trace, build, plugin::PluginArguments, trace::escaped};

/// The arguments of `call`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn call plugin.wasm greet --input '{\"name\": \"Ada\"}'
  hostfn call plugin.wasm run --input @request.json --database sqlite://app.db --grant 'users:*,sessions:read'
  echo '{}' | hostfn call plugin.wasm run --input - --grant users:read --grant sessions:read --trace
  hostfn call plugin.wasm run --atomic --database sqlite://app.db --grant 'users:*'
  hostfn call plugin.toml run --grant '*' --audit audit.jsonl --database sqlite://app.db
  hostfn call plugin.wasm run --idempotency-key \"$(uuidgen)\" --database sqlite://app.db --grant 'users:*'

The output goes to standard output as the plugin wrote it. A plugin that fails exits with 1, and its
message goes to standard error. So does, of an atomic call that the database kept from succeeding, that
it may be called again.")]
pub struct CallArguments {
    #[command(flatten)]
    plugin: PluginArguments,
    /// The function of the plugin to call
    export: String,
    /// What to pass: the text itself, @FILE, or - for standard input; nothing if left out
    #[arg(long, value_name = "JSON|@FILE|-", default_value = "", hide_default_value = true)]
    input: String,
    /// The database, such as sqlite://app.db; one in memory is gone afterwards
    #[arg(long, value_name = "URL", default_value = "sqlite::memory:")]
    database: String,
    /// How long the call may take, in seconds; 30 unless it is said
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
    /// Make all that the call does to the database one transaction: all of it is done, or nothing
    #[arg(long)]
    atomic: bool,
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
}

pub(crate) fn run(arguments: &CallArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let chosen = arguments.plugin.read()?;
    let input = read_input(&arguments.input)?;
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
    let manager = build(host, &arguments.database)?;
    let options = arguments.plugin.options();
    let options = match arguments.timeout {
        Some(seconds) => options.timeout(Duration::from_secs(seconds)),
        None => options,
    };
    let plugin = chosen.load(&manager, options)?;

    let outcome = match &arguments.idempotency_key {
        Some(key) => plugin.call_idempotent(key, &arguments.export, input),
        None if arguments.atomic => plugin.call_atomic(&arguments.export, input),
        None => plugin.call(&arguments.export, input),
    };
    if arguments.trace {
        trace.print_host_calls(&mut anstream::stderr())?;
    }
    match outcome {
        Ok(output) => write(&output).map_err(|error| match error.kind() {
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

/// What to say of a call that did not succeed, and whether it may be made again.
fn as_failure(error: CallError, has_key: bool) -> Failure {
    let advice = match &error {
        error if error.is_retryable() => "\nnothing was done; it may be called again",
        // It may have been, and will not be done twice.
        CallError::NotSaved { .. } if has_key => "\nwith the same key it may be called again",
        _ => "",
    };
    let message = match error {
        // The plugin's own words, which a script may want to read.
        CallError::Failed { message, .. } => escaped(&message),
        error => error.to_string(),
    };
    format!("{message}{advice}").into()
}

fn read_input(input: &str) -> Result<Vec<u8>, Failure> {
    match input.strip_prefix('@') {
        Some(file) => fs::read(file).map_err(|error| format!("cannot read the input {file}: {error}").into()),
        None if input == "-" => {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes)?;
            Ok(bytes)
        }
        None => Ok(input.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use hostfn_runtime::HostError;

    use super::*;

    #[test]
    fn what_may_be_called_again_says_so() {
        let failed = |retryable| {
            let (plugin, export, message) = ("auth".to_owned(), "run".to_owned(), "busy".to_owned());
            as_failure(CallError::Failed { plugin, export, message, retryable }, false).to_string()
        };
        assert_eq!(failed(true), "busy\nnothing was done; it may be called again");
        assert_eq!(failed(false), "busy");
        let key = CallError::KeyReused { plugin: "auth".to_owned(), export: "run".to_owned() };
        assert!(!as_failure(key, true).to_string().contains("called again"));
        let not_saved = |has_key| {
            let (plugin, export, error) = ("auth".to_owned(), "run".to_owned(), HostError::internal("gone"));
            as_failure(CallError::NotSaved { plugin, export, error }, has_key).to_string()
        };
        assert!(not_saved(true).ends_with("\nwith the same key it may be called again"), "{}", not_saved(true));
        assert!(!not_saved(false).contains("called again"), "{}", not_saved(false));
    }
}
