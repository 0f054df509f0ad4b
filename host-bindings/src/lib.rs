//! What plugin authors consume, generated from a registry: nothing here is written twice.
//!
//! A [`Contract`] is all that plugins can rely on, as one document: every function with its request,
//! its answer, its errors and its permission. Everything else is made from it.
#![forbid(unsafe_code)]

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod apart;
mod bindings;
pub mod compat;
mod contract;
mod definitions;
mod integers;
mod languages;
mod lower;
mod naming;
mod page;
mod references;
mod remarks;
mod spread;
mod types;
mod xtp;
mod xtp_rules;

pub use bindings::{BindingsError, File, bindings, render};
pub use contract::{Contract, ContractError, FORMAT, FunctionContract};
pub use languages::{LANGUAGES, Language};
pub use page::{Example, PageError, Reference, Table};
pub use types::UnsayableType;
pub use xtp::{XtpError, xtp};
pub use xtp_rules::{XtpProblem, xtp_problems};
