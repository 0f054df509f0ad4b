use std::fmt;

use schemars::Schema;
use serde_json::Value;

use crate::{
    __private::UNUSABLE,
    Cleanup, HostFunction,
    codes::codes,
    db::Migrations,
    subschemas::{Place, subschemas},
};

/// The host functions of one crate, the migrations that they need, and what expires in their tables.
///
/// `hostfn::registry!();` in a crate's root declares `registry()`, which answers with one.
#[derive(Clone, Debug)]
pub struct Registry {
    owner: &'static str,
    version: &'static str,
    functions: Vec<HostFunction>,
    migrations: Option<Migrations>,
    cleanups: Vec<Cleanup>,
}

impl Registry {
    /// A registry, sorted by namespace and name. `owner` is the name of the crate.
    ///
    /// # Panics
    /// When the compiler let a function pass that is no host function, which it must not: see `Unusable`.
    #[doc(hidden)]
    pub fn new(owner: &'static str, functions: impl IntoIterator<Item = HostFunction>) -> Self {
        let mut functions: Vec<_> = functions.into_iter().collect();
        functions.sort_by_key(HostFunction::import);
        assert!(
            functions.iter().all(|function| function.name() != UNUSABLE),
            "`{owner}` has a function with `#[host_fn]` that is no host function, and the compiler did not say why: please \
             report it"
        );
        Self { owner, version: "0.0.0", functions, migrations: None, cleanups: Vec::new() }
    }

    /// Adds the migrations of the tables that the functions use.
    #[must_use]
    pub fn with_migrations(mut self, migrations: Migrations) -> Self {
        self.migrations = Some(migrations);
        self
    }

    /// Says what expires in the tables that the functions use.
    #[must_use]
    pub fn with_cleanup(mut self, cleanups: impl IntoIterator<Item = Cleanup>) -> Self {
        self.cleanups.extend(cleanups);
        self
    }

    /// Says which version of the crate it is.
    #[doc(hidden)]
    #[must_use]
    pub fn of_version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// The version of the crate whose functions these are.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// The name of the crate whose functions these are.
    pub fn owner(&self) -> &'static str {
        self.owner
    }

    /// The functions, sorted by namespace and name.
    pub fn functions(&self) -> &[HostFunction] {
        &self.functions
    }

    /// The migrations of the tables that the functions use.
    pub fn migrations(&self) -> Option<&Migrations> {
        self.migrations.as_ref()
    }

    /// What expires in the tables that the functions use.
    pub fn cleanups(&self) -> &[Cleanup] {
        &self.cleanups
    }

    /// Everything in single functions that no host can take: see [`RegistryError`].
    pub(crate) fn errors(&self) -> Vec<RegistryError> {
        let no_object = self.functions.iter().filter(|function| {
            function.takes_request() && function.request_schema().get("type").is_some_and(|kind| kind != "object")
        });
        let no_object = no_object.map(|function| RegistryError::NoObject { function: function.name() });
        let open =
            self.functions.iter().flat_map(|function| {
                open_objects(&function.request_schema()).into_iter().map(|(type_name, remedy)| {
                    RegistryError::OpenRequest { function: function.name(), type_name, remedy }
                })
            });
        no_object.chain(open).collect()
    }
}

/// A host function that no host can take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two functions have one name.
    Duplicate {
        /// The name.
        function: &'static str,
    },
    /// A request is no JSON object, and so could not be given another field later.
    NoObject {
        /// The function.
        function: &'static str,
    },
    /// A request would take fields that it does not know, and drop them silently.
    OpenRequest {
        /// The function.
        function: &'static str,
        /// The type within its request.
        type_name: String,
        /// What closes it.
        remedy: Remedy,
    },
    /// A type describes itself by what is no JSON Schema, such as a pattern that is no regular expression.
    NoSchema {
        /// The function.
        function: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// What keeps a request from taking fields that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// The attribute `#[serde(deny_unknown_fields)]`.
    DenyUnknownFields,
    /// A field of its own for an enum that is flattened into a struct: serde cannot refuse unknown fields there.
    OwnField,
    /// A number of seconds, or of another unit, in place of the standard library's `Duration`.
    NumberOfSeconds,
}

