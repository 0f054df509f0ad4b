//! The framework around host functions.
//!
//! A function that is annotated with [`host_fn`] becomes a host function that every plugin of a
//! [`PluginManager`] can call. What happens around it stands in `dispatch.rs`, from top to bottom.
//!
//! Application code names this crate `hostfn`: either through the facade of that name, or renamed,
//! `hostfn = { package = "hostfn-runtime", … }`, where the command line and the built-in functions
//! are not wanted.
#![forbid(unsafe_code)]

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod adapter;
mod answers;
mod audit;
mod build_error;
mod cleanup;
mod clock;
mod codec;
mod codes;
pub mod db;
#[doc(hidden)]
pub mod defence;
mod dispatch;
mod file_schema;
mod foreign;
mod function;
mod host;
mod instance;
#[doc(hidden)]
pub mod intercept;
mod kernel;
mod likeness;
mod limits;
mod machine;
mod manager;
mod manager_builder;
mod manifest;
mod memory;
mod memory_maximum;
mod module;
mod observe;
mod parts;
mod plugin;
mod plugin_call;
mod plugin_error;
mod plugin_folder;
mod plugin_options;
mod preflight;
mod recipe;
mod redact;
mod registry;
mod runtime_import;
mod terms;
mod toml_text;
mod unused_grants;

pub use answers::{IdempotencyKey, InvalidIdempotencyKey};
pub use audit::AuditLog;
pub use build_error::{BuildError, BuildProblem};
pub use cleanup::Cleanup;
pub use clock::Clock;
pub use db::{Database, DbConnection, InvalidTimestamp, InvalidUuid, KeepPrepared, Timestamp, Uuid, sql_types};
pub use function::HostFunction;
pub use hostfn_contract::{
    CHECKED_MARK, CallId, Caller, Change, DEFAULT_NAMESPACE, Disclosed, Entropy, EntropySource, ErrorBody, ErrorCode,
    Grants, HostConnection, HostError, HostFn, HostResponse, HostState, Inject, InvalidPermission, Json, Patch,
    SECRET_MARK, Secret, Sensitive, StringWithNul,
};
pub use hostfn_macros::{HostState, host_fn};
pub use limits::{InvalidLimit, LimitChanges, Limits};
pub use manager::PluginManager;
pub use manager_builder::PluginManagerBuilder;
pub use manifest::{ManifestError, PluginManifest};
pub use observe::{HostCall, Observer, PluginCallEnd, TransactionEnd};
pub use plugin::{GUEST_STACK_BYTES, Plugin};
pub use plugin_error::{CallError, Findings, LoadError};
pub use plugin_folder::{CheckedFile, FolderChange, FolderEntry, FolderWatch, PluginFolder};
pub use plugin_options::PluginOptions;
pub use preflight::{Finding, FindingKind, Severity};
pub use redact::Redactor;
pub use registry::{Registry, RegistryError, Remedy};

#[doc(hidden)]
pub use file_schema::{Nulls, file_schema};
#[doc(hidden)]
pub use hostfn_contract::{__private, ANY_STRING_PATTERN, NO_NUL_PATTERN, subschemas};
#[doc(hidden)]
pub use likeness::nearest;
#[doc(hidden)]
pub use machine::machine_sources;
#[doc(hidden)]
pub use manifest::read_module;
#[doc(hidden)]
pub use unused_grants::unused;
