//! The built-in host functions: user accounts, sessions, e-mail verification and password reset.
//!
//! Each is an annotated Rust function, and stays callable as one. A host exposes them all with
//! `.functions(hostfn_functions::registry())`, which brings their tables along.
//!
//! | what | permissions | file |
//! |---|---|---|
//! | accounts | `users:read`, `users:write` | [`users`] |
//! | sessions | `sessions:read`, `sessions:write` | [`sessions`] |
//! | e-mail verification | `email_verification:read`, `email_verification:write` | [`email_verification`] |
//! | password reset | `password_reset:read`, `password_reset:write` | [`password_reset`] |
//! | password hashing | `credentials:verify` | [`passwords`] |
//! | smoke test | `db_test_connection` | [`connection`] |
//!
//! `credentials:read` lets a plugin see password hashes, which none needs to sign somebody in.
#![forbid(unsafe_code)]

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use hostfn::Cleanup;

pub mod connection;
pub mod email_verification;
mod insert;
pub mod password_reset;
pub mod passwords;
mod schema;
pub mod sessions;
#[cfg(test)]
mod test_support;
pub mod users;
pub mod values;

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

hostfn::registry!(
    migrations = hostfn::db::Migrations::sqlite(SQLITE_MIGRATIONS).and_postgres(POSTGRES_MIGRATIONS),
    cleanup = [
        Cleanup::rows("sessions", "id_sha256", "expires_at"),
        Cleanup::rows("email_verification_tokens", "token_sha256", "expires_at"),
        Cleanup::rows("password_reset_tokens", "token_sha256", "expires_at"),
    ],
);
