//! What the output of `#[host_fn]` names.
//!
//! A host function is described by [`HostFn`]: constants and associated types, and one `call`.
//! The crate is free of extism and diesel, because everything that mentions an annotated function
//! (compile-fail tests, documentation, a guest's types) would otherwise compile a WebAssembly
//! engine and a database first. The feature `diesel` adds what only this crate may add:
//! implementations of its own traits for diesel's types.
//!
//! Application code uses the `hostfn` facade, which re-exports what is here.
#![forbid(unsafe_code)]

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod caller;
mod checked;
mod connection;
#[cfg(feature = "diesel")]
mod diesel;
mod entropy;
mod error;
mod function;
mod inject;
mod json;
mod nul;
mod patch;
mod permission;
mod response;
mod secret;
pub mod subschemas;
mod teach;

pub use caller::{CallId, Caller};
pub use checked::CHECKED_MARK;
pub use connection::{HostConnection, NoConnection};
pub use entropy::{Entropy, EntropySource};
pub use error::{ErrorCode, HostError};
pub use function::{DEFAULT_NAMESPACE, HostFn, NoRequest, Outcome};
pub use inject::{Call, HostState, Inject, InjectAll, MissingState, Resolver, States};
pub use json::Json;
#[doc(hidden)]
pub use nul::forbid_nul;
pub use nul::{ANY_STRING_PATTERN, NO_NUL_PATTERN, StringWithNul};
pub use patch::{Change, Patch};
pub use permission::{Grants, InvalidPermission, is_permission};
pub use response::{ErrorBody, HostResponse};
pub use secret::{Disclosed, SECRET_MARK, Secret, Sensitive};

/// What the macro's output needs and nobody else should name.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
    pub use schemars;
    pub use serde;

    pub use crate::{__hostfn_submit as submit, teach::*, *};
}
