//! Whether a value is as a contract says.

use schemars::Schema;
use serde_json::Value;

/// What is wrong with a value, each with its JSON path; nothing when all is well.
///
/// # Panics
/// When the schema is none.
pub(crate) fn problems(schema: &Schema, value: &Value) -> Vec<String> {
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(schema.as_value())
        .unwrap_or_else(|error| panic!("the schema of the function is not one: {error}"));
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", place(&error.instance_path().to_string())))
        .collect()
}

fn place(pointer: &str) -> String {
    if pointer.is_empty() { "the data".to_owned() } else { pointer.trim_start_matches('/').replace('/', ".") }
}
