use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{Failure, help, program_name};

/// The arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn completions bash > ~/.local/share/bash-completion/completions/hostfn
  hostfn completions zsh > ~/.zfunc/_hostfn
  hostfn completions fish > ~/.config/fish/completions/hostfn.fish

Zsh reads them from a folder of its `fpath`: write `fpath+=~/.zfunc` before `compinit` in ~/.zshrc. It is the program's own name that is completed, whatever it is called.")]
pub struct CompletionsArguments {
    /// The shell; that of the variable SHELL, when it is left out
    shell: Option<Shell>,
}

pub(crate) fn run<A: CommandFactory>(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let shell =
        arguments.shell.or_else(Shell::from_env).ok_or("say for which shell: bash, zsh, fish, powershell or elvish")?;
    let mut command = help::command::<A>();
    // Not straight to standard output, since it panics where that is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, program_name(), &mut script);
    Ok(anstream::stdout().write_all(&script)?)
}
