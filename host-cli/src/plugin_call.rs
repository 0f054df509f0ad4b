//! One call of a plugin on the command line: what `call`, `trace` and `watch` have in common.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use hostfn_runtime::{CallError, Plugin, PluginManager};
use serde_json::{Value, json};

use crate::{Failure, escaped, explain::Coded, plugin::PluginArguments, progress::Progress, values::whole};

/// A plugin, an export of it, and what it is called with.
#[derive(Debug, Args)]
pub(crate) struct PluginCallArguments {
    #[command(flatten)]
    pub(crate) plugin: PluginArguments,
    /// The function of the plugin to call
    pub(crate) export: String,
    /// What to pass: the text itself, @FILE, or - for standard input; nothing if left out
    #[arg(long, value_name = "JSON|@FILE|-", default_value = "", hide_default_value = true)]
    pub(crate) input: String,
    /// The database, such as sqlite://app.db; one in memory is gone afterwards
    #[arg(long, value_name = "URL", default_value = IN_MEMORY)]
    pub(crate) database: String,
    /// How long the call may take, in seconds; 30 unless it is said
    #[arg(long, value_name = "SECONDS", value_parser = |text: &str| whole::<u64>(text, &(1..=86_400)))]
    timeout: Option<u64>,
    /// Make all that the call does to the database one transaction: all of it is done, or nothing
    #[arg(long)]
    pub(crate) atomic: bool,
}

const IN_MEMORY: &str = "sqlite::memory:";

impl PluginCallArguments {
    /// The plugin as it is on the disk now, loaded.
    pub(crate) fn load(&self, manager: &PluginManager) -> Result<Plugin, Failure> {
        let chosen = self.plugin.read()?;
        let options = self.plugin.options();
        let options = match self.timeout {
            Some(seconds) => options.timeout(Duration::from_secs(seconds)),
            None => options,
        };
        let _progress = Progress::of(format!("compiling {}", escaped(chosen.name())));
        Ok(chosen.load(manager, options)?)
    }

    /// What the export is called with.
    pub(crate) fn read_input(&self) -> Result<Vec<u8>, Failure> {
        match self.input.strip_prefix('@') {
            Some(file) => fs::read(file).map_err(|error| format!("cannot read the input {file}: {error}").into()),
            None if self.input == "-" => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            None => Ok(self.input.as_bytes().to_vec()),
        }
    }

    /// The file that the input is read from, if it is one.
    pub(crate) fn input_file(&self) -> Option<PathBuf> {
        self.input.strip_prefix('@').map(|file| Path::new(file).to_owned())
    }

    /// Whether the database is gone afterwards.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.database == IN_MEMORY
    }

    pub(crate) fn call(&self, plugin: &Plugin, input: &[u8]) -> Result<Vec<u8>, CallError> {
        let _progress = Progress::of(format!("calling {}", escaped(&self.export)));
        if self.atomic { plugin.call_atomic(&self.export, input) } else { plugin.call(&self.export, input) }
    }
}

/// A text that may be JSON, as JSON.
pub(crate) fn as_value(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_else(|_| String::from_utf8_lossy(text).into())
}

/// How a call ended, as `--json` has it.
pub(crate) fn as_json(outcome: &Result<Vec<u8>, CallError>) -> Value {
    match outcome {
        Ok(output) => json!({"success": true, "output": as_value(output), "error": null}),
        Err(error) => json!({"success": false, "output": null, "error": error_as_json(error)}),
    }
}

fn error_as_json(error: &CallError) -> Value {
    let message = match error {
        // The plugin's own words, which may be JSON.
        CallError::Failed { message, .. } => as_value(message.as_bytes()),
        error => error.to_string().into(),
    };
    json!({"code": error.code(), "message": message, "retryable": error.is_retryable()})
}

/// What to say of a call that did not succeed, and whether it may be made again.
pub(crate) fn as_failure(error: &CallError, has_key: bool) -> Failure {
    let advice = match &error {
        error if error.is_retryable() => "\nnothing was done; it may be called again",
        // It may have been, and will not be done twice.
        CallError::NotSaved { .. } if has_key => "\nwith the same key it may be called again",
        _ => "",
    };
    match error {
        // The plugin's own words, which a script may want to read, and nothing behind them.
        CallError::Failed { message, .. } => format!("{}{advice}", escaped(message)).into(),
        error => Coded::new([error.code()], format!("{error}{advice}")).into(),
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
            as_failure(&CallError::Failed { plugin, export, message, retryable }, false).to_string()
        };
        assert_eq!(failed(true), "busy\nnothing was done; it may be called again");
        assert_eq!(failed(false), "busy");
        let key = CallError::KeyReused { plugin: "auth".to_owned(), export: "run".to_owned() };
        assert!(!as_failure(&key, true).to_string().contains("called again"));
        let not_saved = |has_key| {
            let (plugin, export, error) = ("auth".to_owned(), "run".to_owned(), HostError::internal("gone"));
            as_failure(&CallError::NotSaved { plugin, export, error }, has_key).to_string()
        };
        assert!(not_saved(true).ends_with("\nwith the same key it may be called again"), "{}", not_saved(true));
        assert!(!not_saved(false).contains("called again"), "{}", not_saved(false));
    }
}
