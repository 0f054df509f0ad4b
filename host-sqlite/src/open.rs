use std::sync::Arc;

use diesel::{Connection, ConnectionError, ConnectionResult, SqliteConnection};

use crate::{Bounds, capture::Capture, handlers_unsafe};

/// Opens a SQLite connection by file name or `file:` URI, whose waiting and running is bounded by
/// what its [`Bounds`] say.
///
/// At first they say that nothing is interrupted, and that a lock is waited for at most
/// [`BUSY_WAIT`](crate::BUSY_WAIT). A connection that diesel opens by itself fails at once when it
/// meets a lock; such connections stay as they are.
///
/// ```
/// use diesel::prelude::*;
///
/// let (mut connection, bounds) = hostfn_sqlite::open(":memory:")?;
/// assert_eq!(bounds.deadline(), None);
/// let two: i32 = diesel::select(1.into_sql::<diesel::sql_types::Integer>() + 1).get_result(&mut connection)?;
/// assert_eq!(two, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the database cannot be opened, or the bounds could not be put on the connection: there is
/// no connection without them. The latter is so when SQLite is out of memory, and when a diesel
/// instrumentation opens a connection of its own at the news that this one is being opened.
///
/// # How
/// By an [automatic extension](https://www.sqlite.org/c3ref/auto_extension.html), which SQLite calls
/// inside [`sqlite3_open_v2`](https://www.sqlite.org/c3ref/open.html).
pub fn open(file: &str) -> ConnectionResult<(SqliteConnection, Arc<Bounds>)> {
    handlers_unsafe::register()
        .map_err(|code| bad_connection(&format!("SQLite refused the bounds of a connection with the code {code}")))?;
    let bounds = Arc::new(Bounds::new());
    let capture = Capture::begin(bounds.clone());
    let connection = SqliteConnection::establish(file)?;
    if capture.end() {
        Ok((connection, bounds))
    } else {
        Err(bad_connection("a connection was opened without bounds on how long it runs and waits"))
    }
}

fn bad_connection(message: &str) -> ConnectionError {
    ConnectionError::BadConnection(message.to_owned())
}
