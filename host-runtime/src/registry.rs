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
        let open = self.functions.iter().flat_map(|function| {
            open_objects(&function.request_schema())
                .into_iter()
                .map(|type_name| RegistryError::OpenRequest { function: function.name(), type_name })
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
    },
}

codes!(pub RegistryError {
    Duplicate "duplicate-function",
    NoObject "request-not-an-object",
    OpenRequest "request-open",
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
            Self::OpenRequest { function, type_name } => write!(
                f,
                "host function `{function}`: its request would ignore unknown fields of `{type_name}`; \
                 write #[serde(deny_unknown_fields)] on `{type_name}`"
            ),
        }
    }
}

impl std::error::Error for RegistryError {}

/// The names of the object types in a request's schema that would take unknown fields.
///
/// A map is none of them: its schema says which values its members have.
fn open_objects(schema: &Schema) -> Vec<String> {
    let root = schema.as_value();
    let mut open = Vec::new();
    let name = root.get("title").and_then(Value::as_str).unwrap_or("the request");
    visit(root, name, &mut open);
    open.dedup();
    open
}

fn visit(schema: &Value, name: &str, open: &mut Vec<String>) {
    let has = |word: &str| schema.get(word).is_some();
    let is_closed = has("additionalProperties") || has("unevaluatedProperties");
    let is_object =
        schema.get("type").is_some_and(|kind| kind == "object" || *kind == serde_json::json!(["object", "null"]));
    if is_object && !is_closed {
        open.push(name.to_owned());
    }
    for (place, below) in subschemas(schema) {
        match place {
            Place::Property(property) => visit(below, &format!("{name}.{property}"), open),
            Place::Definition(name) => visit(below, name, open),
            _ => visit(below, name, open),
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
        assert_eq!(open_objects(&schemars::schema_for!(Closed)), ["Open", "Listed"]);
    }
}
