//! Where schemas stand within a JSON Schema: the one walker of everything that looks for something in schemas, or
//! changes something in them.
//!
//! Under some keywords stand schemas, under some they stand by names, which are no keywords, and under others stand
//! values, in which nothing is a schema however much it looks like one. That is what the
//! [core](https://json-schema.org/draft/2020-12/json-schema-core#section-10) and the
//! [applicators](https://json-schema.org/draft/2020-12/json-schema-core#section-10.3) of JSON Schema say; a walk of one's
//! own forgets some of it.

use serde_json::Value;

/// Keywords with one schema.
const ONE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords with a list of schemas. `items` had one before 2020-12.
const LIST: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];

/// Keywords with schemas by names.
const NAMED: [&str; 5] = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];

/// How a schema stands within another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Under which keyword.
    pub keyword: &'a str,
    /// Under which name, where the keyword has schemas by names: of a property, a type, or a pattern.
    pub name: Option<&'a str>,
    /// Which one of a list it is, from 0, where the keyword has a list.
    pub index: Option<usize>,
}

/// The schemas that stand directly within a schema, in their order.
///
/// ```
/// use hostfn_contract::schema::subschemas;
/// use serde_json::json;
///
/// // A property may be called like a keyword. A default is a value, whatever is in it.
/// let schema = json!({
///     "properties": {"default": {"type": "string"}, "items": {"type": "boolean"}},
///     "default": {"items": {"type": "string"}},
/// });
/// let names: Vec<_> = subschemas(&schema).map(|(place, _)| place.name).collect();
/// assert_eq!(names, [Some("default"), Some("items")]);
/// ```
pub fn subschemas(schema: &Value) -> impl Iterator<Item = (Place<'_>, &Value)> {
    schema.as_object().into_iter().flatten().flat_map(|(keyword, below)| {
        let place = |name, index| Place { keyword, name, index };
        let word = keyword.as_str();
        match below {
            Value::Object(schemas) if NAMED.contains(&word) => {
                schemas.iter().map(|(name, schema)| (place(Some(name.as_str()), None), schema)).collect()
            }
            Value::Array(schemas) if LIST.contains(&word) => {
                schemas.iter().enumerate().map(|(index, schema)| (place(None, Some(index)), schema)).collect()
            }
            Value::Object(_) | Value::Bool(_) if ONE.contains(&word) => vec![(place(None, None), below)],
            _ => Vec::new(),
        }
    })
}

/// Changes a schema and every schema within it, from the outside in.
pub fn change_all(schema: &mut Value, change: &mut impl FnMut(&mut Value)) {
    change(schema);
    for (keyword, below) in schema.as_object_mut().into_iter().flatten() {
        let word = keyword.as_str();
        match below {
            Value::Object(schemas) if NAMED.contains(&word) => {
                schemas.values_mut().for_each(|schema| change_all(schema, change));
            }
            Value::Array(schemas) if LIST.contains(&word) => {
                schemas.iter_mut().for_each(|schema| change_all(schema, change));
            }
            Value::Object(_) | Value::Bool(_) if ONE.contains(&word) => change_all(below, change),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A schema with a schema in each place, all of which are `{"x": …}`, and values that look like them.
    fn everywhere() -> (Value, usize) {
        let mut schema = json!({
            "const": {"properties": {"a": {"x": 0}}},
            "default": {"items": {"x": 0}},
            "enum": [{"items": {"x": 0}}],
            "examples": [{"x": 0}],
            "dependentRequired": {"a": ["x"]},
            "required": ["items"],
        });
        let mut count = 0;
        let mut next = || {
            count += 1;
            json!({"x": count})
        };
        for keyword in ONE {
            schema[keyword] = next();
        }
        for keyword in LIST.into_iter().filter(|keyword| *keyword != "items") {
            schema[keyword] = json!([next(), next()]);
        }
        for keyword in NAMED {
            // Names that are keywords, of each kind.
            schema[keyword] = json!({"default": next(), "properties": next(), "allOf": next(), "not": next()});
        }
        (schema, count)
    }

    #[test]
    fn every_schema_is_found_and_nothing_else() {
        let (schema, count) = everywhere();
        let mut found: Vec<_> = subschemas(&schema).map(|(_, below)| below["x"].as_u64().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, (1..=count as u64).collect::<Vec<_>>());
        let old = json!({"items": [{"x": 1}, {"x": 2}]});
        assert_eq!(subschemas(&old).map(|(place, _)| place.index).collect::<Vec<_>>(), [Some(0), Some(1)]);
    }

    #[test]
    fn every_schema_is_changed_and_nothing_else() {
        let (mut schema, count) = everywhere();
        let values = ["const", "default", "enum", "examples"].map(|word| schema[word].clone());
        let mut changed = 0;
        change_all(&mut schema, &mut |schema| {
            changed += 1;
            schema["seen"] = true.into();
        });
        assert_eq!(changed, count + 1);
        assert!(subschemas(&schema).all(|(_, below)| below["seen"] == true));
        assert_eq!(["const", "default", "enum", "examples"].map(|word| schema[word].clone()), values);
    }
}