codes!(pub RegistryError {
    Duplicate "duplicate-function",
    NoObject "request-not-an-object",
    OpenRequest "request-open",
    NoSchema "no-schema",
});

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { function } => {
                write!(f, "host function `{function}`: there are two of this name; give one another `name = \"…\"`")
            }
            Self::NoObject { function } => {
                write!(
                    f,
                    "host function `{function}`: its request is not a JSON object; make `Json<T>` a struct with named fields"
                )
            }
            Self::NoSchema { function, reason } => {
                write!(
                    f,
                    "host function `{function}`: the schema of its request or response is none: {reason}; correct the \
                     `#[schemars(…)]` that says it"
                )
            }
            Self::OpenRequest { function, type_name, remedy } => {
                write!(f, "host function `{function}`: its request would ignore unknown fields of `{type_name}`; ")?;
                match remedy {
                    Remedy::DenyUnknownFields => write!(
                        f,
                        "write #[serde(deny_unknown_fields)] on `{type_name}`, or where the type is not yours, take one \
                         of your own in its place"
                    ),
                    Remedy::OwnField => write!(
                        f,
                        "serde cannot refuse them where an enum is flattened into `{type_name}`: remove \
                         #[serde(flatten)], so that the enum is a field of its own"
                    ),
                    Remedy::NumberOfSeconds => write!(
                        f,
                        "std::time::Duration takes any: take a number in its place, such as `timeout_seconds: u32`"
                    ),
                }
            }
        }
    }
}

impl std::error::Error for RegistryError {}

/// The names of the object types in a request's schema that would take unknown fields, and what closes each.
///
/// A map is none of them: its schema says which values its members have.
fn open_objects(schema: &Schema) -> Vec<(String, Remedy)> {
    let root = schema.as_value();
    let mut open = Vec::new();
    let name = root.get("title").and_then(Value::as_str).unwrap_or("the request");
    visit(root, name, false, &mut open);
    open.dedup();
    open
}

/// `is_flattened` says that the schema is a part of an object that refuses what none of its parts knows.
fn visit(schema: &Value, name: &str, is_flattened: bool, open: &mut Vec<(String, Remedy)>) {
    let has = |word: &str| schema.get(word).is_some();
    let is_closed = has("additionalProperties") || has("unevaluatedProperties");
    let is_object =
        schema.get("type").is_some_and(|kind| kind == "object" || *kind == serde_json::json!(["object", "null"]));
    if is_object && !is_closed {
        let remedy = match schema.get("properties").and_then(Value::as_object) {
            _ if is_flattened => Remedy::OwnField,
            Some(members) if members.keys().eq(["secs", "nanos"]) => Remedy::NumberOfSeconds,
            _ => Remedy::DenyUnknownFields,
        };
        open.push((name.to_owned(), remedy));
    }
    let is_whole = is_object && is_closed;
    for (place, below) in subschemas(schema) {
        match place {
            Place::Property(property) => visit(below, &format!("{name}.{property}"), false, open),
            Place::Definition(name) => visit(below, name, false, open),
            Place::Same => visit(below, name, is_flattened || is_whole, open),
            _ => visit(below, name, false, open),
        }
    }
}

