//! Puts handlers on a SQLite connection that diesel opens. The only `unsafe` code of the workspace.
//!
//! It is needed because SQLite takes handlers through its C API alone, and diesel neither passes
//! them on nor gives its handle away. What makes it sound:
//!
//! - **The handle is valid.** It is used in the entry point, which SQLite calls with the handle that
//!   is being opened, and in [`release`], which SQLite calls while it still closes it. In between
//!   nothing here touches it.
//! - **The context outlives the handlers.** SQLite owns it, as [client data] of the connection,
//!   whatever safe code does with the connection and its [`Bounds`]: swaps, leaks or drops them, in
//!   any order. SQLite calls [`release`] exactly once. That is before the connection has rolled back
//!   and closed its files, so `release` takes the handlers off before it frees what they are given.
//!   (A connection whose opening failed refuses to have them taken off. It has run nothing, and is
//!   good for nothing but to be closed, which asks no handler.)
//! - **Nobody else can free it.** Only C code that knows the name of the client data could replace
//!   it. A SQL function that owns the context would not do: diesel lets safe code define another of
//!   the same name, and SQLite then frees the first.
//! - **The context is shared between threads as Rust demands.** A connection may move to another
//!   thread and its handlers with it. They get a shared reference to [`Bounds`], which is `Sync`.
//! - **Nothing unwinds into C.** The functions that C calls are `extern "C"`, in which a panic aborts
//!   the process. They call nothing that is known to panic.
//!
//! [client data]: https://www.sqlite.org/c3ref/get_clientdata.html
#![expect(
    unsafe_code,
    reason = "SQLite takes handlers through its C API alone; the module's comment says why it is sound"
)]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr,
    sync::Arc,
};

use libsqlite3_sys::{
    SQLITE_OK, sqlite3, sqlite3_api_routines, sqlite3_auto_extension, sqlite3_busy_handler, sqlite3_progress_handler,
    sqlite3_set_clientdata,
};

use crate::{Bounds, capture};

/// How many instructions of SQLite's virtual machine run between two looks at the deadline.
const INSTRUCTIONS: c_int = 1000;

/// The name of the context among a connection's client data.
const CONTEXT: &CStr = c"hostfn-sqlite bounds";

/// What SQLite keeps for the handlers of one connection.
struct Context {
    handle: *mut sqlite3,
    bounds: Arc<Bounds>,
}

/// Makes SQLite call [`on_open`] for each connection that the process opens from now on, or answers
/// with SQLite's code when it has no memory for that.
///
/// Once is enough, and [again does nothing](https://www.sqlite.org/c3ref/auto_extension.html).
pub(crate) fn register() -> Result<(), c_int> {
    // SAFETY: `on_open` has the signature that SQLite calls entry points with, and does nothing to
    // connections that are not ours.
    match unsafe { sqlite3_auto_extension(Some(on_open)) } {
        SQLITE_OK => Ok(()),
        code => Err(code),
    }
}

/// The entry point: puts handlers on a connection that [`open`](crate::open()) opens, and leaves
/// every other alone. An answer other than `SQLITE_OK` makes the opening fail with it.
///
/// # Safety
/// `handle` is a connection that is being opened on this thread.
unsafe extern "C" fn on_open(
    handle: *mut sqlite3,
    _message: *mut *mut c_char,
    _routines: *const sqlite3_api_routines,
) -> c_int {
    match capture::take() {
        // SAFETY: as this function demands.
        Some(bounds) => unsafe { install(handle, bounds) },
        None => SQLITE_OK,
    }
}

/// # Safety
/// `handle` is a connection that is being opened on this thread.
unsafe fn install(handle: *mut sqlite3, bounds: Arc<Bounds>) -> c_int {
    let context = Box::into_raw(Box::new(Context { handle, bounds })).cast::<c_void>();
    // SAFETY: the handle is valid, and `context` what `release` frees. From here on it belongs to
    // SQLite, which also releases it when this call fails.
    let code = unsafe { sqlite3_set_clientdata(handle, CONTEXT.as_ptr(), context, Some(release)) };
    if code != SQLITE_OK {
        return code;
    }
    // SAFETY: the handle is valid, and `context` lives until `release` takes the handlers off.
    unsafe {
        sqlite3_progress_handler(handle, INSTRUCTIONS, Some(on_progress), context);
        sqlite3_busy_handler(handle, Some(on_busy), context)
    }
}

/// Takes the handlers off a connection that closes, and frees their context.
///
/// # Safety
/// `context` is what [`install`] made, is not used afterwards, and its connection is still closing.
unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: it is the box of `install`, and SQLite gives it back once.
    let context = unsafe { Box::from_raw(context.cast::<Context>()) };
    // SAFETY: the connection is closing, or being opened, and either way not freed yet.
    unsafe {
        sqlite3_progress_handler(context.handle, 0, None, ptr::null_mut());
        sqlite3_busy_handler(context.handle, None, ptr::null_mut());
    }
}

/// Interrupts the statement that runs, when it answers with other than 0.
///
/// # Safety
/// `context` is what [`install`] made, and not released.
unsafe extern "C" fn on_progress(context: *mut c_void) -> c_int {
    // SAFETY: as this function demands; nobody holds it mutably.
    let context = unsafe { &*context.cast::<Context>() };
    c_int::from(context.bounds.is_past_deadline())
}

/// Lets SQLite try again for a lock, or fail with `database is locked` when it answers with 0.
///
/// # Safety
/// `context` is what [`install`] made, and not released.
unsafe extern "C" fn on_busy(context: *mut c_void, attempt: c_int) -> c_int {
    // SAFETY: as this function demands; nobody holds it mutably.
    let context = unsafe { &*context.cast::<Context>() };
    c_int::from(context.bounds.wait(attempt.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, sync::Weak};

    use diesel::{Connection, SqliteConnection};
    use libsqlite3_sys::SQLITE_ERROR;

    use super::*;
    use crate::capture::Capture;

    thread_local! {
        static FAIL: Cell<bool> = const { Cell::new(false) };
    }

    /// An extension that comes after ours and lets the opening fail.
    unsafe extern "C" fn fail_on_open(
        _handle: *mut sqlite3,
        _message: *mut *mut c_char,
        _routines: *const sqlite3_api_routines,
    ) -> c_int {
        if FAIL.get() { SQLITE_ERROR } else { SQLITE_OK }
    }

    #[test]
    fn an_opening_that_fails_after_the_handlers_were_installed_frees_them() {
        register().unwrap();
        // SAFETY: it has the signature of an entry point, and touches nothing.
        assert_eq!(unsafe { sqlite3_auto_extension(Some(fail_on_open)) }, SQLITE_OK);
        FAIL.set(true);
        let bounds = Arc::new(Bounds::new());
        let observed: Weak<Bounds> = Arc::downgrade(&bounds);
        let capture = Capture::begin(bounds);
        assert!(SqliteConnection::establish(":memory:").is_err());
        assert!(capture.end(), "the handlers had been installed");
        assert!(observed.upgrade().is_none());
        FAIL.set(false);
    }
}
