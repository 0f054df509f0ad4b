//! Types in plain words: `text, 1 to 200 characters, or null` for a schema.
//!
//! Whoever writes a plugin needs to know what to send, and not JSON Schema.

use serde::Serialize;
use serde_json::Value;

use super::numbers;
use crate::{definitions::referred, remarks::own_pattern};

/// A type in words, piece by piece, so that each output sets code and links its own way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Words {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Piece {
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    /// As it is written in a program.
    Code,
    /// The name of a type, which has a place of its own.
    Type,
}

impl Words {
    /// What a schema allows.
    pub(super) fn of(schema: &Value) -> Self {
        let mut words = Self::default();
        words.describe(schema);
        words
    }

    /// One of several that a schema allows: a value stands for itself.
    pub(super) fn of_alternative(schema: &Value) -> Self {
        match schema.get("const") {
            Some(value) => Self { pieces: vec![Piece { kind: Kind::Code, text: value.to_string() }] },
            None => Self::of(schema),
        }
    }

    fn add(&mut self, kind: Kind, text: impl Into<String>) {
        let text = text.into();
        match self.pieces.last_mut() {
            Some(last) if last.kind == Kind::Plain && kind == Kind::Plain => last.text.push_str(&text),
            _ => self.pieces.push(Piece { kind, text }),
        }
    }

    fn plain(&mut self, text: impl Into<String>) {
        self.add(Kind::Plain, text);
    }

    fn values<'a>(&mut self, values: impl IntoIterator<Item = &'a Value>) {
        for (place, value) in values.into_iter().enumerate() {
            self.plain(if place == 0 { "" } else { ", " });
            self.add(Kind::Code, value.to_string());
        }
    }

    fn joined<'a>(&mut self, schemas: impl IntoIterator<Item = &'a Value>, between: &str) {
        for (place, schema) in schemas.into_iter().enumerate() {
            self.plain(if place == 0 { "" } else { between });
            self.describe(schema);
        }
    }

    fn describe(&mut self, schema: &Value) {
        let Value::Object(members) = schema else {
            return self.plain(if *schema == false { "nothing" } else { "any JSON value" });
        };
        if let Some(name) = referred(schema) {
            return self.add(Kind::Type, name);
        }
        if let Some(value) = members.get("const") {
            self.plain("always ");
            return self.values([value]);
        }
        if let Some(Value::Array(values)) = members.get("enum") {
            self.plain("one of ");
            self.values(values.iter().filter(|value| !value.is_null()));
        } else if let Some(parts) = list(schema, "allOf") {
            self.joined(parts, " and also ");
        } else if let Some(parts) = alternatives(schema) {
            self.joined(parts.iter().filter(|part| !is_null(part)), " or ");
        } else {
            let kinds: Vec<_> = kinds(schema).into_iter().filter(|kind| *kind != "null").collect();
            for (place, kind) in kinds.iter().enumerate() {
                self.plain(if place == 0 { "" } else { " or " });
                self.kind(kind, schema);
            }
        }
        if is_nullable(schema) {
            self.plain(if self.pieces.iter().all(|piece| piece.text.is_empty()) { "null" } else { ", or null" });
        } else if self.pieces.is_empty() {
            self.plain("any JSON value");
        }
    }

    fn kind(&mut self, kind: &str, schema: &Value) {
        match kind {
            "string" => self.text(schema),
            "integer" => self.plain(numbers::integer(schema)),
            "number" => self.plain(numbers::number(schema)),
            "boolean" => self.plain("true or false"),
            "array" => self.array(schema),
            "object" => self.object(schema),
            other => self.add(Kind::Code, other),
        }
    }

    fn text(&mut self, schema: &Value) {
        match schema["format"].as_str() {
            Some("uuid") => self.plain("UUID"),
            Some("date-time") => self.plain("time (RFC 3339, UTC)"),
            Some("date") => self.plain("date (RFC 3339)"),
            Some("email") => self.plain("e-mail address"),
            Some("uri") => self.plain("URI"),
            Some(format) => {
                self.plain("text, as ");
                self.add(Kind::Code, format);
            }
            None => self.plain("text"),
        }
        self.plain(numbers::count(schema, "minLength", "maxLength", "character"));
        if let Some(pattern) = own_pattern(schema) {
            self.plain(", matching ");
            self.add(Kind::Code, pattern);
        }
    }

    fn array(&mut self, schema: &Value) {
        if let Some(parts) = list(schema, "prefixItems") {
            self.plain("list of ");
            self.joined(parts, ", then ");
            return;
        }
        self.plain("list of ");
        self.describe(&schema["items"]);
        self.plain(numbers::count(schema, "minItems", "maxItems", "item"));
        if schema["uniqueItems"] == true {
            self.plain(", each once");
        }
    }

    fn object(&mut self, schema: &Value) {
        match (schema["properties"].as_object(), schema.get("additionalProperties")) {
            (Some(fields), _) if !fields.is_empty() => {
                self.plain("object with ");
                for (place, (name, field)) in fields.iter().enumerate() {
                    self.plain(if place == 0 { "" } else { ", " });
                    self.add(Kind::Code, name);
                    self.plain(" (");
                    self.describe(field);
                    self.plain(if is_required(schema, name) { ")" } else { "; optional)" });
                }
            }
            (_, Some(Value::Bool(false))) => self.plain("object without fields"),
            (_, Some(values)) => {
                self.plain("object, under any names ");
                self.describe(values);
            }
            _ => self.plain("any JSON object"),
        }
    }
}

