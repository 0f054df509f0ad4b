//! Bindings: types and one typed function for each host function, in a plugin's language.

use minijinja::{Environment, Error, context};

use crate::{
    Contract, Language,
    languages::helpers,
    lower::lower,
    names::are_distinct,
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
        "`{function}` is in the namespace `{namespace}`, and Extism's kit for {language} imports from `{only}` alone"
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
    /// Two names differ only in what no language keeps.
    #[error("`{one}` and `{other}` of {owner} get one name in a plugin's language; rename one of them")]
    SameName {
        /// The first of them.
        one: String,
        /// The second.
        other: String,
        /// Where they are.
        owner: String,
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
    let model = lower(contract)?;
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
    are_distinct(&model, language)?;
    render(&model, language)
}

fn render(model: &Model, language: &'static Language) -> Result<Vec<File>, BindingsError> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // What is written are programs, in which no character means what it means in HTML.
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    helpers::add(&mut environment, language);
    for (name, template) in language.templates {
        environment.add_template(name, template)?;
    }
    let generator = format!("hostfn bindings --language {}", language.name);
    let files = language.templates.iter().map(|(name, _)| {
        let text = environment
            .get_template(name)?
            .render(context! { generator, ..minijinja::Value::from_serialize(model) })?;
        Ok(File { name: (*name).to_owned(), text })
    });
    files.collect()
}
