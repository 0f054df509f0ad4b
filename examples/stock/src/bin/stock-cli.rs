//! The command `hostfn` for the functions of this project: `cargo run --bin stock-cli -- list`.

use std::process::ExitCode;

use stock::{Rules, host};

fn main() -> ExitCode {
    hostfn::cli::main(host(Rules::default()))
}
