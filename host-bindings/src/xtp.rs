//! The contract as an XTP schema, which generators of other makes take.

use hostfn_runtime::DEFAULT_NAMESPACE;
use serde_json::{Map, Value, json};

use crate::{
    Contract, UnsayableType,
    lower::{lower, lower_definition},
    types::{Definition, Field, Function, Named, Type},
    xtp_rules::{XtpProblem, xtp_problems},
};

/// Why a contract has no XTP schema.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XtpError {
    /// A type of it is beyond what the format can say.
    #[error(transparent)]
    Unsayable(#[from] UnsayableType),
    /// A function is where XTP does not look.
    #[error("`{function}` is in the namespace `{namespace}`, and XTP plugins import from `{DEFAULT_NAMESPACE}` alone")]
    Namespace {
        /// The function.
        function: String,
        /// Where it is.
        namespace: String,
    },
    /// The format says it, and its generators do not write it.
    #[error("not every generator would take it:{}", listed(.0))]
    Problems(Vec<XtpProblem>),
}

fn listed(problems: &[XtpProblem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

/// The contract as an [XTP schema](https://docs.xtp.dylibso.com/docs/concepts/xtp-schema/), `v1-draft`, of
/// what a plugin imports. It keeps to what every known generator takes: no unions, and so an answer is an
/// object whose `data` and `error` may be null.
///
/// # Errors
/// When the contract has what the format, or some generator, cannot say.
pub fn xtp(contract: &Contract) -> Result<Value, XtpError> {
    let model = lower(contract, TAKEN)?;
    let mut writer = Writer { types: model.types, schemas: Map::new() };
    writer.types.extend(lower_definition(contract, "HostError")?);
    let mut imports = Map::new();
    for function in &model.functions {
        if function.namespace != DEFAULT_NAMESPACE {
            let (function, namespace) = (function.name.clone(), function.namespace.clone());
            return Err(XtpError::Namespace { function, namespace });
        }
        imports.insert(function.name.clone(), writer.import(function));
    }
    writer.named_types();
    writer.schemas.sort_keys();
    let document = json!({
        "version": "v1-draft",
        "exports": {},
        "imports": imports,
        "components": {"schemas": writer.schemas},
    });
    let problems = xtp_problems(&document);
    if problems.is_empty() { Ok(document) } else { Err(XtpError::Problems(problems)) }
}

/// The names that some generator's code, or its language, has already.
const TAKEN: &[&str] = &[
    "Answer",
    "Any",
    "Array",
    "Box",
    "Boolean",
    "Error",
    "ErrorCode",
    "HostError",
    "HostResult",
    "Json",
    "JsonWriter",
    "List",
    "Map",
    "Memory",
    "Number",
    "Object",
    "Option",
    "Patch",
    "Result",
    "Presence",
    "Secret",
    "String",
    "Text",
    "Vec",
];

struct Writer {
    types: Vec<Named>,
    schemas: Map<String, Value>,
}

impl Writer {
    fn import(&mut self, function: &Function) -> Value {
        let mut import = Map::new();
        import.insert("description".to_owned(), function.documentation.clone().into());
        if let Some(request) = &function.request {
            import.insert("input".to_owned(), as_json(reference(request)));
        }
        let answer = self.envelope(&function.response);
        import.insert("output".to_owned(), as_json(reference(&answer)));
        import.into()
    }

    /// The type of the answers that hold this data, and its name: the format has no type parameters.
    fn envelope(&mut self, data: &Type) -> String {
        let name = format!("HostResponse_{}", name_of(data));
        let mut properties = Map::new();
        properties.insert("success".to_owned(), json!({"type": "boolean", "description": "Whether there is data."}));
        if *data != Type::Nothing {
            let description = "The answer; null when there is an error.";
            properties.insert("data".to_owned(), nullable(self.schema(data), description));
        }
        let error = nullable(reference("HostError"), "Why there is no data; null when there is.");
        properties.insert("error".to_owned(), error);
        let required: Vec<_> = properties.keys().cloned().collect();
        let answer = json!({"type": "object", "required": required, "properties": properties});
        self.schemas.insert(name.clone(), answer);
        name
    }

    fn named_types(&mut self) {
        for named in &self.types {
            let mut schema = match &named.definition {
                Definition::Record { fields } => self.record(fields),
                Definition::Enumeration { members } => {
                    let values: Vec<_> = members.iter().map(|member| &member.value).collect();
                    json!({"type": "string", "enum": values})
                }
            };
            if !named.documentation.is_empty() {
                schema["description"] = named.documentation.clone().into();
            }
            self.schemas.insert(named.name.clone(), schema);
        }
    }

    fn record(&self, fields: &[Field]) -> Value {
        let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| &field.name).collect();
        let properties = fields.iter().map(|field| {
            let mut schema = self.schema(&field.kind);
            if field.nullable {
                schema["nullable"] = true.into();
            }
            if !field.documentation.is_empty() {
                schema["description"] = field.documentation.clone().into();
            }
            (field.name.clone(), schema)
        });
        json!({"type": "object", "required": required, "properties": properties.collect::<Map<_, _>>()})
    }

    /// A type where it is used.
    fn schema(&self, kind: &Type) -> Value {
        match kind {
            Type::Text | Type::Uuid | Type::Email => json!({"type": "string"}),
            Type::DateTime => json!({"type": "string", "format": "date-time"}),
            Type::Boolean => json!({"type": "boolean"}),
            Type::Int32 => json!({"type": "integer", "format": "int32"}),
            // A larger integer stops some generators, and fits a double, since it has 53 bits at most.
            Type::Int64 | Type::Double => json!({"type": "number", "format": "double"}),
            Type::Secret { item } => self.schema(item),
            Type::List { item } => json!({"type": "array", "items": self.schema(item)}),
            Type::Map { item, .. } => json!({"type": "object", "additionalProperties": self.schema(item)}),
            Type::Nullable { item, .. } => {
                let mut schema = self.schema(item);
                schema["nullable"] = true.into();
                schema
            }
            Type::Record { name } | Type::Enumeration { name } => reference(name),
            Type::Nothing => json!({"type": "boolean", "nullable": true}),
        }
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// What goes over the wire is JSON.
fn as_json(mut schema: Value) -> Value {
    schema["contentType"] = "application/json".into();
    schema
}

fn nullable(mut schema: Value, description: &str) -> Value {
    schema["nullable"] = true.into();
    schema["description"] = description.into();
    schema
}

/// A type as a part of a name.
fn name_of(kind: &Type) -> String {
    match kind {
        Type::Text | Type::Uuid | Type::Email => "Text".to_owned(),
        Type::DateTime => "DateTime".to_owned(),
        Type::Boolean => "Boolean".to_owned(),
        Type::Int32 => "Int32".to_owned(),
        Type::Int64 | Type::Double => "Double".to_owned(),
        Type::Secret { item } | Type::Nullable { item, .. } => name_of(item),
        Type::List { item } => format!("List_{}", name_of(item)),
        Type::Map { item, .. } => format!("Map_{}", name_of(item)),
        Type::Record { name } | Type::Enumeration { name } => name.clone(),
        Type::Nothing => "Nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(namespace: &str, response: &Value, definitions: &Value) -> Contract {
        let contract = json!({
            "hostfn": 1,
            "crates": {"app": "1.0.0"},
            "functions": [{
                "name": "run", "namespace": namespace, "crate": "app", "documentation": "Runs.", "permission": "run",
                "read_only": false, "deprecated": null, "errors": [], "request": null, "response": response, "answer": {},
            }],
            "$defs": definitions,
        });
        let mut contract = Contract::from_json(&contract.to_string()).unwrap();
        let error = json!({"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]});
        contract.definitions.insert("HostError".to_owned(), error);
        contract
    }

    #[test]
    fn a_function_that_has_nothing_to_say_answers_without_data() {
        let document = xtp(&contract(DEFAULT_NAMESPACE, &json!({"type": "null"}), &json!({}))).unwrap();
        assert_eq!(document["imports"]["run"].get("input"), None);
        let answer = &document["components"]["schemas"]["HostResponse_Nothing"];
        assert_eq!(answer["required"], json!(["success", "error"]));
    }

    #[test]
    fn a_large_integer_is_a_double() {
        let response = json!({"type": ["integer", "null"], "format": "int64"});
        let document = xtp(&contract(DEFAULT_NAMESPACE, &response, &json!({}))).unwrap();
        let data = &document["components"]["schemas"]["HostResponse_Double"]["properties"]["data"];
        assert_eq!(
            (&data["type"], &data["format"], &data["nullable"]),
            (&"number".into(), &"double".into(), &true.into())
        );
    }

    #[test]
    fn what_the_format_cannot_say_is_refused() {
        let error = xtp(&contract("app", &json!({"type": "null"}), &json!({}))).unwrap_err().to_string();
        assert!(error.starts_with("`run` is in the namespace `app`"), "{error}");

        let children = json!({"type": "array", "items": {"$ref": "#/$defs/Tree"}});
        let tree = json!({"Tree": {"type": "object", "properties": {"children": children}, "required": ["children"]}});
        let response = json!({"$ref": "#/$defs/Tree"});
        let error = xtp(&contract(DEFAULT_NAMESPACE, &response, &tree)).unwrap_err().to_string();
        assert!(error.contains("components.schemas.Tree: it holds itself"), "{error}");
    }
}
