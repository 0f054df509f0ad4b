//! Every built-in host function, called through real WebAssembly.
//!
//! The modules mirror those of `host-functions`; what was said and what became of the database is
//! pinned under `snapshots/`, one folder an entity.
#![forbid(unsafe_code)]

mod arity;
mod auth_flow;
mod command;
mod connection;
mod email_verification;
mod password_reset;
mod passwords;
mod repository;

mod sessions;
mod support;
mod users;
