//! Values that a schema allows, for a first scenario.

use std::io;

use hostfn_bindings::{Contract, FunctionContract};
use hostfn_runtime::NO_NUL_PATTERN;
use serde::Serialize;
use serde_json::{Value, json, ser::Formatter};

/// What could be asked of a function, and what it could answer.
pub(super) struct Example {
    /// Nothing, where the function takes none.
    pub(super) request: Option<Value>,
    pub(super) answer: Value,
}

/// An example of a function, if one can be made up: what a pattern allows, for instance, cannot be.
pub(super) fn of(contract: &Contract, function: &FunctionContract) -> Option<Example> {
    let made_up = |schema: &Value| {
        let value = value(contract, schema, None, 0)?;
        // In a scenario a dollar begins a name.
        let is_plain = !value.to_string().contains('$');
        let validator = jsonschema::options().should_validate_formats(true).build(&contract.standalone(schema)).ok()?;
        (is_plain && validator.is_valid(&value)).then_some(value)
    };
    let request = match &function.request {
        Some(schema) => Some(made_up(schema)?),
        None => None,
    };
    Some(Example { request, answer: made_up(&function.response)? })
}

/// How deep types are followed: what holds itself has no example.
const DEEPEST: usize = 16;

/// A value of a schema. The member of an object is called `name`, and is null where it can be: so an example is short.
fn value(contract: &Contract, schema: &Value, name: Option<&str>, depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    let is_member = name.is_some();
    let schema = contract.resolve(schema);
    if let Some(example) = schema["examples"].get(0).or(schema.get("const")).or(schema["enum"].get(0)) {
        return Some(example.clone());
    }
    let is_null = |schema: &Value| schema["type"] == "null";
    let can_be_null = schema["type"].as_array().is_some_and(|types| types.iter().any(|kind| kind == "null"))
        || schema["anyOf"].as_array().is_some_and(|alternatives| alternatives.iter().any(is_null));
    if is_member && can_be_null {
        return Some(Value::Null);
    }
    if let Some(alternatives) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let first = alternatives.iter().find(|alternative| !is_null(alternative))?;
        return value(contract, first, name, depth + 1);
    }
    let types = schema["type"].as_array().map_or(std::slice::from_ref(&schema["type"]), Vec::as_slice);
    let kind = types.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null");
    match kind {
        "null" => Some(Value::Null),
        "boolean" => Some(true.into()),
        "integer" => Some(schema.get("minimum").cloned().filter(|least| least.as_i64() > Some(1)).unwrap_or(json!(1))),
        "number" => Some(json!(1.5)),
        "string" => Some(text(schema, name.unwrap_or("text")).into()),
        "array" if schema["minItems"].as_u64() > Some(0) => {
            Some(json!([value(contract, &schema["items"], name, depth + 1)?]))
        }
        "array" => Some(json!([])),
        "object" => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let members = required.map(|name| {
                let member = value(contract, schema["properties"].get(name)?, Some(name), depth + 1)?;
                Some((name.to_owned(), member))
            });
            members.collect::<Option<serde_json::Map<_, _>>>().map(Value::from)
        }
        _ => None,
    }
}

fn text(schema: &Value, name: &str) -> String {
    match schema["format"].as_str() {
        Some("uuid") => "5f0b6f4e-8f5c-4c1e-9a57-2d1f6f1d8a10".to_owned(),
        Some("date-time") => "2026-01-02T03:04:05.000000Z".to_owned(),
        Some("email") => "ada@example.com".to_owned(),
        // Of most patterns, tokens and names of a kind, this is one; what it is not is found out afterwards.
        _ if schema.get("pattern").is_some_and(|pattern| *pattern != NO_NUL_PATTERN) => "example-0123456789".to_owned(),
        // What a format would say is often said by the name alone.
        _ if name.ends_with("email") => "ada@example.com".to_owned(),
        _ if name == "name" => "Ada".to_owned(),
        _ => {
            let least = schema["minLength"].as_u64().and_then(|least| usize::try_from(least).ok()).unwrap_or(0);
            let name = name.replace('_', " ");
            // No example is worth more than a screenful.
            if name.len() < least && least < 200 { name.repeat(least.div_ceil(name.len().max(1))) } else { name }
        }
    }
}

/// JSON in one line, with spaces: as a person would write it into a scenario.
pub(super) fn line(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    // Writing a value to memory does not fail.
    value.serialize(&mut serializer).expect("a value is JSON");
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_up(request: Value, response: Value, definitions: Value) -> Option<Example> {
        let function = json!({
            "name": "get", "namespace": "x", "crate": "x", "documentation": "", "permission": "x", "read_only": true,
            "deprecated": null, "errors": [], "request": request, "response": response, "answer": {},
        });
        let contract = json!({"hostfn": 1, "crates": {}, "functions": [function], "$defs": definitions});
        let contract = Contract::from_json(&contract.to_string()).unwrap();
        of(&contract, &contract.functions[0])
    }

    #[test]
    fn what_is_made_up_is_what_the_schema_allows() {
        let request = json!({"type": "object", "required": ["id", "at", "short"], "properties": {
            "id": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "date-time"},
            "short": {"type": "string", "minLength": 7}, "left_out": {"type": "integer"}}});
        let response = json!({"anyOf": [{"$ref": "#/$defs/Note"}, {"type": "null"}]});
        let note = json!({"type": "object", "required": ["id", "tags", "text"], "properties": {
            "id": {"type": "integer", "minimum": 7}, "tags": {"type": "array", "minItems": 1, "items": {"enum": ["a"]}},
            "text": {"type": ["string", "null"]}}});
        let example = made_up(request, response, json!({"Note": note})).unwrap();
        assert_eq!(line(&example.answer), r#"{"id": 7, "tags": ["a"], "text": null}"#);
        let request = example.request.unwrap();
        assert_eq!((&request["short"], request.get("left_out")), (&json!("shortshort"), None));
    }

    #[test]
    fn what_cannot_be_made_up_is_not() {
        let text = json!({"type": "string"});
        for schema in [
            json!({"type": "string", "pattern": "^[0-9]+$"}),
            json!({"type": "string", "maxLength": 2}),
            json!({"type": "string", "examples": ["$a"]}),
            json!({"$ref": "#/$defs/Endless"}),
        ] {
            let endless = json!({"Endless": {"type": "object", "required": ["next"], "properties": {
                "next": {"$ref": "#/$defs/Endless"}}}});
            assert!(made_up(schema.clone(), text.clone(), endless).is_none(), "{schema}");
        }
        assert!(made_up(Value::Null, text, json!({})).is_some_and(|example| example.request.is_none()));
    }
}
