//! A schema in one form, whichever of the many ways it is written in.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    Contract,
    references::{REFERENCE, name_of},
};

/// What says nothing about which values there are.
const ANNOTATIONS: [&str; 10] = [
    "$comment",
    "$id",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
];

/// What a schema says, with references and unions with null resolved.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// The name of the definition that it is, with nothing beside the reference but null and annotations.
    pub(super) name: Option<String>,
    /// The types but null; none where any will do.
    pub(super) kinds: Option<BTreeSet<String>>,
    /// Whether it may be null.
    pub(super) null: bool,
    /// The only values that there are, but null, each with what is said about it.
    pub(super) values: Option<Vec<(Value, Annotations)>>,
    /// What it is one of, where that is more than one thing.
    pub(super) variants: Vec<Self>,
    /// The word that joins the variants.
    pub(super) union: Option<&'static str>,
    /// The other words that say which values there are.
    pub(super) members: Map<String, Value>,
    /// What people are told, in the order in which it is met; of a definition, what stands where it is used.
    pub(super) annotations: Annotations,
    /// What people are told of the definition that it is.
    pub(super) of_definition: Annotations,
    /// Whether it must not be shown.
    pub(super) secret: bool,
}

pub(super) type Annotations = Vec<(String, Value)>;

impl Form {
    /// The form of a schema of a contract.
    pub(super) fn of(schema: &Value, contract: &Contract) -> Self {
        Builder { contract, seen: Vec::new(), left: MOST_REFERENCES }.build(schema)
    }

    /// The form of a definition of a contract: of what its name stands for.
    pub(super) fn of_definition(name: &str, contract: &Contract) -> Self {
        let schema = contract.definitions.get(name).unwrap_or(&Value::Bool(true));
        Builder { contract, seen: vec![name.to_owned()], left: MOST_REFERENCES }.build(schema)
    }

    /// The same without null and without what is said about it: as a variant beside others.
    pub(super) fn as_variant(&self) -> Self {
        Self { null: false, annotations: Vec::new(), of_definition: Vec::new(), secret: false, ..self.clone() }
    }

    /// All that people are told of it.
    pub(super) fn all_annotations(&self) -> Annotations {
        [self.of_definition.as_slice(), &self.annotations].concat()
    }

    /// Whether every value will do.
    pub(super) fn is_any(&self) -> bool {
        self.kinds.is_none() && self.values.is_none() && self.variants.is_empty()
    }

    /// Whether a value of it can be of a type, an integer being a number.
    pub(super) fn can_be(&self, kind: &str) -> bool {
        let is_it = |other: &String| other == kind || (kind == "number" && other == "integer");
        self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(is_it))
    }

    /// The type in a few words, for people.
    pub(super) fn describe(&self) -> String {
        let mut words: Vec<_> = match (&self.values, &self.kinds) {
            (Some(values), _) => values.iter().map(|(value, _)| text(value)).collect(),
            (None, Some(kinds)) => kinds.iter().cloned().collect(),
            (None, None) if self.variants.is_empty() => return "anything".to_owned(),
            (None, None) => self.variants.iter().map(Self::label).collect(),
        };
        if self.null {
            words.push("null".to_owned());
        }
        if words.is_empty() { "nothing".to_owned() } else { words.join(" or ") }
    }

    /// What tells this variant from the others.
    pub(super) fn label(&self) -> String {
        let properties = self.members.get("properties").and_then(Value::as_object);
        let tags: Vec<_> = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| schema.get("const").map(|value| format!("{name}={}", text(value))))
            .collect();
        match (tags.is_empty(), properties.map(|all| all.keys().collect::<Vec<_>>()).as_deref(), &self.name) {
            (false, ..) => tags.join(","),
            (true, Some([only]), _) if !only.is_empty() => (*only).clone(),
            (true, _, Some(name)) => name.clone(),
            (true, _, None) => match (&self.values, &self.kinds) {
                (Some(_), _) => "values".to_owned(),
                (None, Some(kinds)) => kinds.iter().cloned().collect::<Vec<_>>().join("|"),
                (None, None) => "any".to_owned(),
            },
        }
    }

    /// Whether it has null only where its other words leave it.
    fn may_hide_null(&self) -> bool {
        (self.is_any() && !self.members.is_empty()) || self.variants.iter().any(Self::may_hide_null)
    }

    fn is_only_null(&self) -> bool {
        self.null && self.kinds.as_ref().is_some_and(BTreeSet::is_empty) && self.members.is_empty()
    }

    fn add(&mut self, annotations: Annotations, secret: bool) {
        self.annotations.extend(annotations);
        self.secret |= secret;
    }
}

