//! Types with their fields.

use std::collections::{BTreeMap, BTreeSet};

use hostfn_runtime::subschemas::subschemas;
use serde::Serialize;
use serde_json::Value;

use super::{
    model::anchor,
    prose::Prose,
    words::{Words, alternatives, is_null, is_required, is_secret},
};
use crate::{Contract, definitions::referred};

/// A type, and what is in it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Shape {
    words: Words,
    is_secret: bool,
    fields: Vec<Field>,
    /// Where it is one of several.
    variants: Vec<Variant>,
}

#[derive(Debug, Serialize)]
struct Variant {
    words: Option<Words>,
    description: Option<Prose>,
    fields: Vec<Field>,
}

#[derive(Debug, Serialize)]
struct Field {
    name: String,
    words: Words,
    is_required: bool,
    is_secret: bool,
    /// What it is when it is left out.
    default: Option<String>,
    description: Option<Prose>,
}

/// A type that has a place of its own.
#[derive(Debug, Serialize)]
pub(super) struct NamedType {
    name: String,
    id: String,
    description: Option<Prose>,
    shape: Shape,
    /// Whether it is a whole answer, which is data or an error.
    pub(super) is_answer: bool,
    /// Whether a plugin sends it: there a field may be left out.
    is_request: bool,
    used_by: BTreeSet<String>,
}

impl Shape {
    /// What a function takes or answers with: behind a name, what that stands for, with `null` or without.
    pub(super) fn of(contract: &Contract, schema: &Value) -> Self {
        let mut parts = alternatives(schema).into_iter().flatten().filter(|part| !is_null(part));
        let within = match (parts.next(), parts.next()) {
            (Some(only), None) => only,
            _ => schema,
        };
        let within = contract.resolve(within);
        Self {
            words: Words::of(schema),
            is_secret: is_secret(schema) || is_secret(within),
            fields: fields(within),
            variants: variants(within),
        }
    }

    /// What a name stands for.
    fn named(schema: &Value) -> Self {
        Self {
            words: Words::of(schema),
            is_secret: is_secret(schema),
            fields: fields(schema),
            variants: variants(schema),
        }
    }
}

fn fields(schema: &Value) -> Vec<Field> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields = fields.map(|(name, field)| Field {
        name: name.clone(),
        words: Words::of(field),
        is_required: is_required(schema, name),
        is_secret: is_secret(field),
        default: field.get("default").filter(|default| !default.is_null()).map(Value::to_string),
        description: Prose::of_schema(field),
    });
    fields.collect()
}

fn variants(schema: &Value) -> Vec<Variant> {
    let parts = alternatives(schema).into_iter().flatten();
    let parts = parts.map(|part| {
        let fields = fields(part);
        // Fields speak for themselves.
        let words = fields.is_empty().then(|| Words::of_alternative(part));
        Variant { words, description: Prose::of_schema(part), fields }
    });
    parts.collect()
}

/// All types of a contract, by name.
pub(super) fn types(contract: &Contract) -> Vec<NamedType> {
    let mut used_by: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut requests = BTreeSet::new();
    let mut answers = BTreeSet::new();
    for function in &contract.functions {
        let mut reached = BTreeSet::new();
        function.request.iter().for_each(|request| reach(contract, request, &mut reached));
        requests.extend(reached.iter().copied());
        reach(contract, &function.response, &mut reached);
        for name in reached {
            used_by.entry(name).or_default().insert(function.name.clone());
        }
        if let Some(name) = defined(contract, &function.answer) {
            answers.insert(name);
            used_by.entry(name).or_default().insert(function.name.clone());
        }
    }
    let types = contract.definitions.iter().map(|(name, schema)| NamedType {
        name: name.clone(),
        id: anchor("type", name),
        description: Prose::of_schema(schema),
        shape: Shape::named(schema),
        is_answer: answers.contains(name.as_str()),
        is_request: requests.contains(name.as_str()),
        used_by: used_by.remove(name.as_str()).unwrap_or_default(),
    });
    types.collect()
}

/// The type of the contract that a schema refers to.
fn defined<'a>(contract: &'a Contract, schema: &Value) -> Option<&'a str> {
    let (name, _) = contract.definitions.get_key_value(referred(schema)?.as_ref())?;
    Some(name)
}

/// The types that a schema refers to, and those that they refer to.
fn reach<'a>(contract: &'a Contract, schema: &'a Value, reached: &mut BTreeSet<&'a str>) {
    if let Some(name) = defined(contract, schema)
        && reached.insert(name)
    {
        reach(contract, &contract.definitions[name], reached);
    }
    subschemas(schema).for_each(|(_, below)| reach(contract, below, reached));
}
