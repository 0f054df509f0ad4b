//! Whether two schemas say the same, with their references resolved and without what is only for people.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::form::{is_annotation, target};
use crate::Contract;

/// Whether two schemas, each of its own contract, say the same of values.
///
/// Types that refer to each other are the same when nothing that is reached from them differs, so each pair of
/// references is entered once.
pub(super) fn same(old: &Value, old_contract: &Contract, new: &Value, new_contract: &Contract) -> bool {
    Sameness { contracts: (old_contract, new_contract), met: HashSet::new() }.of(old, new)
}

struct Sameness<'a> {
    contracts: (&'a Contract, &'a Contract),
    /// The pairs of places in the two contracts that were entered by a reference.
    met: HashSet<(*const Value, *const Value)>,
}

impl Sameness<'_> {
    fn of(&mut self, old: &Value, new: &Value) -> bool {
        let (old, old_was_reference) = resolved(old, self.contracts.0);
        let (new, new_was_reference) = resolved(new, self.contracts.1);
        if (old_was_reference || new_was_reference) && !self.met.insert((old, new)) {
            return true;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.of_schemas(old, new),
            (Value::Array(old), Value::Array(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.of(old, new))
            }
            _ => old == new,
        }
    }

    fn of_schemas(&mut self, old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
        let words = |members: &Map<String, Value>| members.keys().filter(|word| !is_annotation(word)).count();
        words(old) == words(new)
            && old.iter().filter(|(word, _)| !is_annotation(word)).all(|(word, old)| {
                new.get(word).is_some_and(|new| match (word.as_str(), old, new) {
                    ("const" | "enum", old, new) => old == new,
                    // Their members are names, not words.
                    (
                        "properties" | "patternProperties" | "dependentSchemas",
                        Value::Object(old),
                        Value::Object(new),
                    ) => {
                        old.len() == new.len()
                            && old.iter().all(|(name, old)| new.get(name).is_some_and(|new| self.of(old, new)))
                    }
                    ("$ref", old, new) => self.of_references(old, new),
                    (_, old, new) => self.of(old, new),
                })
            })
    }

    /// References with something beside them.
    fn of_references(&mut self, old: &Value, new: &Value) -> bool {
        match (of_reference(old, self.contracts.0), of_reference(new, self.contracts.1)) {
            (Some(old), Some(new)) => !self.met.insert((old, new)) || self.of(old, new),
            _ => old == new,
        }
    }
}

fn of_reference<'a>(reference: &Value, contract: &'a Contract) -> Option<&'a Value> {
    target(reference.as_str()?, contract).map(|(_, schema)| schema)
}

/// What a schema stands for that is a reference and nothing else, and whether it is one.
fn resolved<'a>(mut schema: &'a Value, contract: &'a Contract) -> (&'a Value, bool) {
    // As many steps as there are definitions; more go in a circle.
    for step in 0..=contract.definitions.len() {
        let only =
            schema.as_object().filter(|members| members.keys().all(|word| word == "$ref" || is_annotation(word)));
        let next = only.and_then(|members| of_reference(members.get("$ref")?, contract));
        match next {
            Some(next) => schema = next,
            None => return (schema, step > 0),
        }
    }
    (schema, true)
}
