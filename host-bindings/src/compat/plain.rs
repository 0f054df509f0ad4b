use serde_json::{Map, Value, json};

use super::form::{is_annotation, target};
use crate::Contract;

/// A schema with its references resolved and nothing in it that is only for people, to be held against
/// another. A reference to what it stands in says how far up that is.
pub(super) fn plain(schema: &Value, contract: &Contract) -> Value {
    below(schema, contract, &mut Vec::new())
}

fn below(schema: &Value, contract: &Contract, above: &mut Vec<String>) -> Value {
    match schema {
        Value::Object(members) => object(members, contract, above),
        Value::Array(schemas) => schemas.iter().map(|schema| below(schema, contract, above)).collect(),
        value => value.clone(),
    }
}

fn object(members: &Map<String, Value>, contract: &Contract, above: &mut Vec<String>) -> Value {
    let found = members.get("$ref").and_then(Value::as_str).and_then(|reference| target(reference, contract));
    let mut plain = Map::new();
    for (word, value) in members.iter().filter(|(word, _)| !is_annotation(word)) {
        let value = match (word.as_str(), value, &found) {
            ("$ref", _, Some((name, schema))) => match above.iter().rev().position(|other| other == name) {
                Some(levels) => json!(levels),
                None => {
                    above.push(name.clone());
                    let schema = below(schema, contract, above);
                    above.pop();
                    schema
                }
            },
            ("const" | "enum", value, _) => value.clone(),
            // Their members are names, not words.
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(schemas), _) => schemas
                .iter()
                .map(|(name, schema)| (name.clone(), below(schema, contract, above)))
                .collect::<Map<_, _>>()
                .into(),
            (_, value, _) => below(value, contract, above),
        };
        plain.insert(word.clone(), value);
    }
    match (plain.len(), found) {
        (1, Some(_)) => plain.shift_remove("$ref").unwrap_or_default(),
        _ => plain.into(),
    }
}