/// Declares that a crate has host functions, and `registry()`, which collects them.
///
/// It stands in the crate's root. Without it no `#[host_fn]` of the crate compiles, so that none is
/// forgotten. With `migrations = …` the registry has the migrations of the tables that its
/// functions use, and a host that is built with it applies them. With `cleanup = [...]` behind that it says what
/// expires in them: see [`Cleanup`](crate::Cleanup).
///
/// ```
/// # extern crate hostfn_runtime as hostfn;
/// hostfn::registry!();
///
/// /// Adds two numbers.
/// #[hostfn::host_fn]
/// pub fn add(left: i32, right: i32) -> i32 {
///     left + right
/// }
/// # fn main() {
/// assert_eq!(registry().functions()[0].name(), "add");
/// # }
/// ```
#[macro_export]
macro_rules! registry {
    () => {
        $crate::registry!(@declare $crate::Registry::new(env!("CARGO_PKG_NAME"), __hostfn_registry::functions()));
    };
    (migrations = $migrations:expr $(,)?) => {
        $crate::registry!(@declare
            $crate::Registry::new(env!("CARGO_PKG_NAME"), __hostfn_registry::functions()).with_migrations($migrations)
        );
    };
    (migrations = $migrations:expr, cleanup = $cleanup:expr $(,)?) => {
        $crate::registry!(@declare
            $crate::Registry::new(env!("CARGO_PKG_NAME"), __hostfn_registry::functions())
                .with_migrations($migrations)
                .with_cleanup($cleanup)
        );
    };
    (@declare $registry:expr) => {
        #[doc(hidden)]
        pub mod __hostfn_registry {
            /// To this type, which is this crate's own, each `#[host_fn]` of the crate submits.
            pub struct Entry($crate::HostFunction);

            pub struct Function<F>(::core::marker::PhantomData<F>);

            impl<F: $crate::HostFn> Function<F> {
                pub const ENTRY: Entry = Entry($crate::HostFunction::of::<F>());
            }

            impl<F: 'static> $crate::__private::Otherwise for Function<F> {
                type Entry = Entry;
                const ENTRY: Entry = Entry($crate::HostFunction::of::<$crate::__private::Unusable<F>>());
            }

            $crate::__private::inventory::collect!(Entry);

            pub(super) fn functions() -> impl Iterator<Item = $crate::HostFunction> {
                $crate::__private::inventory::iter::<Entry>().map(|entry| entry.0)
            }
        }

        /// The host functions of this crate, for the builder of a host.
        pub fn registry() -> $crate::Registry {
            $registry.of_version(env!("CARGO_PKG_VERSION"))
        }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;

    use super::*;

    #[test]
    #[should_panic(expected = "`my_crate` has a function with `#[host_fn]` that is no host function")]
    fn what_is_no_host_function_is_in_no_registry() {
        Registry::new("my_crate", [HostFunction::of::<crate::__private::Unusable<()>>()]);
    }

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Closed {
        open: Option<Open>,
        map: BTreeMap<String, u32>,
        list: Vec<Listed>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Open {
        properties: String,
    }

    #[derive(JsonSchema)]
    struct Listed {}

    #[test]
    fn a_request_that_would_ignore_fields_is_found_however_deep() {
        let open = open_objects(&schemars::schema_for!(Closed));
        let names: Vec<_> = open.iter().map(|(name, remedy)| (name.as_str(), *remedy)).collect();
        assert_eq!(names, [("Open", Remedy::DenyUnknownFields), ("Listed", Remedy::DenyUnknownFields)]);
    }

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Flattened {
        name: String,
        #[schemars(flatten)]
        shape: Shape,
    }

    #[derive(JsonSchema)]
    #[schemars(tag = "kind")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Shape {
        Circle { radius: i32 },
        Square { side: i32 },
    }

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Waiting {
        timeout: std::time::Duration,
    }

    #[test]
    fn what_cannot_be_closed_is_told_what_to_take_instead() {
        let told = |schema: Schema| {
            let open = open_objects(&schema);
            let (type_name, remedy) = open.into_iter().next().expect("it is open");
            RegistryError::OpenRequest { function: "f", type_name, remedy }.to_string()
        };
        let flattened = told(schemars::schema_for!(Flattened));
        assert!(flattened.contains("`Flattened`: remove #[serde(flatten)]"), "{flattened}");
        let duration = told(schemars::schema_for!(Waiting));
        assert!(duration.contains("take a number in its place, such as `timeout_seconds: u32`"), "{duration}");
        for told in [flattened, duration] {
            assert!(!told.contains("deny_unknown_fields"), "{told}");
        }
    }
}
