//! The mutations: mistakes that somebody could make, and that a test must notice.
//!
//! How to write an entry:
//!
//! 1. Choose what the function is *for* (whom it may touch, what expires, what is single), and break that. A mistake
//!    that fails on every call, such as a wrong table, says little about the tests; one that fails rarely says much.
//! 2. `find` is a piece of the file, copied as it stands, line breaks and indentation included. It must occur exactly
//!    once, in the body of a function: take in as much of the line as it needs, or the line above.
//! 3. `replace` must compile. Hence `.ge` for `.gt` rather than a line left out, which leaves an unused variable.
//! 4. `what` is the mistake as a reviewer would put it; it is printed beside the outcome.
//! 5. `tests` are the only ones that are run: those of its entity, or of its part of the framework.
//! 6. `cargo xtask mutants --only db_get_session` tries that one.
//!
//! ```text
//! Mutation {
//!     subject: "db_get_session",
//!     what: "a session is found in the moment in which it expires",
//!     file: "host-functions/src/sessions.rs",
//!     find: "sessions::expires_at.gt(clock.now())",
//!     replace: "sessions::expires_at.ge(clock.now())",
//!     tests: Suite::conformance("sqlite::generated::sessions::"),
//! },
//! ```

mod framework;
mod operations;

pub use operations::OPERATIONS;

use super::{Mutation, Suite};

/// All of them.
pub fn all() -> Vec<&'static Mutation> {
    operations::MUTATIONS.iter().chain(framework::MUTATIONS).collect()
}
