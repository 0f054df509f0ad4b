//! What the parts do together: the auth plugin, the command, the repository. Each host function is in
//! the conformance suite.
#![forbid(unsafe_code)]

mod adapter_blocks;
mod arity;
mod auth_flow;
mod bindings;
mod command;
mod compat;
mod contract;
mod docs;
mod guide;
mod json;
mod markdown;
mod mistakes;
mod model;
mod new;
mod operations;
mod repository;
mod scenarios;
mod schemas;
mod support;
mod trace;
mod watch;
