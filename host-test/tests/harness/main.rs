//! What the harness promises to those who test host functions with it.
#![allow(missing_docs, reason = "a test is documented by its name")]
#![forbid(unsafe_code)]

extern crate hostfn_runtime as hostfn;

mod broken;
mod contracts;
mod faults;
mod functions;
mod mocks;
mod scenarios;
mod transcripts;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("tests/migrations");

hostfn::registry!(migrations = hostfn::db::Migrations::sqlite(MIGRATIONS));

/// The functions of one namespace: several have the same name.
fn functions_in(namespace: &str) -> hostfn::Registry {
    let all = registry();
    let functions = all.functions().iter().filter(|function| function.namespace() == namespace).copied();
    hostfn::Registry::new(all.owner(), functions).with_migrations(hostfn::db::Migrations::sqlite(MIGRATIONS))
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
