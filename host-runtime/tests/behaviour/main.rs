//! What the runtime promises, seen from plugins and from the programs that load them.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

// The name by which the macro's output knows it.
extern crate hostfn_runtime as hostfn;

mod adapter;
mod atomic;
mod audit;
mod building;
mod calls;
mod cleanup;
mod databases;
mod functions;
mod grants;
mod handles;
mod hosts;
mod imports;
mod isolation;
mod kernel;
mod limits;
mod linked;
mod logs;
mod meddling;
mod migrations;
mod panics;
mod preflight;
mod requests;
mod state;
mod terms;
mod transactions;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use hostfn_runtime::db::Migrations;

const SQLITE: EmbeddedMigrations = embed_migrations!("tests/migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("tests/migrations/postgres");

hostfn_runtime::registry!(migrations = Migrations::sqlite(SQLITE).and_postgres(POSTGRES));
