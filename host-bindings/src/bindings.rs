//! Bindings: types and one typed function for each host function, in a plugin's language.

use minijinja::{Environment, Error, Value, context};
use serde::Serialize;

use crate::{
    Contract, Language,
    languages::helpers,
    lower::lower,
    naming::{self, TypeNames},
    types::{Model, UnsayableType},
};

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// Why there are no bindings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindingsError {
    /// A type of the contract is beyond what all languages can say.
    #[error(transparent)]
    Unsayable(#[from] UnsayableType),
    /// A language's plugins cannot import what the contract has.
    #[error(
        "`{function}` is in the namespace `{namespace}`, and Extism's PDK for {language} imports from `{only}` alone"
    )]
    Namespace {
        /// The host function.
        function: String,
        /// Where it is.
        namespace: String,
        /// The language.
        language: &'static str,
        /// Where it should be.
        only: &'static str,
    },
    /// A member's name is beyond what a language can send or receive.
    #[error("`{member}` of `{owner}` is a name that {language} cannot give a member of a JSON object; rename it")]
    Member {
        /// The type that it is a member of.
        owner: String,
        /// Its name.
        member: String,
        /// The language.
        language: &'static str,
    },
    /// A template is wrong, which the tests of this crate should have found.
    #[error("the template is wrong: {0:#}")]
    Template(#[from] Error),
}

/// Makes the bindings of a contract in a language: the same bytes for the same contract.
///
/// # Errors
/// When the contract has what the language cannot say.
pub fn bindings(contract: &Contract, language: &'static Language) -> Result<Vec<File>, BindingsError> {
    let (model, names) = model(contract, language)?;
    Ok(render_all(language, language.templates, &names, context! { ..Value::from_serialize(&model) })?)
}

/// Renders templates of one's own, each with the name of its file, as those of the bindings are rendered: with the
/// contract's functions and types, with filters that name things in the language's manner, and with what `more` has. What
/// they `import` are the templates of the bindings, by the names of the files that these make. `ident` is what the
/// bindings call a function or a type; of a type's name the filter `type_name` tells it.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// use hostfn_bindings::{Contract, Language, render};
/// # hostfn::registry!();
/// # /// Adds two numbers.
/// # #[hostfn::host_fn(permission = "arithmetic")]
/// # pub fn add_numbers(left: i32, right: i32) -> i32 { left + right }
/// # fn main() -> Result<(), hostfn_bindings::BindingsError> {
///
/// let contract = Contract::of(&[registry()]);
/// let go = Language::named("go").expect("there are bindings for Go");
/// let template = r#"{% from "hostfn.go" import spelled %}
/// {% for function in functions %}
/// {{ function.ident }} answers {{ spelled(function.response) }}, {{ whom }}.
/// {% endfor %}
/// "#;
/// let files = render(&contract, go, &[("note.txt", template)], serde_json::json!({"whom": "Ada"}))?;
/// assert_eq!(files[0].text, "AddNumbers answers int32, Ada.\n");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`bindings`], and when a template is wrong.
pub fn render(
    contract: &Contract,
    language: &'static Language,
    templates: &[(&str, &str)],
    more: impl Serialize,
) -> Result<Vec<File>, BindingsError> {
    let (model, names) = model(contract, language)?;
    let context = context! { ..Value::from_serialize(more), ..Value::from_serialize(&model) };
    Ok(render_all(language, templates, &names, context)?)
}

fn model(contract: &Contract, language: &'static Language) -> Result<(Model, TypeNames), BindingsError> {
    let mut model = lower(contract, &[])?;
    if let Some(only) = language.only_namespace
        && let Some(function) = model.functions.iter().find(|function| function.namespace != only)
    {
        return Err(BindingsError::Namespace {
            function: function.name.clone(),
            namespace: function.namespace.clone(),
            language: language.title,
            only,
        });
    }
    let names = naming::name(&mut model, language)?;
    Ok((model, names))
}

pub(crate) fn render_all(
    language: &'static Language,
    templates: &[(&str, &str)],
    names: &TypeNames,
    context: Value,
) -> Result<Vec<File>, Error> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // What is written are programs, in which no character means what it means in HTML.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    helpers::add(&mut environment, language, names);
    environment.add_global("generator", format!("hostfn bindings --language {}", language.name));
    for (name, template) in language.templates {
        environment.add_template(name, template)?;
    }
    let files = templates.iter().map(|(name, template)| {
        Ok(File { name: (*name).to_owned(), text: environment.template_from_str(template)?.render(&context)? })
    });
    files.collect()
}
