/// A connection that a host function can be given: `db: &mut DbConnection`, or one of diesel's own.
///
/// It is checked out of the pool that the host was given, inside a transaction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection that a host function can be given",
    label = "not a connection",
    note = "the one `&mut` argument is the connection: write `&mut DbConnection`, or diesel's own connection for one database only",
    note = "state that changes is taken as `&T`, with its own lock inside `T`"
)]
pub trait HostConnection: Sized + 'static {}

/// The connection of a function that takes none: its host needs no database.
#[derive(Debug)]
pub struct NoConnection;

impl HostConnection for NoConnection {}
