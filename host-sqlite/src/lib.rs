//! What SQLite offers and diesel does not pass on: an end to how long a statement runs, and to how
//! long it waits for a lock.
//!
//! Diesel keeps the handle of its connection to itself, and SQLite wants that handle for a
//! [progress handler] and a [busy handler]. [`open`] gets at it where SQLite hands it out: an
//! [automatic extension] is called for each connection, while it is being opened. Everything that
//! calls C is in `handlers_unsafe.rs`; it is the only `unsafe` code of the workspace, and this crate
//! exists so that every other crate can forbid it.
//!
//! [progress handler]: https://www.sqlite.org/c3ref/progress_handler.html
//! [busy handler]: https://www.sqlite.org/c3ref/busy_handler.html
//! [automatic extension]: https://www.sqlite.org/c3ref/auto_extension.html

/// The README's example, so that it is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod bounds;
mod capture;
mod handlers_unsafe;
mod open;

pub use bounds::{BUSY_WAIT, Bounds};
pub use open::open;