/// The schemas of which one must hold.
pub(super) fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    list(schema, "oneOf").or_else(|| list(schema, "anyOf"))
}

pub(super) fn is_required(schema: &Value, field: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == field))
}

/// Whether it is hidden from logs and transcripts.
pub(super) fn is_secret(schema: &Value) -> bool {
    schema["x-secret"] == true || alternatives(schema).is_some_and(|parts| parts.iter().any(is_secret))
}

pub(super) fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

fn is_nullable(schema: &Value) -> bool {
    kinds(schema).contains(&"null")
        || alternatives(schema).is_some_and(|parts| parts.iter().any(is_null))
        || list(schema, "enum").is_some_and(|values| values.iter().any(Value::is_null))
}

fn list<'a>(schema: &'a Value, word: &str) -> Option<&'a Vec<Value>> {
    schema.get(word)?.as_array()
}

fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        // What has fields is an object, whether it says so or not.
        _ if schema.get("properties").is_some() => vec!["object"],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(schema: &Value) -> String {
        let pieces = Words::of(schema).pieces;
        let shown = pieces.iter().map(|piece| match piece.kind {
            Kind::Plain => piece.text.clone(),
            Kind::Code => format!("`{}`", piece.text),
            Kind::Type => format!("[{}]", piece.text),
        });
        shown.collect()
    }

    #[test]
    fn types_are_told_in_plain_words() {
        for (schema, expected) in [
            (json!({"type": "string"}), "text"),
            (json!({"type": "string", "minLength": 1, "maxLength": 200}), "text, 1 to 200 characters"),
            (json!({"type": ["string", "null"], "maxLength": 4096}), "text, up to 4,096 characters, or null"),
            (json!({"type": "string", "pattern": "^\\$"}), "text, matching `^\\$`"),
            (json!({"type": "string", "format": "uuid"}), "UUID"),
            (json!({"type": "string", "format": "date-time"}), "time (RFC 3339, UTC)"),
            (json!({"type": "string", "format": "ipv4"}), "text, as `ipv4`"),
            (json!({"type": "boolean"}), "true or false"),
            (json!({"type": "null"}), "null"),
            (json!({"type": ["boolean", "integer"]}), "true or false or whole number"),
            (json!({"const": true}), "always `true`"),
            (json!({"enum": ["a", "b", null]}), "one of `\"a\"`, `\"b\"`, or null"),
            (json!({"anyOf": [{"$ref": "#/$defs/User"}, {"type": "null"}]}), "[User], or null"),
            (json!({"oneOf": [{"$ref": "#/$defs/User"}, {"type": "boolean"}]}), "[User] or true or false"),
            (json!({"allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}), "[A] and also [B]"),
            (
                json!({"type": "array", "items": {"$ref": "#/$defs/User"}, "minItems": 2, "uniqueItems": true}),
                "list of [User], at least 2 items, each once",
            ),
            (json!({"type": "array", "prefixItems": [{"type": "string"}, true]}), "list of text, then any JSON value"),
            (
                json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
                "object, under any names true or false",
            ),
            (json!({"type": "object", "additionalProperties": false}), "object without fields"),
            (
                json!({"properties": {"a": {"type": "string"}, "b": {"type": "boolean"}}, "required": ["a"]}),
                "object with `a` (text), `b` (true or false; optional)",
            ),
            (json!({"type": "object"}), "any JSON object"),
            (json!({}), "any JSON value"),
            (json!(false), "nothing"),
        ] {
            assert_eq!(words(&schema), expected, "{schema}");
        }
    }
}
