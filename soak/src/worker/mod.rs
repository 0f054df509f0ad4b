//! The processes that are killed: each does one task until it is done, or until it is no more.

mod lock;
mod mixed;
mod reset;
mod session;
mod write;

use std::io::{self, Write};

use clap::Subcommand;

use crate::Broken;

pub(crate) use mixed::Told;
pub(crate) use reset::AUTH;

/// What a worker does.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// Writes in a loop, and acknowledges each call that is done
    Write(write::WriteArguments),
    /// Resets a password by the plugin `auth`, and stops at a step for ever
    Reset(reset::ResetArguments),
    /// Holds what writers need until its input ends
    Lock(lock::LockArguments),
    /// Does operations of all kinds, and tells what it was told
    Mixed(mixed::MixedArguments),
    /// Makes a session, or reads and deletes one
    Session(session::SessionArguments),
}

/// Does a task.
///
/// # Errors
/// What kept it from being done.
pub fn run(task: &Task) -> Result<(), Broken> {
    match task {
        Task::Write(arguments) => write::run(arguments),
        Task::Reset(arguments) => reset::run(arguments),
        Task::Lock(arguments) => lock::run(arguments),
        Task::Mixed(arguments) => mixed::run(arguments),
        Task::Session(arguments) => session::run(arguments),
    }
}

/// Says a line at once: a single write, so that it is said as a whole or not at all.
fn say(line: impl std::fmt::Display) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(format!("{line}\n").as_bytes())?;
    output.flush()
}

/// Waits until nobody holds the other end of the input any more.
fn wait_for_the_end() -> io::Result<()> {
    io::copy(&mut io::stdin().lock(), &mut io::sink()).map(drop)
}