/// How many references one form resolves. Unions of unions of unions would have more variants than there is time for, and
/// a union that a person can read has fewer.
const MOST_REFERENCES: usize = 1_000;

/// A value as people write it.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a word of a schema says nothing about which values there are.
pub(super) fn is_annotation(word: &str) -> bool {
    ANNOTATIONS.contains(&word) || word.starts_with("x-")
}

/// The definition that a reference names.
pub(super) fn target<'a>(reference: &str, contract: &'a Contract) -> Option<(String, &'a Value)> {
    // As it is written first: a name may look like one with escapes.
    let written = reference.strip_prefix(REFERENCE)?;
    let found = contract.definitions.get_key_value(written);
    let found = found.or_else(|| contract.definitions.get_key_value(name_of(reference)?.as_ref()));
    found.map(|(name, schema)| (name.clone(), schema))
}

/// Resolves the references of one form.
struct Builder<'a> {
    contract: &'a Contract,
    /// The definitions that it is in.
    seen: Vec<String>,
    /// How many references it may still resolve.
    left: usize,
}

impl Builder<'_> {
    fn build(&mut self, schema: &Value) -> Form {
        let members = match schema {
            Value::Object(members) => members,
            Value::Bool(false) => return Form { kinds: Some(BTreeSet::new()), ..Form::default() },
            _ => return Form { null: true, ..Form::default() },
        };
        let secret = is_secret(members);
        let (annotations, mut rest): (Map<_, _>, Map<_, _>) =
            members.clone().into_iter().partition(|(word, _)| is_annotation(word));
        let annotations = annotations.into_iter().filter(|(word, _)| word != "x-secret").collect();

        let mut form = if let Some(reference) = rest.shift_remove("$ref") {
            self.refer(&reference, rest)
        } else if let (1, Some([only])) = (rest.len(), rest.get("allOf").and_then(Value::as_array).map(Vec::as_slice)) {
            self.build(only)
        } else {
            let word = ["oneOf", "anyOf"].into_iter().find(|word| rest.get(*word).is_some_and(Value::is_array));
            match word.and_then(|word| Some((word, rest.shift_remove(word)?))) {
                Some((word, Value::Array(branches))) => {
                    let branches = branches.iter().map(|branch| self.build(branch)).collect();
                    join(plain(rest), word, branches)
                }
                _ => plain(rest),
            }
        };
        form.add(annotations, secret);
        form
    }

    /// The form of a reference, with what stands beside it.
    fn refer(&mut self, reference: &Value, beside: Map<String, Value>) -> Form {
        let found = reference.as_str().and_then(|reference| target(reference, self.contract));
        let found = found.filter(|(name, _)| self.left > 0 && !self.seen.contains(name));
        let Some((name, schema)) = found else {
            // Nothing is known about it: the comparison says so.
            let members = Map::from_iter([("$ref".to_owned(), reference.clone())]);
            return Form { null: true, members, ..Form::default() };
        };
        self.left -= 1;
        self.seen.push(name.clone());
        let mut form = self.build(schema);
        self.seen.pop();
        if beside.is_empty() {
            form.of_definition = form.all_annotations();
            form.annotations = Vec::new();
            form.name = Some(name);
        } else {
            form.name = None;
            let both = vec![beside.into(), form.members.shift_remove("allOf").unwrap_or(Value::Bool(true))];
            form.members.insert("allOf".to_owned(), both.into());
        }
        form
    }
}

