//! A project of host functions.

use std::path::{Path, PathBuf};

use clap::Args;
use hostfn_bindings::File;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use super::{
    Common, REPOSITORY,
    project::{Place, Project},
};
use crate::Failure;

/// The arguments of `new host`.
#[derive(Debug, Args)]
pub(super) struct HostArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// A checkout of hostfn to depend on, in place of its repository
    #[arg(long, value_name = "DIR")]
    hostfn_path: Option<PathBuf>,
}

macro_rules! templates {
    ($($path:literal from $file:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/host/", $file, ".jinja")))),+]
    };
}

/// The files of the project, sorted by their paths in it.
const TEMPLATES: &[(&str, &str)] = templates!(
    ".github/workflows/ci.yml" from "ci.yml",
    ".gitignore" from "gitignore",
    "Cargo.toml" from "Cargo.toml",
    "README.md" from "README.md",
    "migrations/0001_notes/down.sql" from "down.sql",
    "migrations/0001_notes/up.sql" from "up.sql",
    "rustfmt.toml" from "rustfmt.toml",
    "snapshots/contract.json" from "snapshots/contract.json",
    "snapshots/notes/a_plugin_keeps_notes.it_is_gone.snap" from "snapshots/a_plugin_keeps_notes.it_is_gone.snap",
    "snapshots/notes/a_plugin_keeps_notes.snap" from "snapshots/a_plugin_keeps_notes.snap",
    "src/lib.rs" from "lib.rs",
    "src/main.rs" from "main.rs",
    "tests/notes.rs" from "tests.rs",
);

pub(super) fn project(arguments: &HostArguments, place: &Place) -> Result<Project, Failure> {
    let (hostfn, hostfn_test) = match &arguments.hostfn_path {
        Some(checkout) => {
            let root = checkout_at(checkout)?;
            (format!("path = {}", toml_text(&root)), format!("path = {}", toml_text(&root.join("host-test"))))
        }
        None => (format!("git = \"{REPOSITORY}\""), format!("git = \"{REPOSITORY}\"")),
    };
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("quoted", |text: &str| toml::Value::from(text).to_string());
    let context = context! {
        name => place.name,
        crate => place.name.replace('-', "_"),
        repository => REPOSITORY,
        hostfn,
        hostfn_test,
    };
    // A repository has its CI at its root, and would not look for it here.
    let templates = TEMPLATES.iter().filter(|(path, _)| !place.is_in_repository || !path.starts_with(".github/"));
    let files = templates.map(|(path, template)| {
        let text = environment.render_str(template, &context)?;
        Ok(File { name: (*path).to_owned(), text })
    });
    let next = ["cargo test", "cargo run -- list", "cargo run -- new plugin plugins/my-plugin --language rust"];
    Ok(Project {
        files: files.collect::<Result<_, minijinja::Error>>()?,
        next: next.map(str::to_owned).to_vec(),
        needs_command: false,
        notes: vec!["It takes Rust 1.95 or newer and a C compiler. The first build takes some minutes.".to_owned()],
    })
}

/// The folder of a checkout, from wherever the project will be.
fn checkout_at(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    let root = std::path::absolute(path).map_err(|error| format!("cannot tell where {shown} is: {error}"))?;
    if !root.join("host-test/Cargo.toml").is_file() || !root.join("host-runtime/Cargo.toml").is_file() {
        return Err(format!("{shown} is no checkout of hostfn: it has no `host-runtime` and `host-test`").into());
    }
    Ok(root)
}

fn toml_text(path: &Path) -> String {
    toml::Value::from(&*path.to_string_lossy()).to_string()
}
