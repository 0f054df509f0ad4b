//! The rules of XTP schemas, within which every known generator takes a document.
//!
//! The format's own parser accepts more than the generators made for it can write: what it lets pass and
//! a generator then drops, or stops at, is a rule here as well. The format is
//! [`v1-draft`](https://docs.xtp.dylibso.com/docs/concepts/xtp-schema/).

use std::{collections::BTreeSet, fmt};

use serde_json::{Map, Value};

/// A rule that a document breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct XtpProblem {
    /// The place in the document: `imports.db_create_user.output`.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for XtpProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

const REFERENCE: &str = "#/components/schemas/";

/// Everything in a document that some generator would not take.
///
/// ```
/// let problems = hostfn_bindings::xtp_problems(&serde_json::json!({"version": "v1", "exports": {}}));
/// assert_eq!(problems[0].to_string(), "version: it is \"v1\" and must be \"v1-draft\"");
/// ```
pub fn xtp_problems(document: &Value) -> Vec<XtpProblem> {
    let mut rules = Rules { document, problems: Vec::new() };
    rules.document();
    rules.problems
}

struct Rules<'a> {
    document: &'a Value,
    problems: Vec<XtpProblem>,
}

impl<'a> Rules<'a> {
    fn say(&mut self, path: &str, problem: impl Into<String>) {
        self.problems.push(XtpProblem { path: path.to_owned(), problem: problem.into() });
    }

    fn document(&mut self) {
        let Some(members) = self.object(self.document, "the document") else { return };
        self.only(members, &["version", "exports", "imports", "components"], "");
        match members.get("version") {
            Some(version) if version == "v1-draft" => {}
            version => {
                let is = version.unwrap_or(&Value::Null);
                self.say("version", format!("it is {is} and must be \"v1-draft\""));
            }
        }
        match members.get("exports") {
            Some(exports) => self.functions(exports, "exports"),
            None => self.say("exports", "it is missing: write {} where there are none"),
        }
        if let Some(imports) = members.get("imports") {
            self.functions(imports, "imports");
        }
        if let Some(components) = members.get("components") {
            self.components(components);
        }
    }

    fn functions(&mut self, functions: &'a Value, path: &str) {
        let Some(functions) = self.object(functions, path) else { return };
        for (name, function) in functions {
            let path = format!("{path}.{name}");
            self.name(name, &path);
            let Some(function) = self.object(function, &path) else { continue };
            self.only(function, &["description", "input", "output"], &path);
            for direction in ["input", "output"] {
                if let Some(parameter) = function.get(direction) {
                    self.parameter(parameter, &format!("{path}.{direction}"));
                }
            }
        }
    }

    fn parameter(&mut self, parameter: &'a Value, path: &str) {
        let Some(members) = self.object(parameter, path) else { return };
        if members.get("contentType").is_none_or(|kind| kind != "application/json") {
            self.say(path, "its `contentType` must be application/json");
        }
        self.schema(members, path, &["contentType"]);
    }

    fn components(&mut self, components: &'a Value) {
        let Some(components) = self.object(components, "components") else { return };
        self.only(components, &["schemas"], "components");
        let Some(schemas) = components.get("schemas") else { return };
        let Some(schemas) = self.object(schemas, "components.schemas") else { return };
        for (name, schema) in schemas {
            let path = format!("components.schemas.{name}");
            self.name(name, &path);
            let Some(schema) = self.object(schema, &path) else { continue };
            if schema.contains_key("enum") {
                self.enumeration(schema, &path);
            } else {
                self.record(schema, &path);
            }
            if holds_itself(schemas, name) {
                self.say(&path, "it holds itself, which no generator ends with");
            }
        }
    }

    fn enumeration(&mut self, schema: &'a Map<String, Value>, path: &str) {
        self.only(schema, &["description", "type", "enum"], path);
        if schema.get("type").is_some_and(|kind| kind != "string") {
            self.say(path, "an enum is of strings");
        }
        let values = schema.get("enum").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if values.is_empty() {
            self.say(path, "its `enum` names no value");
        }
        for value in values {
            match value.as_str() {
                Some(name) => self.name(name, &format!("{path}.enum")),
                None => self.say(path, format!("{value} is no name")),
            }
        }
    }

