//! What the languages have in common: the contract's schemas as a small model of named types.
//!
//! JSON Schema can say more than any language's types can. The model says less than each of them can,
//! so a template has few cases and needs no way out; what it cannot say is an error that names the
//! function and the path ([`UnsayableType`]), and never silently anything at all.

use serde::Serialize;

/// A contract, as templates see it.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Model {
    /// The crates whose functions these are, each with its version: `hostfn-functions 0.1.0`.
    pub(crate) source: String,
    /// The functions, sorted by namespace and name.
    pub(crate) functions: Vec<Function>,
    /// The types that they take and answer with, each after those that it holds.
    pub(crate) types: Vec<Named>,
    /// What C must declare apart from the fields that hold it: entries of maps, and values that can be null, of types
    /// that are not complete yet where the field stands.
    pub(crate) entries: Vec<Entry>,
    /// Whether there is a 64-bit integer in any of them.
    pub(crate) has_int64: bool,
    /// Whether there is a number that is no integer.
    pub(crate) has_double: bool,
    /// The error codes that are known today.
    pub(crate) errors: Vec<Member>,
}

/// What is declared apart from the field that holds it.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// A map or something that can be null.
    #[serde(rename = "type")]
    pub(crate) kind: Type,
}

/// A host function.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Its name in a language.
    pub(crate) ident: String,
    /// Whether another of this name, and of another namespace, comes before it.
    pub(crate) is_twin: bool,
    pub(crate) namespace: String,
    /// What it does and what a plugin needs to call it, in Markdown.
    pub(crate) documentation: String,
    /// What to use instead, where it should not be used any more.
    pub(crate) deprecated: Option<String>,
    /// The record that it takes.
    pub(crate) request: Option<String>,
    /// What it answers with; nothing, where the answer says only that all is well.
    pub(crate) response: Type,
    /// Whether the data can be null; `response` is what it is otherwise.
    pub(crate) nullable: bool,
}

/// A type with a name.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    /// Its name in a language.
    pub(crate) ident: String,
    pub(crate) documentation: String,
    #[serde(flatten)]
    pub(crate) definition: Definition,
    /// Whether there is a 64-bit integer in it, however deep.
    pub(crate) has_int64: bool,
    /// Whether one that comes before it refers to it.
    pub(crate) is_awaited: bool,
    /// Whether a request has it. In one, no host takes a member that it does not know.
    pub(crate) is_requested: bool,
}

/// What a name stands for.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Definition {
    /// An object with these members.
    Record { fields: Vec<Field> },
    /// One of these texts.
    Enumeration { members: Vec<Member> },
}

/// A member of a record.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its name in a language.
    pub(crate) ident: String,
    #[serde(rename = "type")]
    pub(crate) kind: Type,
    /// Whether it is always there. What is not can be left out.
    pub(crate) required: bool,
    /// Whether it can be null; `type` is what it is otherwise.
    pub(crate) nullable: bool,
    /// What it is and what it may be, in Markdown.
    pub(crate) documentation: String,
}

/// One of several texts.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Member {
    pub(crate) value: String,
    /// Its name in a language, where it has one.
    pub(crate) ident: String,
    pub(crate) documentation: String,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Type {
    Text,
    Uuid,
    DateTime,
    Email,
    Boolean,
    Int32,
    Int64,
    Double,
    /// Null and nothing else: what a function answers that has nothing to say. Nowhere else.
    Nothing,
    /// What nobody may see.
    Secret {
        item: Box<Type>,
    },
    /// Several of one type, in their order.
    List {
        item: Box<Type>,
    },
    /// Several of one type, by texts. `entry` names what holds one, where it must be declared apart.
    Map {
        item: Box<Type>,
        entry: Option<String>,
    },
    /// A record.
    Record {
        name: String,
    },
    /// A text of an enumeration.
    Enumeration {
        name: String,
    },
    /// The type, or null. Only within lists and maps: where a field or an answer can be null, they say so. `entry` is as
    /// in maps.
    Nullable {
        item: Box<Type>,
        entry: Option<String>,
    },
}

impl Type {
    /// The type, or null.
    pub(crate) fn or_null(self) -> Self {
        Self::Nullable { item: Box::new(self), entry: None }
    }

    /// The records within it. Those behind a list or a map are not a part of its own size.
    pub(crate) fn references(&self) -> Vec<(&str, bool)> {
        match self {
            Self::Record { name } => vec![(name, true)],
            Self::Secret { item } | Self::Nullable { item, .. } => item.references(),
            Self::List { item } | Self::Map { item, .. } => {
                item.references().into_iter().map(|(name, _)| (name, false)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether it is, or holds, a 64-bit integer; named types aside.
    pub(crate) fn holds_int64(&self) -> bool {
        *self.innermost() == Self::Int64
    }

    /// Whether it is, or holds, a number that is no integer; named types aside.
    pub(crate) fn holds_double(&self) -> bool {
        *self.innermost() == Self::Double
    }

    /// What is within secrets, lists and maps.
    fn innermost(&self) -> &Self {
        match self {
            Self::Secret { item } | Self::Nullable { item, .. } | Self::List { item } | Self::Map { item, .. } => {
                item.innermost()
            }
            other => other,
        }
    }
}

impl Definition {
    /// The types within it.
    pub(crate) fn types(&self) -> Vec<&Type> {
        match self {
            Self::Record { fields } => fields.iter().map(|field| &field.kind).collect(),
            Self::Enumeration { .. } => Vec::new(),
        }
    }
}

/// A type of the contract that bindings cannot say.
#[derive(Debug, thiserror::Error)]
#[error("`{function}`: {path}: {reason}")]
pub struct UnsayableType {
    /// The host function that takes it or answers with it.
    pub function: String,
    /// Where it stands: `request.profile.tags[]`.
    pub path: String,
    /// What it is, and what to use instead.
    pub reason: String,
}
