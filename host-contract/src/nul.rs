//! U+0000 in strings, which PostgreSQL cannot store and C cannot read past.

use std::{borrow::Cow, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::subschemas::{Place, change_subschemas};

/// The pattern of a string without U+0000, which is what a string is unless its type says otherwise.
pub const NO_NUL_PATTERN: &str = r"^[^\x00]*$";

/// The pattern of a string that may be any.
pub const ANY_STRING_PATTERN: &str = r"^[\s\S]*$";

/// A string that may hold U+0000.
///
/// In every other string of a request U+0000 is `invalid_request`, and in one of a response it is `internal`: PostgreSQL
/// cannot store it, and a guest in C reads no further. Take this type where neither matters, such as for what is only
/// hashed, or kept as bytes.
///
/// ```
/// # use hostfn_contract::StringWithNul;
/// let text: StringWithNul = serde_json::from_str(r#""a\u0000b""#)?;
/// assert_eq!(text.len(), 3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StringWithNul(pub String);

impl Deref for StringWithNul {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for StringWithNul {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "StringWithNul".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": ANY_STRING_PATTERN})
    }
}

/// The formats whose strings cannot hold U+0000.
const FORMATS: [&str; 10] =
    ["date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"];

/// Says of every string in a schema, and of the keys of every map, that it holds no U+0000, unless what is said of it
/// already does.
///
/// A string with a pattern of its own keeps it. The host's own error is left as it is.
#[doc(hidden)]
pub fn forbid_nul(schema: &mut Value) {
    if let Value::Object(keywords) = schema {
        let is_string = match keywords.get("type") {
            Some(Value::String(kind)) => kind == "string",
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
            _ => false,
        };
        let has_format = keywords.get("format").and_then(Value::as_str).is_some_and(|format| FORMATS.contains(&format));
        if is_string && !has_format && !["const", "enum", "pattern"].iter().any(|word| keywords.contains_key(*word)) {
            keywords.insert("pattern".to_owned(), NO_NUL_PATTERN.into());
        }
        // The keys of a map are any strings, where they are not integers.
        let has_any_keys = keywords.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false));
        if has_any_keys && !["patternProperties", "propertyNames"].iter().any(|word| keywords.contains_key(*word)) {
            keywords.insert("propertyNames".to_owned(), json!({"pattern": NO_NUL_PATTERN}));
        }
    }
    change_subschemas(schema, |place, below| {
        if place != Place::Definition("HostError") {
            forbid_nul(below);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_says_that_it_holds_no_nul_unless_that_is_said() {
        for (schema, pattern) in [
            (json!({"type": "string"}), Some(NO_NUL_PATTERN)),
            (json!({"type": ["string", "null"], "maxLength": 5}), Some(NO_NUL_PATTERN)),
            (json!({"type": "string", "format": "password"}), Some(NO_NUL_PATTERN)),
            (json!({"type": "string", "pattern": "^a"}), Some("^a")),
            (schemars::schema_for!(StringWithNul).to_value(), Some(ANY_STRING_PATTERN)),
            (json!({"type": "string", "format": "uuid"}), None),
            (json!({"type": "string", "enum": ["a"]}), None),
            (json!({"type": "string", "const": "a"}), None),
            (json!({"type": "integer"}), None),
            (json!(true), None),
        ] {
            let mut below = json!({"properties": {"default": schema}, "default": {"type": "string"}});
            forbid_nul(&mut below);
            let found = &below["properties"]["default"]["pattern"];
            assert_eq!(found.as_str(), pattern, "{schema}");
            assert_eq!(below["default"], json!({"type": "string"}));
        }
    }

    #[test]
    fn the_keys_of_a_map_hold_no_nul_unless_they_are_integers() {
        for (schema, is_said) in [
            (json!({"type": "object", "additionalProperties": {"type": "integer"}}), true),
            (json!({"type": "object", "additionalProperties": true}), true),
            (json!({"type": "object", "properties": {"id": true}, "additionalProperties": {"type": "integer"}}), true),
            (json!({"type": "object", "properties": {"id": true}, "additionalProperties": false}), false),
            (json!({"type": "object", "properties": {"id": true}}), false),
            (json!({"type": "object", "patternProperties": {r"^\d+$": true}, "additionalProperties": false}), false),
            (json!({"type": "object", "patternProperties": {r"^\d+$": true}, "additionalProperties": true}), false),
            (json!({"type": "object", "propertyNames": {"maxLength": 3}, "additionalProperties": true}), false),
        ] {
            let mut below = json!({"items": schema});
            forbid_nul(&mut below);
            let is_there = below["items"].get("propertyNames") == Some(&json!({"pattern": NO_NUL_PATTERN}));
            assert_eq!(is_there, is_said, "{schema}");
        }
    }
}
