//! A project of a plugin.

use clap::{Args, builder::PossibleValuesParser};
use hostfn_bindings::{Contract, File, FunctionContract, Language, bindings, render};
use hostfn_runtime::{PluginManagerBuilder, PluginManifest};
use hostfn_test::Scenario;
use serde::Serialize;

use super::{
    Common, REPOSITORY,
    example::{self, Example},
    languages::{self, LanguageProject, PROJECTS},
    name,
    project::{Place, Project},
    quoted,
};
use crate::{Failure, program_name};

/// The arguments of `new plugin`.
#[derive(Debug, Args)]
pub(super) struct PluginArguments {
    #[command(flatten)]
    pub(super) common: Common,
    /// The language of the plugin
    #[arg(long, value_parser = PossibleValuesParser::new(PROJECTS.iter().map(|project| project.language)))]
    language: String,
    /// The host function that it calls; without it one is chosen
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
}

impl PluginArguments {
    /// What a name must be for this language.
    pub(super) fn rule_of_names(&self) -> fn(&str) -> Result<(), String> {
        if self.language == "rust" { name::is_package } else { name::is_plugin }
    }
}

/// What the templates know beside the contract.
#[derive(Serialize)]
struct Context<'a> {
    /// Of the plugin.
    name: &'a str,
    /// What writes, tests and calls it: `hostfn`, or a project's own command.
    command: &'a str,
    is_hostfn: bool,
    /// Whether it has a workflow of its own.
    has_ci: bool,
    repository: &'static str,
    schemas: Schemas,
    function: Called<'a>,
    #[serde(flatten)]
    project: &'static LanguageProject,
    title: &'static str,
    module: &'a str,
}

#[derive(Serialize)]
struct Schemas {
    manifest: &'static str,
    scenario: &'static str,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    namespace: &'a str,
    permission: &'a str,
    request_example: Option<String>,
    request_argument: Option<String>,
    answer_example: String,
}

pub(super) fn project(
    arguments: &PluginArguments,
    place: &Place,
    host: &PluginManagerBuilder,
) -> Result<Project, Failure> {
    let project = languages::project(&arguments.language).ok_or("there are no projects in that language")?;
    let language = Language::named(project.language).ok_or("there are no bindings for that language")?;
    let contract = Contract::of(host.registries());
    let (function, example) = choose(&contract, arguments.function.as_deref())?;
    let module = project.module_of(&place.name);
    let command = program_name();
    let request_example = example.request.as_ref().map(example::line);
    let context = Context {
        name: &place.name,
        command: &command,
        is_hostfn: command == "hostfn",
        has_ci: !place.is_in_repository,
        repository: REPOSITORY,
        schemas: Schemas { manifest: PluginManifest::SCHEMA_URL, scenario: Scenario::SCHEMA_URL },
        function: Called {
            name: &function.name,
            namespace: &function.namespace,
            permission: &function.permission,
            request_argument: request_example.as_deref().map(quoted),
            request_example,
            answer_example: example::line(&example.answer),
        },
        project,
        title: language.title,
        module: &module,
    };
    let mut files = render(&contract, language, &project.templates(), &context)?;
    // How an input is read is nothing to a plugin that takes none.
    files.retain(|file| !file.text.trim().is_empty());
    // A repository has its CI at its root, and would not look for it here.
    files.retain(|file| !place.is_in_repository || !file.name.starts_with(".github/"));
    let own = bindings(&contract, language)?;
    files.extend(own.into_iter().map(|file| File { name: format!("{}/{}", project.bindings, file.name), ..file }));
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let mut next: Vec<_> = project.build.iter().map(|&line| line.to_owned()).collect();
    next.push(format!("{command} test scenarios --plugin {}", quoted(&module)));
    next.push(format!("{command} manifest --update plugin.toml"));
    next.push(format!("{command} check plugin.toml --grant {}", function.permission));
    let notes = if project.needs.is_empty() { Vec::new() } else { vec![project.needs.to_owned()] };
    Ok(Project { files, next, needs_command: true, notes })
}

/// The function that a plugin calls, with what it could be asked and could answer: the one of a name, or one that
/// reads, since that is the least to be granted.
fn choose<'a>(contract: &'a Contract, named: Option<&str>) -> Result<(&'a FunctionContract, Example), Failure> {
    let functions = &contract.functions;
    if let Some(name) = named {
        let function = functions.iter().find(|function| function.name == name).ok_or_else(|| {
            let names: Vec<_> = functions.iter().map(|function| &*function.name).collect();
            format!("there is no host function `{name}`; there are {}", names.join(", "))
        })?;
        let example = example::of(contract, function).ok_or_else(|| {
            format!("no request and answer of `{name}` can be made up for a first scenario: choose another function")
        })?;
        return Ok((function, example));
    }
    let rank = |function: &FunctionContract| {
        (function.name != "db_get_user_by_email", !function.read_only, function.request.is_none())
    };
    let mut candidates: Vec<_> = functions.iter().filter(|function| function.deprecated.is_none()).collect();
    candidates.sort_by_key(|function| rank(function));
    let found = candidates.into_iter().find_map(|function| Some((function, example::of(contract, function)?)));
    Ok(found.ok_or("this host has no function of which a request and an answer can be made up for a first scenario")?)
}
