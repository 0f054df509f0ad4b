use std::{any::TypeId, sync::Arc};

use extism::Function;
use hostfn_contract::{
    CHECKED_MARK, ErrorCode, HostConnection, HostError, HostFn, HostResponse, InjectAll, NoConnection, NoRequest,
    Resolver, SECRET_MARK, forbid_nul,
    subschemas::{change_each_schema, subschemas},
};
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::Value;

use crate::{Database, Limits, adapter, codec, dispatch::dispatch, memory, plugin_call::PluginCall, terms::Terms};

/// A host function as a registry holds it: what it is, and how it is bound to a host.
///
/// `#[host_fn]` makes one. It says what a plugin's author and an administrator need to know.
#[derive(Clone, Copy)]
pub struct HostFunction {
    name: &'static str,
    namespace: &'static str,
    documentation: &'static str,
    permission: &'static str,
    read_only: bool,
    deprecated: Option<&'static str>,
    errors: &'static [ErrorCode],
    takes_request: fn() -> bool,
    read_request: fn(&str) -> Result<(), HostError>,
    request_schema: fn() -> Schema,
    response_schema: fn() -> Schema,
    answer_schema: fn() -> Schema,
    terms: fn() -> Result<(Terms, Terms), String>,
    connection: fn() -> Connection,
    bind: fn(HostFunction, &mut Resolver<'_>) -> Binding,
}

/// A function that is bound, unless state of it is missing; or what is wrong with a schema that is none.
type Binding = Result<Option<Arc<dyn AnyBound>>, String>;

/// The connection that a function takes.
pub(crate) struct Connection {
    pub(crate) type_name: &'static str,
    pub(crate) is_needed: bool,
    pub(crate) is_offered_by: fn(&Database) -> bool,
}

impl HostFunction {
    /// The host function that an annotation describes.
    pub const fn of<F: HostFn>() -> Self {
        Self {
            name: F::NAME,
            namespace: F::NAMESPACE,
            documentation: F::DOCUMENTATION,
            permission: F::PERMISSION,
            read_only: F::READ_ONLY,
            deprecated: F::DEPRECATED,
            errors: F::ERRORS,
            takes_request: || TypeId::of::<F::Request>() != TypeId::of::<NoRequest>(),
            read_request: |text| {
                codec::decode::<F::Request>(text, Limits::MOST_JSON_DEPTH)?;
                request_terms::<F>().map_err(HostError::internal)?.check_request(text)
            },
            request_schema: || published::<F::Request>(SchemaSettings::for_deserialize),
            response_schema: || published::<F::Response>(SchemaSettings::for_serialize),
            answer_schema: || published::<HostResponse<F::Response>>(SchemaSettings::for_serialize),
            terms: || Ok((request_terms::<F>()?, response_terms::<F>()?)),
            connection: || Connection {
                type_name: std::any::type_name::<F::Connection>(),
                is_needed: needs_database::<F::Connection>(),
                is_offered_by: Database::offers::<F::Connection>,
            },
            bind: bind::<F>,
        }
    }

    /// The name that a guest imports.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The module that a guest imports it from.
    pub fn namespace(&self) -> &'static str {
        self.namespace
    }

    /// Its doc comment, in Markdown.
    pub fn documentation(&self) -> &'static str {
        self.documentation
    }

    /// What a plugin must be granted to call it.
    pub fn permission(&self) -> &'static str {
        self.permission
    }

    /// Whether it only reads.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// What to use instead, where it should not be used any more.
    pub fn deprecated(&self) -> Option<&'static str> {
        self.deprecated
    }

    /// The domain errors that it may answer. Every function may answer the others.
    pub fn errors(&self) -> &'static [ErrorCode] {
        self.errors
    }

    /// Whether it takes a request.
    pub fn takes_request(&self) -> bool {
        (self.takes_request)()
    }

    /// Whether a guest may import it without a parameter: nothing of its request is required.
    pub fn can_be_called_with_nothing(&self) -> bool {
        self.read_request("").is_ok()
    }

    /// Reads a request and drops it, as a call would before the function: for the fuzzer.
    ///
    /// # Errors
    /// What a guest would be answered.
    #[doc(hidden)]
    pub fn read_request(&self, text: &str) -> Result<(), HostError> {
        (self.read_request)(text)
    }

    /// The JSON Schema (2020-12) of what it takes.
    pub fn request_schema(&self) -> Schema {
        (self.request_schema)()
    }

    /// The JSON Schema (2020-12) of the data that it answers with.
    pub fn response_schema(&self) -> Schema {
        (self.response_schema)()
    }

    /// The JSON Schema (2020-12) of the whole answer: that data, or an error.
    pub fn answer_schema(&self) -> Schema {
        (self.answer_schema)()
    }

    /// Whether each request, and each response, is compared with its schema, because a schema says what neither serde nor
    /// the type checks: for the tests of the built-in functions, which are to be as fast as they can.
    #[doc(hidden)]
    pub fn is_compared_with_schema(&self) -> bool {
        (self.terms)().is_ok_and(|(request, response)| request.always_compares() || response.always_compares())
    }

    /// The namespace and the name, by which a guest imports it and a host sorts it.
    pub(crate) fn import(&self) -> (&'static str, &'static str) {
        (self.namespace, self.name)
    }

    pub(crate) fn connection(&self) -> Connection {
        (self.connection)()
    }

    /// Binds it to what a host was given, or lets the resolver note what is missing.
    ///
    /// # Errors
    /// What is wrong with its schemas, where one of them is none.
    pub(crate) fn bind(&self, resolver: &mut Resolver<'_>) -> Binding {
        (self.bind)(*self, resolver)
    }
}

