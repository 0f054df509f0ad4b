//! Why a plugin cannot be loaded, or a call of one did not succeed.

use std::{fmt, time::Duration};

use hostfn_contract::{ErrorCode, HostError};

use crate::{
    codes::codes,
    defence::{self, Defence},
    foreign::Foreign,
    likeness::nearest,
    limits::Limits,
    preflight::Finding,
};

/// Why a plugin cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The bytes are no WebAssembly module.
    #[error(
        "plugin `{}` is not a WebAssembly module: {}; build it for `wasm32-unknown-unknown` or `wasm32-wasip1`, and \
        name the compiled file", Foreign(.plugin), Foreign(.reason))]
    NotAModule {
        /// The plugin.
        plugin: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The module of its manifest cannot be read, or is not the one that was reviewed.
    #[error(transparent)]
    Manifest(crate::ManifestError),
    /// Another manifest of the same folder is of a plugin of this name.
    #[error(
        "plugin `{}` is already that of {}: give one of them another name", Foreign(.plugin), manifest.display())]
    NameTaken {
        /// The name.
        plugin: String,
        /// The manifest of the plugin that has it.
        manifest: std::path::PathBuf,
    },
    /// A module in a folder of plugins has no manifest, and so nobody said what it may do.
    #[error(
        "no manifest in its folder is for the module {0}: write one with the host's command `manifest {0}`, review it, and put it \
        beside the module", module.display())]
    NoManifest {
        /// The module.
        module: std::path::PathBuf,
    },
    /// It imports what the host does not have, or wants more than it may have.
    #[error("plugin `{}` cannot be loaded on this host:{findings}", Foreign(.plugin))]
    Refused {
        /// The plugin.
        plugin: String,
        /// Everything that is in the way.
        findings: Findings,
    },
    /// The process has as many instances of plugins as it may have, and all of them are in use.
    #[error(
        "plugin `{}` cannot be loaded: all {instances} instances that the process may have are in use; allow more \
        with `process_instances`", Foreign(.plugin))]
    TooManyInstances {
        /// The plugin.
        plugin: String,
        /// How many there may be.
        instances: usize,
    },
    /// It cannot be compiled or instantiated.
    #[error("plugin `{}` cannot be compiled or instantiated: {}", Foreign(.plugin), Foreign(.reason))]
    Compile {
        /// The plugin.
        plugin: String,
        /// What the engine said.
        reason: String,
    },
}

/// Everything that keeps a plugin from being loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

