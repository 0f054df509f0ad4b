//! What a plugin call is to the database: how long it may take, and its transaction where it is atomic.
//!
//! It is kept by thread, since a plugin call and all its host calls are on one, and a function that borrows
//! the [`Database`] opens its transactions itself, without being told what call it serves.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Instant,
};

use hostfn_contract::{ErrorCode, HostError};

use super::{
    Access, Database, Transaction,
    connection::Purpose,
    pool::PooledConnection,
    transaction::{commit, discard},
};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Scope>>> = const { RefCell::new(None) };
}

/// One plugin call.
pub(crate) struct Scope {
    /// Nothing where it is further away than can be said.
    deadline: Option<Instant>,
    /// Its transaction, where all its host calls are one.
    atomic: Option<Atomic>,
    /// Whether a host call was answered that the database cannot be used right now.
    was_unavailable: Cell<bool>,
    /// Whether the host call that runs has committed something by itself.
    has_committed: Cell<bool>,
    /// The plugin call that this one was made in, by a host function.
    outer: Option<Rc<Scope>>,
}

struct Atomic {
    database: Database,
    slot: RefCell<Slot>,
}

/// Where the connection of an atomic plugin call is.
#[allow(clippy::large_enum_variant, reason = "one of them is the usual, and there is one of it a plugin call")]
enum Slot {
    /// In the pool: no host call reached the database yet.
    NotBegun,
    /// Here, with the transaction open and no function using it.
    Open(PooledConnection),
    /// With a host function.
    Lent,
    /// Closed, and all that the plugin call did is undone.
    Lost,
}

impl Scope {
    /// The plugin call that this thread is in.
    pub(super) fn current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Refuses what would be done too late.
    pub(crate) fn check_deadline() -> Result<(), HostError> {
        match Self::current() {
            Some(scope) if scope.is_over() => Err(HostError::deadline_exceeded()),
            _ => Ok(()),
        }
    }

    /// Whether this thread is in a plugin call that is one transaction.
    pub(crate) fn is_atomic() -> bool {
        CURRENT.with_borrow(|current| current.as_ref().is_some_and(|scope| scope.atomic.is_some()))
    }

    /// Says that the next host call begins.
    pub(crate) fn begin_host_call() {
        CURRENT.with_borrow(|current| current.iter().for_each(|scope| scope.has_committed.set(false)));
    }

    /// Notes that a transaction was committed that is not a part of another.
    pub(super) fn note_commit() {
        CURRENT.with_borrow(|current| current.iter().for_each(|scope| scope.has_committed.set(true)));
    }

    /// An error as the guest is told it: what could not be had in time was not denied, but late, and what was done in
    /// part is not to be done again.
    pub(crate) fn as_told(error: HostError) -> HostError {
        if !matches!(error.code(), ErrorCode::Unavailable | ErrorCode::DeadlineExceeded) {
            return error;
        }
        let Some(scope) = Self::current() else { return error };
        if scope.has_committed.get() {
            let partly = "a part of this was saved before the rest failed: look what is there before you call again";
            return HostError::new(ErrorCode::Internal, partly).because(error);
        }
        if error.code() == ErrorCode::DeadlineExceeded {
            return error;
        }
        scope.was_unavailable.set(true);
        if scope.is_over() { error.as_deadline_exceeded() } else { error }
    }

    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether what is done to this database is a part of one transaction.
    pub(super) fn is_atomic_in(&self, database: &Database) -> bool {
        self.atomic.as_ref().is_some_and(|atomic| atomic.database.is_same(database))
    }

    /// Whether a plugin call around this one holds the connection of its transaction.
    pub(super) fn is_held_around(database: &Database) -> bool {
        let mut outer = Self::current().and_then(|scope| scope.outer.clone());
        while let Some(scope) = outer {
            let holds = scope.is_atomic_in(database)
                && scope.atomic.as_ref().is_some_and(|atomic| !matches!(*atomic.slot.borrow(), Slot::NotBegun));
            if holds {
                return true;
            }
            outer = scope.outer.clone();
        }
        false
    }

    /// Lends the connection to a host function, in a savepoint. The first call of the plugin call begins the
    /// transaction: one that never gets here never takes a lock.
    pub(super) fn lend(self: Rc<Self>, access: Access) -> Result<Transaction, HostError> {
        let atomic = self.atomic.as_ref().ok_or_else(|| HostError::internal("the plugin call is not atomic"))?;
        let slot = std::mem::replace(&mut *atomic.slot.borrow_mut(), Slot::Lent);
        let mut connection = match slot {
            Slot::Open(connection) => connection,
            Slot::NotBegun => match atomic.database.begin_own(Purpose::PluginCall, self.deadline) {
                Ok(connection) => connection,
                Err(error) => {
                    // Nothing was done, and the next call may find the database free.
                    *atomic.slot.borrow_mut() = Slot::NotBegun;
                    return Err(error);
                }
            },
            Slot::Lent => {
                return Err(HostError::internal(
                    "in an atomic plugin call a function has one connection: use the one that it was lent",
                ));
            }
            Slot::Lost => {
                *atomic.slot.borrow_mut() = Slot::Lost;
                return Err(lost());
            }
        };
        connection.set_deadline(self.deadline);
        Transaction::within(connection, access, self.clone())
    }

    /// Takes the connection back from a host function, with the transaction as it was lent.
    pub(super) fn take_back(&self, connection: PooledConnection) {
        self.put(Slot::Open(connection));
    }

    /// Closes the connection, which undoes everything.
    pub(super) fn lose(&self, connection: PooledConnection) {
        discard(connection);
        self.put(Slot::Lost);
    }