impl std::fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostFunction")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The schema of a type as it is in one direction, for others.
fn published<T: JsonSchema>(direction: fn(SchemaSettings) -> SchemaSettings) -> Schema {
    let mut schema = root_schema::<T>(direction);
    change_each_schema(&mut schema, &mut |keywords| {
        keywords.shift_remove(CHECKED_MARK);
    });
    Schema::try_from(schema).expect("a schema with patterns is one still")
}

fn root_schema<T: JsonSchema>(direction: fn(SchemaSettings) -> SchemaSettings) -> Value {
    let mut schema = direction(SchemaSettings::draft2020_12()).into_generator().into_root_schema_for::<T>().to_value();
    forbid_nul(&mut schema);
    schema
}

fn request_terms<F: HostFn>() -> Result<Terms, String> {
    Terms::of(root_schema::<F::Request>(SchemaSettings::for_deserialize))
}

fn response_terms<F: HostFn>() -> Result<Terms, String> {
    Terms::of(root_schema::<F::Response>(SchemaSettings::for_serialize))
}

fn needs_database<C: HostConnection>() -> bool {
    TypeId::of::<C>() != TypeId::of::<NoConnection>()
}

/// A host function and what it borrows from its host.
pub(crate) struct Bound<F: HostFn> {
    pub(crate) description: HostFunction,
    pub(crate) state: <F::State as InjectAll>::Resolved,
    pub(crate) request_terms: Terms,
    pub(crate) response_terms: Terms,
    /// Whether its answers hold secrets, so that the host's copy of them is wiped.
    pub(crate) answers_secrets: bool,
}

fn bind<F: HostFn>(description: HostFunction, resolver: &mut Resolver<'_>) -> Binding {
    let state = F::State::resolve(resolver);
    let (request_terms, response_terms) = (description.terms)()?;
    let answers_secrets = mentions_secrets(description.response_schema().as_value());
    Ok(state.map(|state| {
        let bound = Bound::<F> { description, state, request_terms, response_terms, answers_secrets };
        Arc::new(bound) as Arc<dyn AnyBound>
    }))
}

/// Whether a schema, or anything within it, is marked as secret.
fn mentions_secrets(schema: &Value) -> bool {
    schema.get(SECRET_MARK) == Some(&Value::Bool(true)) || subschemas(schema).any(|(_, below)| mentions_secrets(below))
}

/// A [`Bound`] function of whatever type.
pub(crate) trait AnyBound: Send + Sync {
    fn description(&self) -> &HostFunction;

    /// The function for the linker of one instance: for its adapter, or in plain mode with the arity that its guest
    /// imports.
    fn link(self: Arc<Self>, plugin_call: Arc<PluginCall>, mode: Mode) -> Function;
}

impl<F: HostFn> AnyBound for Bound<F> {
    fn description(&self) -> &HostFunction {
        &self.description
    }

    fn link(self: Arc<Self>, plugin_call: Arc<PluginCall>, mode: Mode) -> Function {
        let answers_secrets = self.answers_secrets;
        match mode {
            Mode::WithAdapter => {
                let name = adapter::joined(F::NAMESPACE, F::NAME);
                memory::adapter_function(
                    adapter::HOST,
                    name,
                    plugin_call,
                    answers_secrets,
                    move |call, request, answer| dispatch(&*self, call, request, answer),
                )
            }
            Mode::Plain { takes_request } => memory::extism_function(
                F::NAMESPACE,
                F::NAME,
                takes_request,
                answers_secrets,
                move |request, answer| dispatch(&*self, &plugin_call, request, answer),
            ),
        }
    }
}

/// Who calls a host function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The adapter beside the guest.
    WithAdapter,
    /// The guest itself.
    Plain { takes_request: bool },
}

#[cfg(test)]
mod tests {
    use hostfn_contract::Secret;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Holder {
        secret: Option<Secret>,
    }

    #[test]
    fn a_secret_is_found_wherever_it_is() {
        let mentions = |schema: Schema| mentions_secrets(schema.as_value());
        assert!(mentions(schemars::schema_for!(Secret)));
        assert!(mentions(schemars::schema_for!(Option<Vec<Holder>>)));
        assert!(!mentions(schemars::schema_for!(Vec<String>)));
    }
}
