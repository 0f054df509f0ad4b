//! The `hostfn` command as a library: the same command for any project's host functions.
//!
//! ```no_run
//! # use hostfn_runtime as hostfn;
//! # hostfn::registry!();
//! fn main() -> std::process::ExitCode {
//!     hostfn_cli::main(registry())
//! }
//! ```
//!
//! Of several crates' functions, or with state, it takes a builder: `main(PluginManager::builder()
//! .functions(registry()).provide(state))`. A project that adds commands of its own flattens
//! [`Command`] into them, and calls [`run`].
//!
//! Exit codes: 0 is success, 1 that what was asked for failed, 2 that the command line is wrong, or
//! what it names cannot be judged.
#![forbid(unsafe_code)]

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod backup;
mod bindings;
mod call;
mod check;
mod cleanup;
mod compat;
mod completions;
mod docs;
mod doctor;
mod explain;
mod help;
mod integrity;
mod junit;
mod list;
mod machine;
mod manifest;
mod migrate;
mod new;
mod plugin;
mod plugin_call;
mod progress;
mod schema;
mod test;
mod trace;
mod values;
mod watch;

use std::{
    error::Error,
    fmt,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};
use hostfn_runtime::{HostError, PluginManager, PluginManagerBuilder};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

pub use backup::BackupArguments;
pub use bindings::BindingsArguments;
pub use call::CallArguments;
pub use check::CheckArguments;
pub use cleanup::CleanupArguments;
pub use compat::CompatArguments;
pub use completions::CompletionsArguments;
pub use docs::DocsArguments;
pub use doctor::DoctorArguments;
pub use explain::ExplainArguments;
pub use help::parse;
pub use list::ListArguments;
pub use manifest::ManifestArguments;
pub use migrate::MigrateArguments;
pub use new::NewArguments;
pub use progress::Progress;
pub use schema::SchemaArguments;
pub use test::TestArguments;
pub use trace::{Trace, TraceArguments};
pub use watch::WatchArguments;

pub(crate) use trace::escaped;

/// What the command can do for any project.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a project to start from: host functions, or a plugin
    New(NewArguments),
    /// List the host functions: names, permissions, errors
    List(ListArguments),
    /// Print the contract, all that plugins can rely on, as JSON Schema
    Schema(SchemaArguments),
    /// Judge whether a change of the contract breaks plugins
    Compat(CompatArguments),
    /// Write the reference page of every function, with examples
    Docs(DocsArguments),
    /// Write types and functions for plugins of a language
    Bindings(BindingsArguments),
    /// Call an export of a plugin
    Call(Box<CallArguments>),
    /// Call a plugin whenever its file changes, and show what differs
    Watch(Box<WatchArguments>),
    /// Show what a plugin call asks of its host, and how long it takes
    Trace(Box<TraceArguments>),
    /// Test a plugin by scenarios: steps, and what shall come of each
    Test(TestArguments),
    /// Tell what is wrong with a plugin on this host, without running it
    Check(CheckArguments),
    /// Write the manifest of a plugin: its hash, and the grants it needs
    Manifest(ManifestArguments),
    /// Apply the migrations of the host functions' tables
    Migrate(MigrateArguments),
    /// Examine a database, and say what to do about what is wrong
    Doctor(DoctorArguments),
    /// Copy a SQLite database while it is in use
    Backup(BackupArguments),
    /// Remove what has expired: sessions, tokens, kept answers
    Cleanup(CleanupArguments),
    /// Write the completions of this command for a shell
    Completions(CompletionsArguments),
    /// Say what the code of an error or a finding means, and what to do
    Explain(ExplainArguments),
}

#[derive(Debug, Parser)]
#[command(version, about = "Run and inspect the host functions of this project")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What a command fails with: a message for the person who typed it.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A check that could not be made, which is not the same as one that failed.
#[derive(Debug)]
struct CannotJudge(String);

impl fmt::Display for CannotJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for CannotJudge {}

/// The whole command of a project: reads the command line, runs it, and answers the exit code.
pub fn main(host: impl Into<PluginManagerBuilder>) -> ExitCode {
    let host = host.into();
    exit(|| run::<Arguments>(parse::<Arguments>().command, host))
}

