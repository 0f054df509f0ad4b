//! Whether what is said is as the contract says.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use hostfn_bindings::{Contract, FunctionContract};
use hostfn_runtime::Registry;
use jsonschema::Validator;
use serde_json::{Value, json};

/// The contract of a host, by which every test of it is judged.
pub(crate) struct Schemas {
    contract: Contract,
    functions: Vec<Validators>,
}

/// Of one function, each made when it is first used.
#[derive(Default)]
struct Validators {
    request: OnceLock<Validator>,
    response: OnceLock<Validator>,
    answer: OnceLock<Validator>,
}

/// Which functions, of which crates.
type Key = Vec<(&'static str, &'static str, &'static str)>;

/// Made once a process: a test costs milliseconds, and describing all types would cost more than the rest of it.
static SCHEMAS: Mutex<Option<HashMap<Key, Arc<Schemas>>>> = Mutex::new(None);

impl Schemas {
    pub(crate) fn of(registries: &[Registry]) -> Arc<Self> {
        let functions = registries.iter().flat_map(|registry| {
            registry.functions().iter().map(|function| (registry.owner(), function.namespace(), function.name()))
        });
        let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
        let made = schemas.get_or_insert_default().entry(functions.collect()).or_insert_with(|| {
            let contract = Contract::of(registries);
            let functions = contract.functions.iter().map(|_| Validators::default()).collect();
            Arc::new(Self { contract, functions })
        });
        made.clone()
    }

    /// What is wrong with the data that a function answers, each with its JSON path.
    pub(crate) fn response_problems(&self, namespace: &str, function: &str, data: &Value) -> Vec<String> {
        self.problems(namespace, function, data, |function| &function.response, |validators| &validators.response)
    }

    /// What is wrong with a whole answer.
    pub(crate) fn answer_problems(&self, namespace: &str, function: &str, answer: &Value) -> Vec<String> {
        self.problems(namespace, function, answer, |function| &function.answer, |validators| &validators.answer)
    }

    /// What is wrong with a request, where the function takes one.
    pub(crate) fn request_problems(&self, namespace: &str, function: &str, request: &Value) -> Vec<String> {
        self.problems(namespace, function, request, request_schema, |validators| &validators.request)
    }

    fn problems<'a>(
        &'a self,
        namespace: &str,
        name: &str,
        value: &Value,
        schema: impl Fn(&'a FunctionContract) -> &'a Value,
        validator: impl Fn(&'a Validators) -> &'a OnceLock<Validator>,
    ) -> Vec<String> {
        let mut functions = self.contract.functions.iter().zip(&self.functions);
        let found = functions.find(|(function, _)| (&*function.namespace, &*function.name) == (namespace, name));
        let Some((function, validators)) = found else { return Vec::new() };
        let validator = validator(validators).get_or_init(|| {
            jsonschema::options()
                .should_validate_formats(true)
                .build(&self.contract.standalone(schema(function)))
                .unwrap_or_else(|error| panic!("the schema of `{name}` is not one: {error}"))
        });
        let errors = validator.iter_errors(value);
        errors.map(|error| format!("{}: {error}", place(&error.instance_path().to_string()))).collect()
    }
}

/// Of a function that takes no request, the schema of one that says nothing.
fn request_schema(function: &FunctionContract) -> &Value {
    static NOTHING: OnceLock<Value> = OnceLock::new();
    let nothing = || NOTHING.get_or_init(|| json!({"type": "object", "maxProperties": 0}));
    function.request.as_ref().unwrap_or_else(nothing)
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { "the data".to_owned() } else { pointer.trim_start_matches('/').replace('/', ".") }
}
