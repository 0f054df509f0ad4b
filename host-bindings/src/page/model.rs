//! What the templates show, taken from a contract. All decisions are made here, and the templates only
//! set what they are given.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::{
    Example, PageError,
    examples::{Examples, Shown},
    prose::Prose,
    shape::{NamedType, Shape, types},
    snippets::{self, LANGUAGES, Language, Snippet},
    words::Words,
};
use crate::{Contract, FunctionContract};

/// A whole page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    /// Whose functions these are, with their versions.
    crates: BTreeMap<String, String>,
    groups: Vec<Group>,
    function_count: usize,
    has_examples: bool,
    errors: Vec<ErrorMeaning>,
    /// The error object itself.
    error_type: Option<Words>,
    types: Vec<NamedType>,
    /// The types of whole answers, which are all alike.
    answers: Vec<NamedType>,
    languages: &'static [Language],
    /// Those that the migrations make, where they are known.
    pub(super) tables: Vec<Table>,
}

/// A table that the migrations of the functions make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(clippy::exhaustive_structs, reason = "made by who knows the database")]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order in which they were declared.
    pub columns: Vec<String>,
}

/// The functions whose permissions begin alike.
#[derive(Debug, Serialize)]
struct Group {
    id: String,
    title: String,
    functions: Vec<Function>,
}

#[derive(Debug, Serialize)]
struct Function {
    /// Where it is in the page.
    id: String,
    name: String,
    namespace: String,
    owner: String,
    summary: Prose,
    documentation: Option<Prose>,
    permission: String,
    read_only: bool,
    deprecated: Option<Prose>,
    request: Option<Shape>,
    response: Shape,
    answer: Words,
    /// Those that it declares.
    errors: Vec<ErrorMeaning>,
    /// Those that every function may answer.
    other_errors: Vec<String>,
    success: Option<Shown>,
    failure: Option<Shown>,
    snippets: Vec<Snippet>,
}

#[derive(Clone, Debug, Serialize)]
struct ErrorMeaning {
    code: String,
    meaning: Option<Prose>,
    /// Whether only functions that declare it answer it.
    is_declared: bool,
}

/// The title of the functions that have no group.
const OTHERS: &str = "Others";

impl Page {
    pub(super) fn of(contract: &Contract, examples: &[Example]) -> Result<Self, PageError> {
        let (errors, error_type) = meanings(contract);
        let mut groups: BTreeMap<(bool, String), Vec<Function>> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for function in &contract.functions {
            let title = group(function);
            // One name may be in two namespaces.
            let further = (2..).map(|count| format!("{}-{count}", function_id(&function.name)));
            let mut names = std::iter::once(function_id(&function.name)).chain(further);
            let id = names.find(|id| ids.insert(id.clone())).unwrap_or_default();
            let shown = self::function(contract, function, id, examples, &errors)?;
            groups.entry((title == OTHERS, title)).or_default().push(shown);
        }
        let (answers, types) = types(contract).into_iter().partition(|named| named.is_answer);
        let group = |((_, title), functions): ((bool, String), _)| Group {
            id: anchor("group", &title.to_lowercase()),
            title,
            functions,
        };
        let groups: Vec<_> = groups.into_iter().map(group).collect();
        let mut functions = groups.iter().flat_map(|group| &group.functions);
        Ok(Self {
            crates: contract.crates.clone(),
            function_count: contract.functions.len(),
            has_examples: functions.any(|function| function.success.is_some() || function.failure.is_some()),
            groups,
            errors,
            error_type,
            types,
            answers,
            languages: LANGUAGES,
            tables: Vec::new(),
        })
    }
}

fn function(
    contract: &Contract,
    function: &FunctionContract,
    id: String,
    examples: &[Example],
    errors: &[ErrorMeaning],
) -> Result<Function, PageError> {
    let (summary, documentation) = Prose::summary_and_rest(&function.documentation);
    let Examples { success, failure } = Examples::of(function, examples);
    let declared = |code: &String| {
        let known = errors.iter().find(|error| error.code == *code).cloned();
        known.unwrap_or_else(|| ErrorMeaning { code: code.clone(), meaning: None, is_declared: true })
    };
    Ok(Function {
        id,
        name: function.name.clone(),
        namespace: function.namespace.clone(),
        owner: function.owner.clone(),
        summary,
        documentation,
        permission: function.permission.clone(),
        read_only: function.read_only,
        deprecated: function.deprecated.as_deref().map(Prose::of),
        request: function.request.as_ref().map(|request| Shape::of(contract, request)),
        response: Shape::of(contract, &function.response),
        answer: Words::of(&function.answer),
        errors: function.errors.iter().map(declared).collect(),
        other_errors: errors.iter().filter(|error| !error.is_declared).map(|error| error.code.clone()).collect(),
        success,
        failure,
        snippets: snippets::of(function)?,
    })
}

/// The entity that a permission is about: `users:read` is in "Users".
fn group(function: &FunctionContract) -> String {
    match function.permission.split_once(':') {
        Some((entity, _)) if !entity.is_empty() && entity.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            let words = entity.replace('_', " ");
            let first = words.chars().take(1).flat_map(char::to_uppercase);
            first.chain(words.chars().skip(1)).collect()
        }
        _ => OTHERS.to_owned(),
    }
}

/// The error codes with their meanings, and the type of an error. Every answer refers to the same.
fn meanings(contract: &Contract) -> (Vec<ErrorMeaning>, Option<Words>) {
    let Some(function) = contract.functions.first() else { return (Vec::new(), None) };
    let answer = contract.resolve(&function.answer);
    let failed = answer["oneOf"].as_array().into_iter().flatten().map(|part| &part["properties"]["error"]);
    let Some(error) = failed.into_iter().find(|error| error.get("$ref").is_some()) else { return (Vec::new(), None) };
    let codes = contract.resolve(&contract.resolve(error)["properties"]["code"]);
    let codes = codes["oneOf"].as_array().into_iter().flatten().filter_map(|code| {
        let name = code["const"].as_str()?;
        Some(ErrorMeaning { code: name.to_owned(), meaning: Prose::of_schema(code), is_declared: is_domain(name) })
    });
    (codes.collect(), Some(Words::of(error)))
}

/// Whether a function declares this code when it answers it.
fn is_domain(code: &str) -> bool {
    hostfn_runtime::ErrorCode::ALL.iter().any(|known| known.as_str() == code && known.is_domain())
}

/// Where a function is in the page: under its name, so that its address is easy to guess.
pub(super) fn function_id(name: &str) -> String {
    // No name has a hyphen, and every other place has one.
    name.chars().map(|c| if c.is_alphanumeric() || "_.$".contains(c) { c } else { '-' }).collect()
}

/// Where a type, an error or a group is in the page.
pub(super) fn anchor(kind: &str, name: &str) -> String {
    format!("{kind}-{}", function_id(name))
}

/// JSON as it is shown.
pub(super) fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