/// Runs one command of the command line `A`, which offers it.
///
/// # Errors
/// What went wrong.
pub fn run<A: CommandFactory>(command: Command, host: PluginManagerBuilder) -> Result<(), Failure> {
    match command {
        Command::New(arguments) => new::run(&arguments, &host),
        Command::List(arguments) => list::run(&arguments, &host),
        Command::Schema(arguments) => schema::run(&arguments, &host),
        Command::Compat(arguments) => compat::run(&arguments, &host),
        Command::Docs(arguments) => docs::run(&arguments, &host),
        Command::Bindings(arguments) => bindings::run(&arguments, &host),
        Command::Call(arguments) => call::run(&arguments, host),
        Command::Check(arguments) => check::run(&arguments, host),
        Command::Manifest(arguments) => manifest::run(&arguments, host),
        Command::Watch(arguments) => watch::run(&arguments, host),
        Command::Trace(arguments) => trace::run(&arguments, host),
        Command::Test(arguments) => test::run(&arguments, &host),
        Command::Migrate(arguments) => migrate::run(&arguments, &host),
        Command::Cleanup(arguments) => cleanup::run(&arguments, &host),
        Command::Backup(arguments) => backup::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments, &host),
        Command::Completions(arguments) => completions::run::<A>(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
    }
}

/// What is logged unless it is said; what comes later in it overrides what comes before.
const LOG: &str = "warn,extism=off,wasmtime=warn,cranelift=warn,regalloc2=warn";

/// Runs what a command does, tells its failure on standard error, and answers the exit code.
///
/// The log goes to standard error too; the variable `HOSTFN_LOG` says how much, as a level such as `debug`, or in the
/// [directives of `tracing_subscriber`](EnvFilter). Unless it is set that is warnings. Of the WebAssembly engine's own
/// there are no more than warnings, and nothing of Extism's, which logs in full every failure that a plugin answers;
/// `HOSTFN_LOG=debug,wasmtime=debug` shows them all the same.
pub fn exit(body: impl FnOnce() -> Result<(), Failure>) -> ExitCode {
    let wanted = std::env::var("HOSTFN_LOG").unwrap_or_default();
    let filter = EnvFilter::try_new(format!("{LOG},{wanted}")).unwrap_or_else(|error| {
        anstream::eprintln!("HOSTFN_LOG={wanted} says no level: {error}; write one such as `debug`, or `target=level`");
        EnvFilter::new(LOG)
    });
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(anstream::stderr);
    // A call is a span, and how it ended is known when that is closed. Another subscriber may be there already, when a
    // project's own program calls this.
    let _ = log.with_span_events(FmtSpan::CLOSE).try_init();
    match body() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if is_closed_pipe(&*failure) => ExitCode::SUCCESS,
        Err(failure) => {
            let error = anstyle::AnsiColor::Red.on_default().bold();
            anstream::eprintln!("{error}error:{error:#} {}", help::in_own_name(&failure.to_string()));
            explain::note(explain::pointer(explain::codes_of(&*failure)));
            if failure.is::<CannotJudge>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// Standard output, for a command whose exit code is a verdict: whoever has read enough of it must not
/// keep the verdict from being reached.
pub(crate) fn verdict_stdout() -> impl io::Write {
    struct Patient<W>(W);

    impl<W: io::Write> io::Write for Patient<W> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.0.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
                outcome => outcome,
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            match self.0.flush() {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                outcome => outcome,
            }
        }
    }

    Patient(anstream::stdout())
}

/// What this command was started as: `hostfn`, or a project's own.
pub(crate) fn program_name() -> String {
    let program = std::env::args_os().next().map(PathBuf::from);
    let name = program.as_deref().and_then(|program| program.file_stem());
    name.map_or_else(|| "hostfn".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Says which files were written.
pub(crate) fn say_written(files: &[PathBuf], as_json: bool) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    if as_json {
        writeln!(out, "{:#}", serde_json::json!({"files": files}))?;
    } else {
        files.iter().try_for_each(|file| writeln!(out, "{}", file.display()))?;
    }
    Ok(())
}

/// Whoever reads the output had enough of it, as `head` does; nothing failed.
fn is_closed_pipe(failure: &(dyn Error + 'static)) -> bool {
    failure.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// An error of a host function in full, with what is otherwise for the log: whoever typed the command is the operator.
fn in_full(error: &HostError) -> String {
    match error.source() {
        Some(reason) => reason.to_string(),
        None => error.message().to_owned(),
    }
}

/// A host with a database, whose functions' tables are made where they are missing.
fn build(host: PluginManagerBuilder, database: &str) -> Result<PluginManager, Failure> {
    Ok(host.database(hostfn_runtime::Database::open(database)?).build()?)
}