    fn put(&self, slot: Slot) {
        if let Some(atomic) = &self.atomic {
            *atomic.slot.borrow_mut() = slot;
        }
    }

    /// Commits what the plugin call did, or undoes it.
    fn finish(&self, succeeded: bool) -> Result<(), HostError> {
        let Some(atomic) = &self.atomic else { return Ok(()) };
        let mut connection = match std::mem::replace(&mut *atomic.slot.borrow_mut(), Slot::NotBegun) {
            Slot::NotBegun => return Ok(()),
            Slot::Open(connection) => connection,
            // A function that never gave it back, because its thread unwinds.
            Slot::Lent | Slot::Lost => return if succeeded { Err(lost()) } else { Ok(()) },
        };
        // What has started to be committed is committed, and what is undone is undone, however long it takes.
        connection.set_deadline(None);
        let outcome = if succeeded { commit(&mut connection) } else { connection.roll_back().map_err(Into::into) };
        if outcome.is_err() && connection.is_in_transaction() {
            discard(connection);
        }
        outcome
    }
}

fn lost() -> HostError {
    HostError::internal(
        "all that this plugin call did was undone: a host function in it panicked, was interrupted while it wrote, or ended \
         a transaction that is not its own",
    )
}

/// A plugin call on this thread, from its start to its end.
pub(crate) struct Entered {
    scope: Rc<Scope>,
}

impl Entered {
    /// Starts a plugin call; with a database, all that it does to it is one transaction. One that is made within
    /// another has no longer than that one.
    pub(crate) fn new(deadline: Option<Instant>, atomic: Option<Database>) -> Self {
        let atomic = atomic.map(|database| Atomic { database, slot: RefCell::new(Slot::NotBegun) });
        let outer = Scope::current();
        let deadline = deadline.into_iter().chain(outer.as_ref().and_then(|outer| outer.deadline)).min();
        let scope = Rc::new(Scope {
            deadline,
            atomic,
            was_unavailable: Cell::new(false),
            has_committed: Cell::new(false),
            outer,
        });
        CURRENT.set(Some(scope.clone()));
        Self { scope }
    }

    /// Whether all that the plugin call did will be undone unless it is committed, and it was kept from doing it by
    /// a database that could not be used, so that it may be made again.
    pub(crate) fn may_be_made_again(&self) -> bool {
        self.scope.atomic.is_some() && self.scope.was_unavailable.get()
    }

    /// Whether all that an atomic plugin call did is undone already.
    pub(crate) fn is_lost(&self) -> bool {
        self.scope.atomic.as_ref().is_some_and(|atomic| matches!(*atomic.slot.borrow(), Slot::Lost | Slot::Lent))
    }

    /// Whether the call's time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.scope.is_over()
    }

    /// Whether that is because the call's time was over: its guest was told so a moment before it would have been ended.
    pub(crate) fn is_lost_for_being_late(&self) -> bool {
        self.is_lost() && self.is_over()
    }

    /// Commits what an atomic plugin call did.
    ///
    /// # Errors
    /// When it cannot be committed, and was undone; or is not known to be.
    pub(crate) fn commit(self) -> Result<(), HostError> {
        self.scope.finish(true)
    }
}

/// Undoes what was not committed: the guest failed, trapped or took too long.
impl Drop for Entered {
    fn drop(&mut self) {
        if let Err(error) = self.scope.finish(false) {
            tracing::warn!(?error, "what an atomic plugin call did cannot be rolled back: its connection is closed");
        }
        CURRENT.set(self.scope.outer.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn unavailable() -> HostError {
        HostError::unavailable("call again later")
    }

    #[test]
    fn a_plugin_call_within_another_has_no_longer_than_that_one() {
        let soon = Instant::now() + Duration::from_secs(1);
        let outer = Entered::new(Some(soon), None);
        let later = soon.checked_add(Duration::from_secs(5));
        for deadline in [later, None] {
            let _inner = Entered::new(deadline, None);
            assert_eq!(Scope::current().unwrap().deadline(), Some(soon));
        }
        drop(outer);
        assert!(Scope::current().is_none());
    }

    #[test]
    fn what_an_atomic_plugin_call_holds_is_not_waited_for_within_it() {
        let database = Database::open("sqlite::memory:").unwrap();
        // Waiting for what this thread holds itself would be in vain, and end as `unavailable`.
        let outer = Entered::new(None, Some(database.clone()));
        {
            let _inner = Entered::new(None, None);
            database.write(|_| Ok(())).unwrap();
        }
        database.write(|_| Ok(())).unwrap();
        {
            let _inner = Entered::new(None, Some(database.clone()));
            assert_eq!(database.write(|_| Ok(())).unwrap_err().code(), ErrorCode::Internal);
        }
        outer.commit().unwrap();
        database.write(|_| Ok(())).unwrap();
    }

    #[test]
    fn what_was_done_in_part_is_not_said_to_be_harmless_to_do_again() {
        let database = Database::open("sqlite::memory:").unwrap();
        let _call = Entered::new(None, None);
        Scope::begin_host_call();
        database.read(|_| Ok(())).unwrap();
        assert_eq!(Scope::as_told(unavailable()).code(), ErrorCode::Unavailable);
        database.write(|_| Ok(())).unwrap();
        assert_eq!(Scope::as_told(unavailable()).code(), ErrorCode::Internal);
        assert_eq!(Scope::as_told(HostError::deadline_exceeded()).code(), ErrorCode::Internal);
        assert_eq!(Scope::as_told(HostError::conflict("taken")).code(), ErrorCode::Conflict);
        Scope::begin_host_call();
        assert_eq!(Scope::as_told(unavailable()).code(), ErrorCode::Unavailable);
    }
}
