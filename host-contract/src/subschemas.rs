//! The one place that knows where in a JSON Schema other schemas are.
//!
//! A schema is not a tree of keywords: below `properties`, a key is the name of a member and may be `default` or
//! `$ref` as well; below `default`, `examples`, `const` and `enum` are values, which only look like schemas. Code that
//! walks a schema uses this, so that it cannot get one of the two wrong.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// What a subschema describes, seen from the schema that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place<'a> {
    /// The same value: `allOf`, `anyOf`, `oneOf`, `not`, `if`, `then`, `else`, `dependentSchemas`.
    Same,
    /// The member of this name: `properties`.
    Property(&'a str),
    /// The members whose names match this pattern: `patternProperties`.
    PatternProperty(&'a str),
    /// The members that neither of these names: `additionalProperties`, `unevaluatedProperties`.
    OtherProperties,
    /// The names of the members: `propertyNames`.
    PropertyNames,
    /// The item at this position: `prefixItems`, or `items` as a list in older drafts.
    Item(usize),
    /// The items behind those, or all: `items`, `additionalItems`, `unevaluatedItems`, `contains`.
    Items,
    /// What a string holds once it is decoded: `contentSchema`.
    Content,
    /// Nothing here, but whatever refers to this name: `$defs`, `definitions`.
    Definition(&'a str),
}

/// How the subschemas of one keyword are written.
enum Form {
    One(Place<'static>),
    Several(fn(usize) -> Place<'static>),
    Named(for<'a> fn(&'a str) -> Place<'a>),
}

fn form(keyword: &str, below: &Value) -> Option<Form> {
    Some(match keyword {
        "properties" => Form::Named(|name| Place::Property(name)),
        "patternProperties" => Form::Named(|pattern| Place::PatternProperty(pattern)),
        "$defs" | "definitions" => Form::Named(|name| Place::Definition(name)),
        "dependentSchemas" | "dependencies" => Form::Named(|_| Place::Same),
        "allOf" | "anyOf" | "oneOf" => Form::Several(|_| Place::Same),
        "prefixItems" => Form::Several(Place::Item),
        "items" if below.is_array() => Form::Several(Place::Item),
        "items" | "additionalItems" | "unevaluatedItems" | "contains" => Form::One(Place::Items),
        "additionalProperties" | "unevaluatedProperties" => Form::One(Place::OtherProperties),
        "propertyNames" => Form::One(Place::PropertyNames),
        "not" | "if" | "then" | "else" => Form::One(Place::Same),
        "contentSchema" => Form::One(Place::Content),
        _ => return None,
    })
}

/// An older draft's `dependencies` also has lists of names.
fn is_schema(value: &Value) -> bool {
    value.is_object() || value.is_boolean()
}

/// The schemas directly within a schema, each with what it describes, in the order in which they are written.
///
/// ```
/// use hostfn_contract::subschemas::{Place, subschemas};
///
/// let schema = serde_json::json!({"properties": {"default": {"type": "string"}}, "default": {"items": {}}});
/// let found: Vec<_> = subschemas(&schema).map(|(place, _)| place).collect();
/// assert_eq!(found, [Place::Property("default")]);
/// ```
pub fn subschemas(schema: &Value) -> impl Iterator<Item = (Place<'_>, &Value)> {
    schema.as_object().into_iter().flatten().flat_map(|(keyword, below)| {
        let found: Vec<(Place<'_>, &Value)> = match (form(keyword, below), below) {
            (Some(Form::One(place)), below) => vec![(place, below)],
            (Some(Form::Several(place)), Value::Array(several)) => {
                several.iter().enumerate().map(|(position, below)| (place(position), below)).collect()
            }
            (Some(Form::Named(place)), Value::Object(named)) => {
                named.iter().map(|(name, below)| (place(name), below)).collect()
            }
            _ => Vec::new(),
        };
        found.into_iter().filter(|(_, below)| is_schema(below))
    })
}

/// Calls `change` for each schema directly within a schema.
pub fn change_subschemas(schema: &mut Value, mut change: impl FnMut(Place<'_>, &mut Value)) {
    for (keyword, below) in schema.as_object_mut().into_iter().flatten() {
        let mut change = |place: Place<'_>, below: &mut Value| {
            if is_schema(below) {
                change(place, below);
            }
        };
        match (form(keyword, below), below) {
            (Some(Form::One(place)), below) => change(place, below),
            (Some(Form::Several(place)), Value::Array(several)) => {
                several.iter_mut().enumerate().for_each(|(position, below)| change(place(position), below));
            }
            (Some(Form::Named(place)), Value::Object(named)) => {
                named.iter_mut().for_each(|(name, below)| change(place(name), below));
            }
            _ => {}
        }
    }
}

/// Calls `visit` for a schema and for every schema within it, however deep; the outer one first.
///
/// A reference is not followed: what it refers to is below the root's `$defs`, and is visited there.
pub fn each_schema<'a>(schema: &'a Value, visit: &mut impl FnMut(&'a Value)) {
    visit(schema);
    subschemas(schema).for_each(|(_, below)| each_schema(below, visit));
}

/// Calls `change` for the keywords of a schema and of every schema within it, however deep; the outer one first.
pub fn change_each_schema(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    if let Value::Object(keywords) = schema {
        change(keywords);
    }
    change_subschemas(schema, |_, below| change_each_schema(below, change));
}

/// Every schema that describes the same value as `schemas`: those themselves, what they refer to within `root`, and the
/// alternatives and parts of all of them, each once.
pub fn of_same_value<'a>(root: &'a Value, schemas: impl IntoIterator<Item = &'a Value>) -> Vec<&'a Value> {
    let (mut found, mut begun, mut waiting) = (Vec::new(), BTreeSet::new(), Vec::from_iter(schemas));
    while let Some(schema) = waiting.pop() {
        // Types that refer to each other come back to where they began.
        if !begun.insert(std::ptr::from_ref(schema)) {
            continue;
        }
        found.push(schema);
        let below = subschemas(schema).filter(|(place, _)| *place == Place::Same).map(|(_, below)| below);
        waiting.extend(below.chain(referred(root, schema)));
    }
    found
}

/// The schemas directly within `schema` that describe its member `name`.
///
/// Of a pattern that is not one of those for the keys of a map by integers, which are the only ones that types have of
/// themselves, every member is taken to match that has no schema of its own: whoever hides secrets hides too much then,
/// and never too little.
pub fn of_member<'a>(schema: &'a Value, name: &str) -> Vec<&'a Value> {
    let mut is_named = false;
    let mut others = Vec::new();
    let mut found = Vec::new();
    for (place, below) in subschemas(schema) {
        match place {
            Place::Property(property) if property == name => {
                is_named = true;
                found.push(below);
            }
            Place::PatternProperty(pattern) => match is_integer_key(pattern, name) {
                Some(true) => found.push(below),
                Some(false) => {}
                None => others.push(below),
            },
            Place::OtherProperties => others.push(below),
            _ => {}
        }
    }
    if !is_named {
        found.append(&mut others);
    }
    found
}

/// The schemas directly within `schema` that describe its item at `position`.
pub fn of_item(schema: &Value, position: usize) -> Vec<&Value> {
    let first = subschemas(schema).filter(|(place, _)| matches!(place, Place::Item(_))).count();
    // Whatever `contains` looks for may be any item.
    let contains = schema.get("contains");
    let items = subschemas(schema).filter(|(place, below)| match place {
        Place::Item(at) => *at == position,
        Place::Items => position >= first || contains.is_some_and(|contains| std::ptr::eq(contains, *below)),
        _ => false,
    });
    items.map(|(_, below)| below).collect()
}

/// Whether a name matches a pattern for integers, if the pattern is one.
fn is_integer_key(pattern: &str, name: &str) -> Option<bool> {
    let digits = match pattern {
        r"^\d+$" => name,
        r"^-?\d+$" => name.strip_prefix('-').unwrap_or(name),
        _ => return None,
    };
    Some(!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a schema refers to within `root`. The pointer is part of a URL, in which what a URL cannot have is escaped
/// ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901#section-6)).
fn referred<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    let pointer = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
    root.pointer(&percent_decode_str(pointer).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each keyword of JSON Schema 2020-12 and draft 7 that holds schemas, with one marked by its name.
    fn all_keywords() -> Value {
        json!({
            "$defs": {"a": {"title": "$defs"}},
            "definitions": {"a": {"title": "definitions"}},
            "properties": {"a": {"title": "properties"}},
            "patternProperties": {"a": {"title": "patternProperties"}},
            "additionalProperties": {"title": "additionalProperties"},
            "unevaluatedProperties": {"title": "unevaluatedProperties"},
            "propertyNames": {"title": "propertyNames"},
            "dependentSchemas": {"a": {"title": "dependentSchemas"}},
            "dependencies": {"a": {"title": "dependencies"}, "b": ["a"]},
            "prefixItems": [{"title": "prefixItems"}],
            "items": {"title": "items"},
            "additionalItems": {"title": "additionalItems"},
            "unevaluatedItems": {"title": "unevaluatedItems"},
            "contains": {"title": "contains"},
            "allOf": [{"title": "allOf"}],
            "anyOf": [{"title": "anyOf"}],
            "oneOf": [{"title": "oneOf"}],
            "not": {"title": "not"},
            "if": {"title": "if"},
            "then": {"title": "then"},
            "else": {"title": "else"},
            "contentSchema": {"title": "contentSchema"},
        })
    }

    /// Keywords below which only values are.
    const VALUES: [&str; 4] = ["const", "default", "enum", "examples"];

    #[test]
    fn every_keyword_that_holds_schemas_is_known_and_no_other() {
        let mut schema = all_keywords();
        let keywords: Vec<_> = schema.as_object().into_iter().flatten().map(|(word, _)| word.clone()).collect();
        for word in VALUES {
            schema[word] = json!([{"title": word, "properties": {"a": {"title": word}}}]);
        }
        schema["required"] = json!(["title"]);
        let mut titles = Vec::new();
        each_schema(&schema, &mut |schema| titles.extend(schema.get("title").and_then(Value::as_str)));
        assert_eq!(titles, keywords);
        let mut changed = Vec::new();
        change_each_schema(&mut schema, &mut |keywords| changed.extend(keywords.shift_remove("title")));
        assert_eq!(changed, keywords);
        assert_eq!(schema["default"][0]["title"], "default");
    }

    #[test]
    fn a_member_can_have_the_name_of_any_keyword() {
        let everything = all_keywords();
        let keywords = everything.as_object().into_iter().flatten().map(|(word, _)| word.as_str());
        for name in keywords.chain(VALUES).chain(["$ref", "type", "format"]) {
            for (word, place) in
                [("properties", Place::Property(name)), ("patternProperties", Place::PatternProperty(name))]
            {
                let schema = json!({word: {name: {"type": "string"}}});
                assert_eq!(subschemas(&schema).collect::<Vec<_>>(), [(place, &json!({"type": "string"}))]);
                let mut schema = schema;
                let mut count = 0;
                change_subschemas(&mut schema, |found, _| count += usize::from(found == place));
                assert_eq!(count, 1, "{name} below {word}");
            }
        }
    }

    #[test]
    fn items_have_places() {
        let schema = json!({"prefixItems": [true, {"type": "null"}], "items": false});
        let places: Vec<_> = subschemas(&schema).map(|(place, _)| place).collect();
        assert_eq!(places, [Place::Item(0), Place::Item(1), Place::Items]);
        let schema = json!({"items": [true, true], "additionalItems": false});
        let places: Vec<_> = subschemas(&schema).map(|(place, _)| place).collect();
        assert_eq!(places, [Place::Item(0), Place::Item(1), Place::Items]);
    }

    #[test]
    fn what_describes_one_value_is_found_once_behind_references_that_go_in_a_circle() {
        let root = json!({
            "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}],
            "$defs": {"A": {"allOf": [{"$ref": "#/$defs/B"}]}, "B": {"$ref": "#/$defs/A", "properties": {"a": {}}}},
        });
        let found = of_same_value(&root, [&root]);
        assert_eq!(found.len(), 6);
        assert!(found.contains(&&root["$defs"]["B"]));
        assert!(!found.contains(&&root["$defs"]["B"]["properties"]["a"]));
    }

    #[test]
    fn a_member_and_an_item_have_the_schemas_that_describe_them() {
        let schema = json!({
            "properties": {"7": {"title": "named"}},
            "patternProperties": {r"^\d+$": {"title": "integers"}, "^x": {"title": "pattern"}},
            "additionalProperties": {"title": "others"},
            "prefixItems": [{"title": "first"}],
            "items": {"title": "rest"},
        });
        let titles = |schemas: Vec<&Value>| schemas.iter().map(|schema| schema["title"].clone()).collect::<Vec<_>>();
        assert_eq!(titles(of_member(&schema, "7")), ["named", "integers"]);
        assert_eq!(titles(of_member(&schema, "8")), ["integers", "pattern", "others"]);
        assert_eq!(titles(of_member(&schema, "name")), ["pattern", "others"]);
        assert_eq!(titles(of_item(&schema, 0)), ["first"]);
        assert_eq!(titles(of_item(&schema, 1)), ["rest"]);
    }
}
