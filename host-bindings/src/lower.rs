//! From schemas to types: what JSON Schema says, in the words of the model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{
    Contract, FunctionContract,
    apart::take_apart,
    references::{decoded, name_of, reference_to},
    remarks::{remarks, text},
    spread,
    types::{Definition, Field, Function, Member, Model, Named, Type, UnsayableType},
};

/// The contract as templates see it.
///
/// `taken` are the names that no type can have.
pub(crate) fn lower(contract: &Contract, taken: &'static [&'static str]) -> Result<Model, UnsayableType> {
    let mut lowering =
        Lowering { contract, types: Vec::new(), begun: BTreeSet::new(), met: BTreeMap::new(), taken, function: "" };
    let mut functions: Vec<Function> = Vec::new();
    for function in &contract.functions {
        let mut function = lowering.function(function)?;
        function.is_twin = functions.iter().any(|other| other.name == function.name);
        functions.push(function);
    }
    let mut types = lowering.ordered()?;
    spread::int64(&mut types);
    spread::requested(&mut types, &functions);
    let entries = take_apart(&mut types);
    let has_int64 =
        types.iter().any(|named| named.has_int64) || functions.iter().any(|function| function.response.holds_int64());
    let kinds = || {
        let of_types = types.iter().flat_map(|named| named.definition.types());
        of_types.chain(functions.iter().map(|function| &function.response))
    };
    let has_double = kinds().any(Type::holds_double);
    let errors = contract.definitions.get("ErrorCode").and_then(members).unwrap_or_default();
    let source: Vec<_> = contract.crates.iter().map(|(name, version)| format!("{name} {version}")).collect();
    Ok(Model { source: source.join(", "), functions, types, entries, has_int64, has_double, errors })
}

/// A type of the contract that bindings have of their own, with all that it holds: the error.
pub(crate) fn lower_definition(contract: &Contract, name: &str) -> Result<Vec<Named>, UnsayableType> {
    let mut lowering = Lowering {
        contract,
        types: Vec::new(),
        begun: BTreeSet::new(),
        met: BTreeMap::new(),
        taken: &[],
        function: name,
    };
    lowering.reference(&reference_to(name), name)?;
    lowering.ordered()
}

struct Lowering<'a> {
    contract: &'a Contract,
    types: Vec<Named>,
    /// The names that were met, whose types may still be on the way.
    begun: BTreeSet<String>,
    /// Where each type was met first: the function, and the path.
    met: BTreeMap<String, (String, String)>,
    /// The names that no type of the contract can have.
    taken: &'static [&'static str],
    function: &'a str,
}

impl<'a> Lowering<'a> {
    fn function(&mut self, function: &'a FunctionContract) -> Result<Function, UnsayableType> {
        self.function = &function.name;
        let request = function.request.as_ref().map(|schema| self.request(schema)).transpose()?;
        let (response, nullable) = split(self.kind_or_nothing(&function.response, "response")?);
        Ok(Function {
            name: function.name.clone(),
            ident: String::new(),
            is_twin: false,
            namespace: function.namespace.clone(),
            documentation: document(function),
            deprecated: function.deprecated.clone(),
            request,
            response,
            nullable,
        })
    }

    fn request(&mut self, schema: &Value) -> Result<String, UnsayableType> {
        match self.kind(schema, "request")? {
            Type::Record { name } => Ok(name),
            _ => Err(self.unsayable("request", "it is no object with named fields; take a struct")),
        }
    }

    fn kind(&mut self, schema: &Value, path: &str) -> Result<Type, UnsayableType> {
        let kind = self.kind_or_nothing(schema, path)?;
        self.something(kind, path)
    }