/// A module may lack a hundred thousand things.
const MOST_SHOWN: usize = 100;

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(MOST_SHOWN).try_for_each(|finding| write!(f, "\n  {finding}"))?;
        match self.0.len().saturating_sub(MOST_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Why a plugin call did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no such export.
    #[error("plugin `{}` has no export `{}`: {}", Foreign(.plugin), Foreign(.export), what_it_exports(.export, .exports))]
    UnknownExport {
        /// The plugin.
        plugin: String,
        /// What was called.
        export: String,
        /// What it exports.
        exports: String,
    },
    /// The export has parameters or results that a call cannot have.
    #[error(
        "plugin `{}`, export `{}`: it is exported as {signature} and cannot be called: export it as () -> i32, which \
        returns 0 for success, or as () -> ()", Foreign(.plugin), Foreign(.export))]
    NotCallable {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// Its parameters and results.
        signature: String,
    },
    /// The guest says that it failed.
    #[error("plugin `{}`, export `{}`: {}", Foreign(.plugin), Foreign(.export), Foreign(.message))]
    Failed {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// The guest's own words.
        message: String,
        /// Whether it was an atomic call that the database kept from succeeding for the moment: nothing of it was
        /// done, and it may be made again.
        retryable: bool,
    },
    /// The guest returned a code other than 0, and set no error message.
    #[error(
        "plugin `{}`, export `{}`: it returned {exit_code} without an error message: return 0 for success, or set the \
        error message with your PDK before you return", Foreign(.plugin), Foreign(.export))]
    FailedSilently {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// What it returned.
        exit_code: i32,
        /// As that of [`Failed`](Self::Failed).
        retryable: bool,
    },
    /// The guest failed, and its error message is not text.
    #[error(
        "plugin `{}`, export `{}`: it failed with an error message that is not UTF-8: set the error message to a UTF-8 \
        string", Foreign(.plugin), Foreign(.export))]
    MessageUnreadable {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// As that of [`Failed`](Self::Failed).
        retryable: bool,
    },
    /// The guest did what WebAssembly forbids, such as a division by zero, or ran out of stack.
    #[error("plugin `{}`, export `{}`: the guest trapped: {}", Foreign(.plugin), Foreign(.export), Foreign(.reason))]
    Trapped {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// What the engine said. A guest that sets an error before it traps chooses it.
        reason: String,
    },
    /// The guest took longer than it may.
    #[error("plugin `{}`, export `{}`: not done after {after:?}; allow more with `timeout`", Foreign(.plugin), Foreign(.export))]
    TimedOut {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// How long it may take.
        after: Duration,
    },
    /// The guest computed more than it may.
    #[error("plugin `{}`, export `{}`: it used up all {fuel} units of its fuel; allow more with `fuel`", Foreign(.plugin), Foreign(.export))]
    OutOfFuel {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// How much it may use.
        fuel: u64,
    },
    /// The process has as many instances of plugins as it may have, and all of them are in use.
    #[error(
        "plugin `{}`, export `{}`: all {instances} instances that the process may have are in use; call \
        again later, or allow more with `process_instances`", Foreign(.plugin), Foreign(.export))]
    TooManyInstances {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// How many there may be.
        instances: usize,
    },
    /// All instances were in use for as long as a call may take.
    #[error(
        "plugin `{}`, export `{}`: all {instances} instances are busy; call again later, or allow more \
        with `instances`", Foreign(.plugin), Foreign(.export))]
    Busy {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// How many there may be.
        instances: usize,
    },
    /// The guest succeeded, and what it did could not be committed; or the database of an idempotent call cannot be
    /// used.
    #[error("plugin `{}`, export `{}`: it was not saved: {error}", Foreign(.plugin), Foreign(.export))]
    NotSaved {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// What the database said.
        error: HostError,
    },
    /// The idempotency key of this call belongs to a call with another input.
    #[error("plugin `{}`, export `{}`: this idempotency key was used with another input; draw a new key", Foreign(.plugin), Foreign(.export))]
    KeyReused {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
    },
    /// The host has no place to keep the answers of idempotent calls.
    #[error(
        "plugin `{}`, export `{}`: the host keeps no answers of idempotent calls; build it with a database \
        and `.keep_answers()`", Foreign(.plugin), Foreign(.export))]
    KeepsNoAnswers {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
    },
    /// A new instance could not be made.
    #[error(
        "plugin `{}`, export `{}`: one more instance cannot be made, and nothing was done: {}",
        Foreign(.plugin), Foreign(.export), Foreign(.reason))]
    Start {
        /// The plugin.
        plugin: String,
        /// The export.
        export: String,
        /// What the engine said.
        reason: String,
    },
}

codes!(pub LoadError {
    NotAModule "not-a-module",
    NameTaken "name-taken",
    NoManifest "no-manifest",
    Refused "refused",
    TooManyInstances "no-instance-left",
    Compile "cannot-compile",
    ;
    Manifest,
});

codes!(pub CallError {
    UnknownExport "unknown-export",
    NotCallable "not-callable",
    Failed "failed",
    FailedSilently "failed-without-message",
    MessageUnreadable "message-not-text",
    Trapped "trapped",
    TimedOut "timed-out",
    OutOfFuel "out-of-fuel",
    TooManyInstances "too-many-instances",
    Busy "busy",
    NotSaved "not-saved",
    KeyReused "key-reused",
    KeepsNoAnswers "keeps-no-answers",
    Start "not-started",
});

fn what_it_exports(export: &str, exports: &str) -> String {
    let meant = nearest(export, exports.split("`, `")).map(|meant| format!("; did you mean `{}`?", Foreign(meant)));
    match exports {
        "" => {
            "it exports no functions; mark those that a host may call, with Extism's PDK by `#[plugin_fn]`".to_owned()
        }
        exports => format!("it exports `{}`{}", Foreign(exports), meant.unwrap_or_default()),
    }
}

