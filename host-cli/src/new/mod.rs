//! `new`: a project to start from, which builds and passes its own tests as it is written.

mod example;
mod host;
mod languages;
mod name;
mod plugin;
mod project;

use std::{io::Write, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use hostfn_runtime::PluginManagerBuilder;
use serde_json::json;

use crate::Failure;
use project::{Place, Project};

/// Where this project lives, as the projects that are written refer to it.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The arguments of `new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn new host my-app
  hostfn new plugin my-plugin --language rust
  hostfn new plugin plugins/greeter --language go --function db_get_user_by_email")]
pub struct NewArguments {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, Subcommand)]
enum Kind {
    /// A project of host functions of one's own, with a table, tests, and this command for them
    Host(host::HostArguments),
    /// A plugin that calls a function of this host, with bindings, scenarios and a manifest
    Plugin(plugin::PluginArguments),
}

/// What both kinds of projects are asked for.
#[derive(Debug, Args)]
struct Common {
    /// The folder to make; its last part is the name
    #[arg(value_name = "NAME")]
    path: PathBuf,
    /// Whether it becomes a repository; inside of another one it never does
    #[arg(long, value_enum, default_value_t = Vcs::Git)]
    vcs: Vcs,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Vcs {
    /// `git init`
    Git,
    /// No repository
    None,
}

pub(crate) fn run(arguments: &NewArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    match &arguments.kind {
        Kind::Host(arguments) => {
            let place = Place::of(&arguments.common, name::is_package)?;
            finish(&arguments.common, &place, &host::project(arguments, &place)?)
        }
        Kind::Plugin(arguments) => {
            let place = Place::of(&arguments.common, arguments.rule_of_names())?;
            finish(&arguments.common, &place, &plugin::project(arguments, &place, host)?)
        }
    }
}

/// Writes the project, and says what comes next.
fn finish(common: &Common, place: &Place, project: &Project) -> Result<(), Failure> {
    let became_repository = project::write(place, project, common.vcs)?;
    let mut out = anstream::stdout();
    let folder = common.path.display().to_string();
    let mut next = Vec::new();
    if let Some(own) = project.needs_command.then(own_project).flatten() {
        next.push(format!("cargo install --path {}", quoted(&own)));
    }
    next.push(format!("cd {}", quoted(&folder)));
    next.extend(project.next.iter().cloned());
    if common.json {
        let files: Vec<_> = project.files.iter().map(|file| &file.name).collect();
        let written = json!({"folder": folder, "files": files, "repository": became_repository, "next": next});
        writeln!(out, "{written:#}")?;
        return Ok(());
    }
    for file in &project.files {
        writeln!(out, "{}", common.path.join(&file.name).display())?;
    }
    for note in &project.notes {
        writeln!(out, "\n{note}")?;
    }
    writeln!(out, "\nNext:")?;
    for command in &next {
        writeln!(out, "  {command}")?;
    }
    Ok(())
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=\\".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// The folder of the project that this program was just built from, if `cargo run` started it: then it may be installed
/// nowhere.
fn own_project() -> Option<String> {
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let is_here = std::env::current_dir().is_ok_and(|here| here == folder);
    Some(if is_here { ".".to_owned() } else { folder.display().to_string() })
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_takes_an_argument_as_it_is() {
        for (argument, taken) in [
            ("my-plugin", "my-plugin"),
            ("plugins/a.b", "plugins/a.b"),
            ("my plugin", "'my plugin'"),
            ("it's", r"'it'\''s'"),
            (r#"{"id": 1}"#, r#"'{"id": 1}'"#),
            ("", "''"),
        ] {
            assert_eq!(quoted(argument), taken);
        }
    }
}
