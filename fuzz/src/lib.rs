//! What a host reads that others wrote: requests, handles, modules, contracts. Each module is one target, and its `run`
//! one execution, which panics when something does not hold.
//!
//! The targets of libFuzzer, in `fuzz_targets`, only call them, and `cargo xtask fuzz` runs those.
#![forbid(unsafe_code)]

pub mod compat;
pub mod decode;
pub mod dispatch;
pub mod preflight;
pub mod schema;

mod contracts;
