//! Host functions for WebAssembly plugins: write a plain Rust function, annotate it, and every
//! plugin can call it safely.
//!
//! This is the facade: everything of the runtime stands here, the built-in functions in
//! [`functions`], what plugin authors consume in [`bindings`], and the command line in [`cli`].
//! Without the default features only the runtime remains.
//!
//! ```
//! use hostfn::{Database, DbConnection, Grants, HostError, PluginManager, host_fn};
//!
//! hostfn::registry!();
//!
//! /// Adds two numbers.
//! #[host_fn(permission = "arithmetic")]
//! pub fn add(left: i32, right: i32) -> Result<i32, HostError> {
//!     left.checked_add(right).ok_or_else(|| HostError::invalid_request("the sum has more than 32 bits"))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let manager = PluginManager::with_database(Database::open("sqlite::memory:")?, registry())?;
//! assert_eq!(manager.functions().next().map(|function| function.name()), Some("add"));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

/// The README's examples, so that they are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The guides' examples.
#[cfg(doctest)]
#[doc = include_str!("../docs/testing.md")]
struct TestingGuide;

#[cfg(doctest)]
#[doc = include_str!("../docs/operations.md")]
struct OperationsGuide;

#[cfg(doctest)]
#[doc = include_str!("../docs/host-function-guide.md")]
struct HostFunctionGuide;

#[cfg(doctest)]
#[doc = include_str!("../docs/performance.md")]
struct PerformanceGuide;

#[cfg(feature = "bindings")]
pub use hostfn_bindings as bindings;
#[cfg(feature = "cli")]
pub use hostfn_cli as cli;
#[cfg(feature = "functions")]
pub use hostfn_functions as functions;
pub use hostfn_runtime::*;