/// Whether a schema says that its values must not be shown.
pub(super) fn is_secret(members: &Map<String, Value>) -> bool {
    members.get("x-secret") == Some(&Value::Bool(true))
}

/// The form of a schema that is neither a reference nor a union.
fn plain(mut members: Map<String, Value>) -> Form {
    let mut form = Form { null: true, ..Form::default() };
    let kinds = match members.shift_remove("type") {
        Some(Value::String(kind)) => Some(BTreeSet::from([kind])),
        Some(Value::Array(kinds)) => Some(kinds.iter().map(text).collect()),
        _ => None,
    };
    if let Some(mut kinds) = kinds {
        form.null = kinds.remove("null");
        form.kinds = Some(kinds);
    }
    let values = match (members.shift_remove("const"), members.shift_remove("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values),
        _ => None,
    };
    if let Some(mut values) = values {
        let all = values.len();
        values.retain(|value| !value.is_null());
        form.null &= values.len() < all;
        form.kinds = form.kinds.or_else(|| Some(values.iter().map(kind).collect()));
        form.values =
            Some(values.into_iter().map(|value| (value, Vec::new())).collect()).filter(|all: &Vec<_>| !all.is_empty());
    }
    form.members = members;
    form
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
    .to_owned()
}

/// The form of a union: of what stands beside it, and its branches.
fn join(beside: Form, word: &'static str, branches: Vec<Form>) -> Form {
    let is_free = beside.is_any() && beside.members.is_empty();
    let mut form = Form { null: false, ..Form::default() };
    let mut values = Vec::new();
    // Whether null is among the values of a branch without a type, its other words decide: that it is allowed beside is
    // said then by a variant of its own.
    let may_hide_null = branches.iter().any(Form::may_hide_null);
    if may_hide_null && branches.iter().any(|branch| branch.null && !branch.may_hide_null()) {
        form.variants.push(Form { kinds: Some(BTreeSet::from(["null".to_owned()])), ..Form::default() });
    }
    for mut branch in branches {
        form.null |= branch.null;
        if branch.is_only_null() {
            form.add(branch.all_annotations(), branch.secret);
            continue;
        }
        if !branch.is_any() {
            branch.null = false;
        }
        if branch.values.is_some() && branch.members.is_empty() {
            values.push(branch);
        } else if !branch.variants.is_empty() && branch.members.is_empty() && branch.union == Some(word) {
            form.add(branch.all_annotations(), branch.secret);
            form.variants.extend(branch.variants);
        } else {
            form.variants.push(branch);
        }
    }
    if values.len() > 1 {
        form.variants.push(one_of_values(values));
    } else {
        form.variants.extend(values);
    }
    if is_free && form.variants.len() == 1 {
        let only = form.variants.remove(0);
        let annotations = [form.annotations, only.annotations].concat();
        return Form { null: form.null, annotations, secret: form.secret | only.secret, ..only };
    }
    if is_free && form.variants.is_empty() {
        form.kinds = Some(BTreeSet::new());
        return form;
    }
    form.union = Some(word);
    if !is_free {
        form.null &= beside.null;
        (form.kinds, form.values, form.members) = (beside.kinds, beside.values, beside.members);
    }
    form
}

/// Several constants, each with a description, are an enumeration.
fn one_of_values(branches: Vec<Form>) -> Form {
    let mut form = Form { kinds: Some(BTreeSet::new()), values: Some(Vec::new()), ..Form::default() };
    for branch in branches {
        form.secret |= branch.secret;
        let of_branch = branch.all_annotations();
        if let Some(kinds) = &mut form.kinds {
            kinds.extend(branch.kinds.into_iter().flatten());
        }
        let described = branch
            .values
            .into_iter()
            .flatten()
            .map(|(value, annotations)| (value, [annotations, of_branch.clone()].concat()));
        form.values.get_or_insert_default().extend(described);
    }
    form
}
