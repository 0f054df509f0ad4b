//! The `hostfn` command: what `hostfn_cli` does for any project, over the built-in functions, and a
//! demonstration.
#![forbid(unsafe_code)]

mod demo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use hostfn::PluginManager;

#[derive(Debug, Parser)]
#[command(
    name = "hostfn",
    version,
    about = "Host functions for WebAssembly plugins",
    after_help = "Examples:
  hostfn demo
  hostfn list
  hostfn call plugin.wasm run --input @request.json --grant 'users:*,sessions:read'
  hostfn doctor --database sqlite://app.db

See `hostfn COMMAND --help` for more of each. HOSTFN_LOG=debug shows every call in the log."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See it work: a plugin signs somebody up, in and out again
    Demo(demo::DemoArguments),
    #[command(flatten)]
    Project(hostfn_cli::Command),
}

fn main() -> ExitCode {
    let host = PluginManager::builder().functions(hostfn::functions::registry()).keep_answers();
    match hostfn_cli::parse::<Arguments>().command {
        Command::Demo(arguments) => hostfn_cli::exit(|| demo::run(&arguments, host)),
        Command::Project(command) => hostfn_cli::exit(|| hostfn_cli::run::<Arguments>(command, host)),
    }
}
