//! A test harness for host functions: a host, a database and a WebAssembly guest for any registry.
//!
//! A [`TestHost`] calls functions as a plugin does, through a real guest that is generated from the
//! registry, so that no compiler for WebAssembly is needed. What was said and what became of the
//! database is a [`Transcript`], for snapshot tests.
//!
//! ```
//! # extern crate hostfn_runtime as hostfn;
//! use hostfn_test::TestHost;
//! use serde_json::json;
//! # hostfn::registry!();
//!
//! /// Greets somebody.
//! #[hostfn::host_fn(permission = "greetings")]
//! pub fn greet(name: String) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! # fn main() {
//! let host = TestHost::new(registry());
//! assert_eq!(host.call("greet", json!({"name": "Ada"})).data(), "Hello, Ada!");
//! # }
//! ```
#![forbid(unsafe_code)]

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod accepted;
mod coverage;
mod database;
mod difference;
mod fault;
mod fixture;
mod guest;
mod host;
mod mock;
mod plugin;
#[cfg(feature = "postgres")]
pub mod postgres;
mod recorder;
mod scenario;
mod schema;
mod script;
mod snapshot;
mod tables;
mod template;
mod test_database;
mod transcript;

pub use accepted::{AcceptedCall, AcceptedTranscript, accepted_transcripts};
pub use coverage::{Coverage, MissingAnswer};
pub use database::{DatabaseEffect, TableRows};
pub use fault::Fault;
pub use guest::forwarding_guest;
pub use host::TestHost;
pub use mock::{Mock, MockedFunction};
pub use plugin::{Answer, TestPlugin};
pub use scenario::{Difference, Scenario, ScenarioFailure, ScenarioOutcome};
#[doc(hidden)]
pub use snapshot::__private;
pub use tables::tables_of;
pub use test_database::{TemporaryDatabase, TestDatabase};
pub use transcript::Transcript;