impl CallError {
    /// Whether the same call may succeed when it is made again a little later, and does no harm.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Failed { retryable, .. }
            | Self::FailedSilently { retryable, .. }
            | Self::MessageUnreadable { retryable, .. } => *retryable,
            Self::NotSaved { error, .. } => error.code() == ErrorCode::Unavailable,
            Self::Busy { .. } | Self::TooManyInstances { .. } => true,
            _ => false,
        }
    }
}

/// How a call ended that did not succeed.
pub(crate) enum Ending {
    /// The guest returned and said that it failed. Its instance is as good as before.
    Failed(String),
    /// It returned this code and set no error.
    FailedSilently(i32),
    /// It set an error that is not text. It may have been stopped as well, which Extism does not say then.
    MessageUnreadable,
    /// It was stopped in the middle: its stack and its locks are as they were then.
    Trapped(String),
    TimedOut,
    OutOfFuel,
}

impl Ending {
    /// Told by how the error is made, because its text is the guest's to choose. Only of the one text
    /// of Extism's own that a guest could choose as well, it would be taken for having no memory left.
    ///
    /// A guest that had set an error when its time was over is told by Extism as if it had trapped with that error.
    pub(crate) fn of(error: &extism::Error, time_is_over: bool) -> Self {
        let reason = error.root_cause().to_string();
        if !defence::is_on(Defence::TellEndings) {
            return match reason.as_str() {
                "timeout" => Self::TimedOut,
                text if text.starts_with("wasm trap") => Self::Trapped(reason),
                _ => Self::Failed(reason),
            };
        }
        // What stopped a guest has a backtrace around it.
        if error.chain().count() > 1 {
            if time_is_over { Self::TimedOut } else { Self::Trapped(in_own_words(reason)) }
        } else if reason == "oom" {
            // Before the next: one that has too little from the start is told by the same type.
            Self::Trapped("it has no memory left; allow more with `memory_bytes`".to_owned())
        } else if error.is::<&'static str>() {
            Self::TimedOut
        } else if reason.starts_with(UNREADABLE) {
            if time_is_over { Self::TimedOut } else { Self::MessageUnreadable }
        } else {
            // A guest that sets this text as its error says the same of itself.
            match reason.strip_prefix(SILENT).and_then(|code| code.parse().ok()) {
                Some(code) => Self::FailedSilently(code),
                None => Self::Failed(reason),
            }
        }
    }
}

impl Ending {
    /// Whether the instance is as good as before.
    pub(crate) const fn is_harmless(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::FailedSilently(_))
    }

    pub(crate) fn into_error(self, plugin: String, export: String, limits: &Limits, retryable: bool) -> CallError {
        match self {
            Self::Failed(message) => CallError::Failed { plugin, export, message, retryable },
            Self::FailedSilently(exit_code) => CallError::FailedSilently { plugin, export, exit_code, retryable },
            Self::MessageUnreadable => CallError::MessageUnreadable { plugin, export, retryable },
            Self::Trapped(reason) => CallError::Trapped { plugin, export, reason },
            Self::TimedOut => CallError::TimedOut { plugin, export, after: limits.timeout },
            Self::OutOfFuel => CallError::OutOfFuel { plugin, export, fuel: limits.fuel },
        }
    }
}

/// How Extism's texts begin that say how a call ended, which no user is shown: see
/// [what it says](https://github.com/extism/extism/blob/v1.30.0/runtime/src/plugin.rs).
const SILENT: &str = "Returned non-zero exit code: ";
const UNREADABLE: &str = "unable to load error message from memory: ";
/// How WASI's text begins.
const EXITED: &str = "Exited with i32 exit status ";

/// Why a guest was stopped, where another library has words for it that are not for users.
fn in_own_words(reason: String) -> String {
    match reason.strip_prefix(EXITED).and_then(|code| code.parse::<i32>().ok()) {
        Some(code) => format!("it ended itself with exit code {code}: set the error message and return 1 instead"),
        None => reason,
    }
}
