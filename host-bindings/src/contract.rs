use std::collections::BTreeMap;

use hostfn_runtime::{HostFunction, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::definitions::{Definitions, referred};

/// The version of the document's own form.
pub const FORMAT: u32 = 1;

/// All that plugins can rely on: every function, with the types that go in and come out.
///
/// As JSON it is one document, in which types are JSON Schema
/// [2020-12](https://json-schema.org/draft/2020-12) under `$defs`, each function refers to them, and the
/// order is always the same. Values that must not be shown are marked `x-secret`. Each type is as it is in
/// its own direction: what a request may leave out an answer always has, and null there.
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// hostfn::registry!();
///
/// /// Adds two numbers.
/// #[hostfn::host_fn(permission = "arithmetic")]
/// pub fn add(left: i32, right: i32) -> i32 {
///     left + right
/// }
/// # fn main() {
///
/// let contract = hostfn_bindings::Contract::of(&[registry()]);
/// assert_eq!(contract.functions[0].permission, "arithmetic");
/// assert_eq!(contract.definitions["AddRequest"]["required"], serde_json::json!(["left", "right"]));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    /// The version of the document's form, [`FORMAT`].
    pub hostfn: u32,
    /// The version of each crate whose functions these are.
    pub crates: BTreeMap<String, String>,
    /// The functions, sorted by namespace and name.
    pub functions: Vec<FunctionContract>,
    /// The types that the functions refer to, by their names: `#/$defs/User`.
    #[serde(rename = "$defs")]
    pub definitions: Map<String, Value>,
}

/// What plugins can rely on of one function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FunctionContract {
    /// The name that a guest imports.
    pub name: String,
    /// The module that a guest imports it from.
    pub namespace: String,
    /// The crate whose function it is.
    #[serde(rename = "crate")]
    pub owner: String,
    /// What it does, in Markdown.
    pub documentation: String,
    /// What a plugin must be granted to call it.
    pub permission: String,
    /// Whether it only reads.
    pub read_only: bool,
    /// What to use instead, where it should not be used any more.
    pub deprecated: Option<String>,
    /// The domain errors that it may answer. Every function may answer the others.
    pub errors: Vec<String>,
    /// The schema of what it takes; nothing, where a guest passes nothing.
    pub request: Option<Value>,
    /// The schema of the data that it answers with.
    pub response: Value,
    /// The schema of the whole answer, which is that data or an error.
    pub answer: Value,
}

/// Why a document is no contract.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// It is of another form.
    #[error(
        "it is of form {found}, and this program reads form {FORMAT}: use the program that wrote it, or a newer one"
    )]
    Form {
        /// The form that it says it has.
        found: String,
    },
    /// It is not what it says, or says nothing.
    #[error("it is no contract, as `hostfn schema` writes it: {0}")]
    Shape(#[from] serde_json::Error),
}

impl Contract {
    /// The contract of some registries' functions.
    pub fn of<'a>(registries: impl IntoIterator<Item = &'a Registry>) -> Self {
        let registries: Vec<_> = registries.into_iter().collect();
        let mut functions: Vec<_> = registries
            .iter()
            .flat_map(|registry| registry.functions().iter().map(|function| (registry.owner(), function)))
            .collect();
        functions.sort_by_key(|(_, function)| (function.namespace(), function.name()));
        let mut definitions = Definitions::default();
        let functions = functions.into_iter().map(|(owner, function)| describe(owner, function, &mut definitions));
        Self {
            hostfn: FORMAT,
            crates: registries
                .iter()
                // One may be there for its tables alone.
                .filter(|registry| !registry.functions().is_empty())
                .map(|registry| (registry.owner().to_owned(), registry.version().to_owned()))
                .collect(),
            functions: functions.collect(),
            definitions: definitions.into_sorted(),
        }
    }

    /// Reads a contract as it is written.
    ///
    /// # Errors
    /// When it is none, or of another form.
    pub fn from_json(text: &str) -> Result<Self, ContractError> {
        let value: Value = serde_json::from_str(text)?;
        match value.get("hostfn") {
            Some(form) if *form != FORMAT => Err(ContractError::Form { found: form.to_string() }),
            _ => Ok(serde_json::from_value(value)?),
        }
    }

    /// The contract as it is written: indented, with a line break at the end, and always the same.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", serde_json::json!(self))
    }

    /// The schema that a reference names, or the schema itself.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        referred(schema).and_then(|name| self.definitions.get(name.as_ref())).unwrap_or(schema)
    }

    /// A schema that stands alone: with all that it refers to, for a validator.
    pub fn standalone(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        if let Value::Object(members) = &mut schema {
            members.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
            members.insert("$defs".to_owned(), self.definitions.clone().into());
        }
        schema
    }
}

fn describe(owner: &str, function: &HostFunction, definitions: &mut Definitions) -> FunctionContract {
    let answer = definitions.add(function.answer_schema().to_value());
    let request = function.takes_request().then(|| definitions.add(function.request_schema().to_value()));
    let response = definitions.resolve(&answer)["oneOf"][0]["properties"]["data"].clone();
    FunctionContract {
        name: function.name().to_owned(),
        namespace: function.namespace().to_owned(),
        owner: owner.to_owned(),
        documentation: function.documentation().to_owned(),
        permission: function.permission().to_owned(),
        read_only: function.is_read_only(),
        deprecated: function.deprecated().map(str::to_owned),
        errors: function.errors().iter().map(|code| code.as_str().to_owned()).collect(),
        request,
        response,
        answer,
    }
}
