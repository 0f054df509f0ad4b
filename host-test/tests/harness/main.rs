//! What the harness promises to those who test host functions with it.
#![allow(missing_docs, reason = "a test is documented by its name")]
#![forbid(unsafe_code)]

extern crate hostfn_runtime as hostfn;

mod broken;
mod contracts;
mod databases;
mod faults;
mod functions;
mod mocks;
mod names;
mod scenario_messages;
mod scenarios;
mod transcripts;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use hostfn::db::Migrations;

const SQLITE: EmbeddedMigrations = embed_migrations!("tests/migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("tests/migrations/postgres");

hostfn::registry!(migrations = Migrations::sqlite(SQLITE).and_postgres(POSTGRES));

/// The functions of one namespace: several have the same name.
fn functions_in(namespace: &str) -> hostfn::Registry {
    let all = registry();
    let functions = all.functions().iter().filter(|function| function.namespace() == namespace).copied();
    let migrations = Migrations::sqlite(SQLITE).and_postgres(POSTGRES);
    hostfn::Registry::new(all.owner(), functions).with_migrations(migrations)
}

/// What a test said when it failed.
fn failure(test: impl FnOnce()) -> String {
    let failure = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test)).expect_err("the test must fail");
    failure
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| failure.downcast_ref().map(|text: &&str| text.to_string()))
        .unwrap_or_default()
}