    /// A type, or what a function answers with that has nothing to say.
    fn kind_or_nothing(&mut self, schema: &Value, path: &str) -> Result<Type, UnsayableType> {
        let Value::Object(schema) = schema else {
            return Err(self.unsayable(path, "it can be anything; say what it is by a struct"));
        };
        self.knows_all_words(schema, path)?;
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            return self.reference(target, path);
        }
        if let Some(alternatives) = schema.get("anyOf").or(schema.get("oneOf")).and_then(Value::as_array) {
            return self.alternatives(alternatives, path);
        }
        let (name, nullable) = match schema.get("type") {
            Some(Value::String(name)) => (name.as_str(), false),
            Some(Value::Array(names)) => match names.iter().filter_map(Value::as_str).collect::<Vec<_>>()[..] {
                [name, "null"] | ["null", name] => (name, true),
                _ => return Err(self.unsayable(path, "it is of several types; make it one, or two fields")),
            },
            _ => return Err(self.unsayable(path, "it can be anything; say what it is by a struct")),
        };
        let kind = self.plain(name, schema, path)?;
        let secret = schema.get("x-secret") == Some(&Value::Bool(true));
        let kind = if secret || nullable { self.something(kind, path)? } else { kind };
        let kind = if secret { Type::Secret { item: Box::new(kind) } } else { kind };
        Ok(if nullable { kind.or_null() } else { kind })
    }

    /// What holds no data can only be all of a response: a member of this type would be there for no reason.
    fn something(&self, kind: Type, path: &str) -> Result<Type, UnsayableType> {
        match kind {
            Type::Nothing => Err(self.unsayable(path, "it can only be null; leave it out")),
            kind => Ok(kind),
        }
    }

    fn plain(&mut self, name: &str, schema: &Map<String, Value>, path: &str) -> Result<Type, UnsayableType> {
        let format = schema.get("format").and_then(Value::as_str);
        Ok(match name {
            "string" if schema.contains_key("enum") || schema.contains_key("const") => {
                return Err(self.unsayable(path, "it is one of several texts without a name; make it an enum"));
            }
            "string" => match format {
                Some("uuid") => Type::Uuid,
                Some("date-time") => Type::DateTime,
                Some("email") => Type::Email,
                _ => Type::Text,
            },
            "boolean" => Type::Boolean,
            "integer" if format == Some("int32") => Type::Int32,
            "integer" => Type::Int64,
            "number" => Type::Double,
            "null" => Type::Nothing,
            "array" => {
                let item = schema.get("items").unwrap_or(&Value::Null);
                Type::List { item: Box::new(self.kind(item, &format!("{path}[]"))?) }
            }
            "object" if schema.contains_key("properties") => {
                return Err(self.unsayable(path, "it is an object without a name; take it out of the other struct"));
            }
            "object" => {
                let item = schema.get("additionalProperties").unwrap_or(&Value::Null);
                Type::Map { item: Box::new(self.kind(item, &format!("{path}{{}}"))?), entry: None }
            }
            other => return Err(self.unsayable(path, &format!("it is of type `{other}`, which no plugin can use"))),
        })
    }

    /// A schema or null, as `Option` of a struct is written.
    fn alternatives(&mut self, alternatives: &[Value], path: &str) -> Result<Type, UnsayableType> {
        let is_null = |schema: &Value| schema.get("type").is_some_and(|name| name == "null");
        match alternatives {
            [one, null] | [null, one] if is_null(null) => match self.kind(one, path)? {
                nullable @ Type::Nullable { .. } => Ok(nullable),
                item => Ok(item.or_null()),
            },
            _ => Err(self.unsayable(path, "it is one of several types; make it a struct with optional fields")),
        }
    }

    fn reference(&mut self, target: &str, path: &str) -> Result<Type, UnsayableType> {
        let found = name_of(target).and_then(|name| self.contract.definitions.get_key_value(name.as_ref()));
        let Some((name, schema)) = found else {
            let target = decoded(target);
            return Err(self.unsayable(path, &format!("it refers to `{target}`, which the contract lacks")));
        };
        let name = name.clone();
        if self.taken.contains(&name.as_str()) {
            return Err(self.unsayable(path, &format!("what is generated has a `{name}` of its own; rename the type")));
        }
        let (is_enumeration, is_record) = (members(schema).is_some(), schema.get("properties").is_some());
        let is_first = self.begun.insert(name.clone());
        if !is_enumeration && !is_record {
            // Another name for a type: the type itself is as good, and every language has it.
            let reason = format!("`{name}` is a list or a map of itself; put a struct between them");
            let kind = if is_first { self.kind_or_nothing(schema, path) } else { Err(self.unsayable(path, &reason)) };
            self.begun.remove(&name);
            return kind;
        }
        if is_first {
            let definition = self.definition(schema, path)?;
            self.met.insert(name.clone(), (self.function.to_owned(), path.to_owned()));
            let has_int64 = definition.types().iter().any(|kind| kind.holds_int64());
            let documentation = text(schema, "description");
            self.types.push(Named {
                name: name.clone(),
                ident: String::new(),
                documentation,
                definition,
                has_int64,
                is_awaited: false,
                is_requested: false,
            });
        }
        Ok(if is_enumeration { Type::Enumeration { name } } else { Type::Record { name } })
    }

    /// The types, each after those that are a part of it. One that is a part of itself has no end.
    fn ordered(mut self) -> Result<Vec<Named>, UnsayableType> {
        let parts: BTreeMap<String, Vec<String>> =
            self.types.iter().map(|named| (named.name.clone(), parts(named))).collect();
        let mut order = Vec::new();
        for named in &self.types {
            self.follow(&named.name, &parts, &mut Vec::new(), &mut order)?;
        }
        self.types.sort_by_key(|named| order.iter().position(|name| *name == named.name));
        Ok(self.types)
    }

    fn follow(
        &self,
        name: &str,
        parts: &BTreeMap<String, Vec<String>>,
        within: &mut Vec<String>,
        order: &mut Vec<String>,
    ) -> Result<(), UnsayableType> {
        if order.iter().any(|done| done == name) {
            return Ok(());
        }
        if within.iter().any(|outer| outer == name) {
            let holder = within.last().map_or(name, String::as_str);
            let reason = format!("`{holder}` holds `{name}`, which holds it again; put a list between them");
            let (function, path) = self.met.get(name).cloned().unwrap_or_default();
            return Err(UnsayableType { function, path, reason });
        }
        within.push(name.to_owned());
        for part in parts.get(name).into_iter().flatten() {
            self.follow(part, parts, within, order)?;
        }
        within.pop();
        order.push(name.to_owned());
        Ok(())
    }

    fn definition(&mut self, schema: &Value, path: &str) -> Result<Definition, UnsayableType> {
        if let Some(members) = members(schema) {
            return Ok(Definition::Enumeration { members });
        }
        if let Value::Object(schema) = schema {
            self.knows_all_words(schema, path)?;
        }
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        if schema.get("additionalProperties").is_some_and(|further| !further.is_boolean()) {
            return Err(self.unsayable(path, "it has named fields and others; put the others into a map of their own"));
        }
        let required: BTreeSet<_> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = properties.map(|(name, schema)| {
            let (kind, nullable) = split(self.kind(schema, &format!("{path}.{name}"))?);
            let documentation = remarks(schema, matches!(kind, Type::Secret { .. }));
            let required = required.contains(name.as_str());
            Ok(Field { name: name.clone(), ident: String::new(), kind, required, nullable, documentation })
        });
        Ok(Definition::Record { fields: fields.collect::<Result<_, _>>()? })
    }

    /// A word that is not known here may say anything.
    fn knows_all_words(&self, schema: &Map<String, Value>, path: &str) -> Result<(), UnsayableType> {
        match schema.keys().find(|word| !WORDS.contains(&word.as_str())) {
            Some(word) => Err(self.unsayable(path, &format!("its schema says `{word}`, which bindings cannot"))),
            None => Ok(()),
        }
    }

    fn unsayable(&self, path: &str, reason: &str) -> UnsayableType {
        UnsayableType { function: self.function.to_owned(), path: path.to_owned(), reason: reason.to_owned() }
    }
}