    fn record(&mut self, schema: &'a Map<String, Value>, path: &str) {
        self.only(schema, &["description", "type", "properties", "required"], path);
        if schema.get("type").is_some_and(|kind| kind != "object") {
            self.say(path, "a named type is an object or an enum");
        }
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return self.say(path, "it has no `properties`, and would become free-form");
        };
        for (name, property) in properties {
            let path = format!("{path}.{name}");
            self.name(name, &path);
            if let Some(property) = self.object(property, &path) {
                self.schema(property, &path, &[]);
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if name.as_str().is_none_or(|name| !properties.contains_key(name)) {
                self.say(path, format!("it requires {name}, which is no property of it"));
            }
        }
    }

    /// A type where it is used: of a parameter, a property or an item.
    fn schema(&mut self, schema: &'a Map<String, Value>, path: &str, further: &[&str]) {
        let words = ["$ref", "type", "format", "description", "nullable", "items", "additionalProperties"];
        self.only(schema, &[&words[..], further].concat(), path);
        match (schema.get("$ref"), schema.get("type")) {
            (Some(target), None) => self.reference(target, path),
            (None, Some(kind)) => self.kind(kind, schema, path),
            (Some(_), Some(_)) => self.say(path, "it has a `type` and a `$ref`: one of them says what it is"),
            (None, None) => self.say(path, "it has neither a `type` nor a `$ref`"),
        }
    }

    fn reference(&mut self, target: &Value, path: &str) {
        let name = target.as_str().and_then(|target| target.strip_prefix(REFERENCE));
        let is_there = name.is_some_and(|name| self.document["components"]["schemas"].get(name).is_some());
        if !is_there {
            self.say(path, format!("{target} names no type of `components.schemas`"));
        }
    }

    fn kind(&mut self, kind: &Value, schema: &'a Map<String, Value>, path: &str) {
        let format = schema.get("format").map(|format| format.as_str().unwrap_or_default());
        match (kind.as_str().unwrap_or_default(), format) {
            ("string", None | Some("date-time")) | ("boolean" | "buffer", None) => {}
            ("integer", Some("int32")) | ("number", Some("double")) => {}
            ("integer", _) => self.say(path, "an integer is `int32`: others stop the generator of TypeScript"),
            ("number", _) => self.say(path, "a number is `double`"),
            ("array", None) => match schema.get("items").and_then(Value::as_object) {
                Some(items) => self.schema(items, &format!("{path}[]"), &[]),
                None => self.say(path, "an array says what its `items` are"),
            },
            ("object", None) => match schema.get("additionalProperties").and_then(Value::as_object) {
                Some(values) => self.schema(values, &format!("{path}{{}}"), &[]),
                None => self.say(path, "an object without a name is a map, with `additionalProperties`, or free-form"),
            },
            (kind, format) => self.say(path, format!("no generator knows the type `{kind}`, format {format:?}")),
        }
    }

    fn name(&mut self, name: &str, path: &str) {
        let may_start = |first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$');
        if !(name.starts_with(may_start) && name.chars().all(|c| may_start(c) || c.is_ascii_digit())) {
            self.say(path, format!("`{name}` is no name: letters, digits, `_` and `$`, and no digit first"));
        }
    }

    fn only(&mut self, members: &Map<String, Value>, known: &[&str], path: &str) {
        for word in members.keys().filter(|word| !known.contains(&word.as_str())) {
            let path = if path.is_empty() { word.clone() } else { format!("{path}.{word}") };
            self.say(&path, "the format has no such word here");
        }
    }

    fn object(&mut self, value: &'a Value, path: &str) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.say(path, "it is no object");
        }
        object
    }
}

/// Whether a type is met again among the types that it holds.
fn holds_itself(schemas: &Map<String, Value>, name: &str) -> bool {
    let mut met = BTreeSet::new();
    let mut left = references(&schemas[name]);
    while let Some(next) = left.pop() {
        if next == name {
            return true;
        }
        if met.insert(next) {
            left.extend(schemas.get(next).map(references).unwrap_or_default());
        }
    }
    false
}

fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix(REFERENCE));
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "version": "v1-draft",
            "exports": {},
            "imports": {"get": {
                "description": "Gets it.",
                "input": {"contentType": "application/json", "$ref": "#/components/schemas/Request"},
                "output": {"contentType": "application/json", "type": "string"},
            }},
            "components": {"schemas": {
                "Kind": {"type": "string", "enum": ["warm", "cold"]},
                "Request": {"type": "object", "required": ["id"], "properties": {
                    "id": {"type": "integer", "format": "int32"},
                    "size": {"type": "number", "format": "double", "nullable": true},
                    "kind": {"$ref": "#/components/schemas/Kind", "description": "Which."},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "counts": {"type": "object", "additionalProperties": {"type": "boolean"}},
                    "at": {"type": "string", "format": "date-time"},
                }},
            }},
        })
    }

    #[test]
    fn a_document_within_the_rules_has_no_problem() {
        assert_eq!(xtp_problems(&document()), []);
    }

    /// One broken document for each rule, by where it is broken and what is said.
    #[test]
    fn each_rule_is_noticed_where_it_is_broken() {
        type Break = fn(&mut Value);
        let schemas = "components.schemas";
        let cases: [(Break, &str, &str); 24] = [
            (|d| d["version"] = json!("v1"), "version", "must be \"v1-draft\""),
            (|d| _ = d.as_object_mut().unwrap().remove("exports"), "exports", "it is missing"),
            (|d| d["title"] = json!("x"), "title", "no such word"),
            (|d| d["imports"]["1get"] = json!({}), "imports.1get", "is no name"),
            (|d| d["imports"]["get"]["x-permission"] = json!("a"), "imports.get.x-permission", "no such word"),
            (|d| d["imports"]["get"]["input"]["contentType"] = json!("text/plain"), "imports.get.input", "contentType"),
            (|d| d["imports"]["get"]["input"]["type"] = json!("string"), "imports.get.input", "a `type` and a `$ref`"),
            (
                |d| d["imports"]["get"]["output"] = json!({"contentType": "application/json"}),
                "imports.get.output",
                "neither",
            ),
            (
                |d| d["imports"]["get"]["input"]["$ref"] = json!("#/components/schemas/None"),
                "imports.get.input",
                "names no type",
            ),
            (|d| d["imports"]["get"]["input"]["$ref"] = json!("#/$defs/Request"), "imports.get.input", "names no type"),
            (|d| d["components"]["schemas"]["Kind"]["enum"] = json!([]), "Kind", "names no value"),
            (|d| d["components"]["schemas"]["Kind"]["enum"] = json!(["in use"]), "Kind.enum", "is no name"),
            (|d| d["components"]["schemas"]["Kind"]["type"] = json!("integer"), "Kind", "of strings"),
            (|d| d["components"]["schemas"]["List<User>"] = json!({"properties": {}}), "List<User>", "is no name"),
            (|d| d["components"]["schemas"]["Union"] = json!({"oneOf": []}), "Union.oneOf", "no such word"),
            (|d| d["components"]["schemas"]["Open"] = json!({"type": "object"}), "Open", "free-form"),
            (|d| d["components"]["schemas"]["Request"]["required"] = json!(["name"]), "Request", "is no property"),
            (
                |d| d["components"]["schemas"]["Request"]["properties"]["id"]["format"] = json!("int64"),
                "Request.id",
                "int32",
            ),
            (
                |d| d["components"]["schemas"]["Request"]["properties"]["size"]["format"] = json!("float"),
                "Request.size",
                "double",
            ),
            (
                |d| {
                    d["components"]["schemas"]["Request"]["properties"]["kind"] =
                        json!({"type": "string", "enum": ["a"]})
                },
                "Request.kind.enum",
                "no such word",
            ),
            (
                |d| {
                    d["components"]["schemas"]["Request"]["properties"]["kind"] =
                        json!({"type": "object", "properties": {}})
                },
                "Request.kind.properties",
                "no such word",
            ),
            (
                |d| d["components"]["schemas"]["Request"]["properties"]["tags"] = json!({"type": "array"}),
                "Request.tags",
                "`items`",
            ),
            (
                |d| d["components"]["schemas"]["Request"]["properties"]["at"]["format"] = json!("uuid"),
                "Request.at",
                "no generator knows",
            ),
            (
                |d| {
                    d["components"]["schemas"]["Request"]["properties"]["again"] =
                        json!({"$ref": "#/components/schemas/Request"})
                },
                "Request",
                "holds itself",
            ),
        ];
        for (break_it, path, said) in cases {
            let mut broken = document();
            break_it(&mut broken);
            let problems = xtp_problems(&broken);
            let full = format!("{schemas}.{path}");
            let is_found =
                |problem: &XtpProblem| (problem.path == path || problem.path == full) && problem.problem.contains(said);
            assert!(problems.iter().any(is_found), "{path}, {said}: {problems:?}");
        }
    }
}
