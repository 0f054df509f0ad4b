//! `hostfn` as the macro's output names it, without WebAssembly and a database: tests of the macro
//! compile in seconds.
#![forbid(unsafe_code)]

/// The examples of the macros' documentation, so that they are compiled and run.
#[cfg(doctest)]
mod examples {
    #[doc = include_str!("../../src/host_fn.md")]
    struct HostFn;

    #[doc = include_str!("../../src/host_state.md")]
    struct HostState;

    #[doc = include_str!("../../README.md")]
    struct Readme;
}

use std::any::Any;

use __private::schemars::{Schema, schema_for};
pub use hostfn_contract::*;
pub use hostfn_macros::{HostState, host_fn};

/// A function in a registry: what a test of the macro looks at.
#[derive(Clone, Copy)]
pub struct HostFunction {
    /// The name that a guest imports.
    pub name: &'static str,
    /// The module that it imports it from.
    pub namespace: &'static str,
    /// The doc comment.
    pub documentation: &'static str,
    /// What a plugin must be granted.
    pub permission: &'static str,
    /// Whether it only reads.
    pub read_only: bool,
    /// What to use instead.
    pub deprecated: Option<&'static str>,
    /// The domain errors.
    pub errors: &'static [ErrorCode],
    /// The schema of the request.
    pub request_schema: fn() -> Schema,
    /// The schema of the response.
    pub response_schema: fn() -> Schema,
    /// Calls it.
    pub call: CallFunction,
}

/// Lends a function a connection and states, and gives it a request as JSON.
pub type CallFunction = fn(&mut dyn Any, &States, &str) -> Result<String, HostError>;

impl HostFunction {
    /// What `F` says.
    pub const fn of<F: HostFn>() -> Self {
        Self {
            name: F::NAME,
            namespace: F::NAMESPACE,
            documentation: F::DOCUMENTATION,
            permission: F::PERMISSION,
            read_only: F::READ_ONLY,
            deprecated: F::DEPRECATED,
            errors: F::ERRORS,
            request_schema: || schema_for!(F::Request),
            response_schema: || schema_for!(F::Response),
            call: call::<F>,
        }
    }
}

fn call<F: HostFn>(connection: &mut dyn Any, states: &States, request: &str) -> Result<String, HostError> {
    let connection = connection.downcast_mut().ok_or_else(|| HostError::unavailable("another connection is taken"))?;
    let resolved =
        F::State::resolve(&mut Resolver::new(states)).ok_or_else(|| HostError::unavailable("state is missing"))?;
    let request = serde_json::from_str(request).map_err(|error| HostError::invalid_request(error.to_string()))?;
    let call_id = CallId { plugin_call: Default::default(), sequence: 1 };
    let caller = Caller::new("test", Grants::none(), call_id);
    let call = Call { caller: &caller, entropy: EntropySource::seeded(1).for_call("test", F::NAME, b"") };
    let response = F::call(connection, F::State::borrow(&resolved, &call), request)?;
    serde_json::to_string(&response).map_err(HostError::internal)
}

/// Declares `registry()`, as the macro of this name in `hostfn` does.
#[macro_export]
macro_rules! registry {
    () => {
        #[doc(hidden)]
        pub mod __hostfn_registry {
            pub struct Entry(pub(super) $crate::HostFunction);

            pub struct Function<F>(::core::marker::PhantomData<F>);

            impl<F: $crate::HostFn> Function<F> {
                pub const ENTRY: Entry = Entry($crate::HostFunction::of::<F>());
            }

            impl<F: 'static> $crate::__private::Otherwise for Function<F> {
                type Entry = Entry;
                const ENTRY: Entry = Entry($crate::HostFunction::of::<$crate::__private::Unusable<F>>());
            }

            $crate::__private::inventory::collect!(Entry);
        }

        /// The host functions of this crate, sorted by name.
        pub fn registry() -> Vec<$crate::HostFunction> {
            let entries = $crate::__private::inventory::iter::<__hostfn_registry::Entry>();
            let mut functions: Vec<_> = entries.map(|entry| entry.0).collect();
            functions.sort_by_key(|function| function.name);
            functions
        }
    };
}
