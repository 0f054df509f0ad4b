//! Contracts that nobody would write.

use arbitrary::{Result, Unstructured};
use hostfn_bindings::Contract;
use serde_json::{Map, Value, json};

/// A contract of bytes: the one that they say as JSON; or one around the schema that they are; or one that is made up of
/// them, in which all words of JSON Schema stand wherever they can, and now and then where they cannot.
pub(crate) fn contract(data: &[u8]) -> Option<Contract> {
    let value = match serde_json::from_slice::<Value>(data) {
        Ok(value) if value.get("hostfn").is_some() => value,
        Ok(schema @ Value::Object(_)) => around(schema),
        _ => made_up(&mut Unstructured::new(data)).ok()?,
    };
    Contract::from_json(&value.to_string()).ok()
}

/// A contract in which one schema is a request, an answer, and a type of its own.
fn around(mut schema: Value) -> Value {
    let mut definitions = match schema.as_object_mut().and_then(|schema| schema.shift_remove("$defs")) {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    let functions = [function("db_one", Some(schema.clone()), schema.clone(), true)];
    definitions.insert("Schema".to_owned(), schema);
    document(functions.into(), definitions)
}

/// A contract that is made up.
pub(crate) fn made_up(bytes: &mut Unstructured<'_>) -> Result<Value> {
    let mut definitions = Map::new();
    for _ in 0..bytes.int_in_range(0..=4)? {
        definitions.insert(name(bytes)?, schema(bytes, 4)?);
    }
    let functions = (0..bytes.int_in_range(1..=3)?).map(|place| {
        // No host has two of one name.
        let name = format!("{}{place}", name(bytes)?);
        let request = if bytes.ratio(4, 5)? { Some(schema(bytes, 4)?) } else { None };
        Ok(function(&name, request, schema(bytes, 4)?, bytes.arbitrary()?))
    });
    let functions = functions.collect::<Result<_>>()?;
    Ok(document(functions, definitions))
}

fn document(functions: Vec<Value>, mut definitions: Map<String, Value>) -> Value {
    let texts = |texts: &[&str]| texts.iter().map(|text| json!({"const": text})).collect::<Value>();
    for (name, schema) in [
        ("ErrorCode", json!({"oneOf": texts(&["not_found", "internal"])})),
        (
            "HostError",
            json!({
                "type": "object",
                "properties": {"code": {"$ref": "#/$defs/ErrorCode"}, "message": {"type": "string"}},
                "required": ["code", "message"],
            }),
        ),
    ] {
        definitions.entry(name).or_insert(schema);
    }
    json!({"hostfn": 1, "crates": {"made-up": "1.2.3"}, "functions": functions, "$defs": definitions})
}

fn function(name: &str, request: Option<Value>, response: Value, is_deprecated: bool) -> Value {
    let answer = json!({"oneOf": [
        {
            "type": "object",
            "properties": {"success": {"const": true}, "data": response, "error": {"type": "null"}},
            "required": ["success", "data", "error"],
        },
        {
            "type": "object",
            "properties": {"success": {"const": false}, "data": {"type": "null"}, "error": {"$ref": "#/$defs/HostError"}},
            "required": ["success", "data", "error"],
        },
    ]});
    json!({
        "name": name, "namespace": "extism:host/user", "crate": "made-up",
        "documentation": "Says `*/` and \"\"\".\n\n- [one](https://example.com)\n- <two>", "permission": "made_up:read",
        "read_only": true, "deprecated": is_deprecated.then_some("Use `another`."), "errors": ["not_found"],
        "request": request, "response": response, "answer": answer,
    })
}

/// Names that languages keep for themselves, that become one name, or that are none.
const NAMES: [&str; 20] = [
    "Note",
    "note",
    "id",
    "by_name",
    "byName",
    "by-name",
    "type",
    "class",
    "fn",
    "func",
    "def",
    "self",
    "None",
    "int64_t",
    "ErrorCode",
    "",
    "1st",
    "a b",
    "*/\"\"\"\\",
    "é漢🎉",
];

fn name(bytes: &mut Unstructured<'_>) -> Result<String> {
    if bytes.ratio(1, 8)? { bytes.arbitrary() } else { Ok((*bytes.choose(&NAMES)?).to_owned()) }
}

/// A schema no deeper than `depth`.
pub(crate) fn schema(bytes: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    let deeper = |bytes: &mut Unstructured<'_>| schema(bytes, depth - 1);
    let mut members = Map::new();
    match bytes.int_in_range(0..=if depth == 0 { 7 } else { 15 })? {
        0 => return Ok(json!({"$ref": format!("#/$defs/{}", name(bytes)?)})),
        1 => drop(members.insert("type".to_owned(), "string".into())),
        2 => drop(members.insert("type".to_owned(), "integer".into())),
        3 => drop(members.insert("type".to_owned(), "boolean".into())),
        4 => drop(members.insert("type".to_owned(), json!([*bytes.choose(&TYPES)?, "null"]))),
        5 => drop(members.insert("type".to_owned(), (*bytes.choose(&TYPES)?).into())),
        6 => drop(members.insert("enum".to_owned(), names(bytes)?.into())),
        7 => return Ok(if bytes.arbitrary()? { json!({}) } else { bytes.arbitrary::<bool>()?.into() }),
        8..=10 => {
            members.insert("type".to_owned(), "object".into());
            let mut properties = Map::new();
            for _ in 0..bytes.int_in_range(0..=4)? {
                properties.insert(name(bytes)?, deeper(bytes)?);
            }
            let mut required: Vec<Value> = properties.keys().map(|name| name.as_str().into()).collect();
            required.truncate(bytes.int_in_range(0..=4)?);
            members.insert("properties".to_owned(), properties.into());
            members.insert("required".to_owned(), required.into());
            members.insert("additionalProperties".to_owned(), false.into());
        }
        11 => {
            members.insert("type".to_owned(), "array".into());
            members.insert("items".to_owned(), deeper(bytes)?);
        }
        12 => {
            members.insert("type".to_owned(), "object".into());
            members.insert("additionalProperties".to_owned(), deeper(bytes)?);
        }
        13 => drop(members.insert("anyOf".to_owned(), json!([deeper(bytes)?, {"type": "null"}]))),
        other => {
            let word = if other == 14 { "oneOf" } else { *bytes.choose(&["allOf", "anyOf", "prefixItems"])? };
            let alternatives = (0..bytes.int_in_range(0..=3)?).map(|_| deeper(bytes)).collect::<Result<Vec<_>>>()?;
            members.insert(word.to_owned(), alternatives.into());
        }
    }
    for _ in 0..bytes.int_in_range(0..=2)? {
        let (word, value) = further(bytes)?;
        members.insert(word.to_owned(), value);
    }
    Ok(members.into())
}

const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "array", "object", "null"];

fn names(bytes: &mut Unstructured<'_>) -> Result<Vec<Value>> {
    (0..bytes.int_in_range(0..=3)?).map(|_| Ok(name(bytes)?.into())).collect()
}

/// A word that says more of a type, with a value that may or may not be one for it.
fn further(bytes: &mut Unstructured<'_>) -> Result<(&'static str, Value)> {
    const WORDS: [&str; 20] = [
        "x-secret",
        "format",
        "pattern",
        "description",
        "title",
        "default",
        "const",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "required",
        "deprecated",
        "contentEncoding",
        "unknown-word",
    ];
    const FORMATS: [&str; 7] = ["uuid", "date-time", "email", "int32", "int64", "double", "uint8"];
    let word = *bytes.choose(&WORDS)?;
    let value = match bytes.int_in_range(0..=6)? {
        0 => Value::Null,
        1 => true.into(),
        2 => bytes.arbitrary::<i64>()?.into(),
        3 => bytes.arbitrary::<f64>()?.into(),
        4 => name(bytes)?.into(),
        5 => (*bytes.choose(&FORMATS)?).into(),
        _ => names(bytes)?.into(),
    };
    Ok((word, value))
}