/// What JSON Schema can say of the types of the model, and what no type says but a remark does.
const WORDS: [&str; 28] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "contentEncoding",
    "default",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "title",
    "type",
    "x-secret",
];

/// The records that are a part of a type, and not behind a list or a map.
fn parts(named: &Named) -> Vec<String> {
    let references = named.definition.types().into_iter().flat_map(Type::references);
    references.filter(|(_, is_part)| *is_part).map(|(name, _)| name.to_owned()).collect()
}

fn split(kind: Type) -> (Type, bool) {
    match kind {
        Type::Nullable { item, .. } => (*item, true),
        kind => (kind, false),
    }
}

/// The texts of a string enum, which schemars writes in two ways: with documentation and without.
fn members(schema: &Value) -> Option<Vec<Member>> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let member = |value: &Value| {
            Some(Member { value: value.as_str()?.to_owned(), ident: String::new(), documentation: String::new() })
        };
        return values.iter().map(member).collect();
    }
    let alternatives = schema.get("oneOf").and_then(Value::as_array)?;
    let members = alternatives.iter().map(|alternative| {
        let documentation = text(alternative, "description");
        if let Some(value) = alternative.get("const") {
            return Some(vec![Member { value: value.as_str()?.to_owned(), ident: String::new(), documentation }]);
        }
        members(alternative)
    });
    Some(members.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The documentation of a function, with what a plugin must know beside it.
fn document(function: &FunctionContract) -> String {
    let mut paragraphs = vec![function.documentation.clone()];
    paragraphs.push(format!("Permission: `{}`.", function.permission));
    if !function.errors.is_empty() {
        let codes: Vec<_> = function.errors.iter().map(|code| format!("`{code}`")).collect();
        paragraphs.push(format!("Errors of its own: {}.", codes.join(", ")));
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n")
}
