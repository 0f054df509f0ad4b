use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// The longest that a statement waits for another connection's lock: 5 s.
pub const BUSY_WAIT: Duration = Duration::from_secs(5);

/// The longest pause between two attempts at a lock.
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

/// How long the statements of one connection may run and wait for locks.
///
/// [`open`](crate::open) makes it together with the connection, and both may be kept, moved and
/// dropped in any order. Set it from the thread that uses the connection: whichever thread sets it,
/// a statement that already runs learns of it at its next look.
///
/// # What it does not bound
/// SQLite looks at the deadline about every thousand instructions of its virtual machine, some
/// microseconds apart. So a short statement may still succeed after the deadline, and one long
/// instruction runs to its end: `count(*)` or `DELETE` of a whole table without a condition, a sort,
/// one call of an SQL function, the disk's flush in a commit.
///
/// `PRAGMA busy_timeout` takes the place of the handler that waits: after it, statements wait as it
/// says and neither [`BUSY_WAIT`] nor the deadline ends the waiting. [SQLite tells so][timeout].
///
/// # After an interruption
/// An interrupted `INSERT`, `UPDATE` or `DELETE` inside a transaction [rolls the whole transaction
/// back][interrupt]; an interrupted `SELECT` leaves it open. Either way the transaction is to be
/// rolled back, and not to be committed: SQLite also looks at the deadline after a statement's last
/// instruction, and then says `interrupted` of a statement that is done. Outside a transaction such
/// a statement is committed.
///
/// Diesel's own `transaction` therefore hides the interruption of a statement that writes: it finds
/// nothing to roll back, and answers with that error instead (`NotInTransaction`, or `cannot
/// rollback - no transaction is active`). The connection is good for the next transaction.
///
/// [interrupt]: https://www.sqlite.org/c3ref/interrupt.html
/// [timeout]: https://www.sqlite.org/c3ref/busy_timeout.html
#[derive(Debug)]
pub struct Bounds {
    /// Nanoseconds since [`BASE`], or [`NO_DEADLINE`].
    ///
    /// All accesses are relaxed: the number is all there is to read, and it publishes no other
    /// memory. One thread sees its own writes in order, and what moves a connection to another
    /// thread also makes them visible there.
    deadline: AtomicU64,
    /// Nanoseconds that the present statement has waited for locks.
    waited: AtomicU64,
}

const NO_DEADLINE: u64 = u64::MAX;

/// What deadlines are counted from, as an `Instant` does not fit an atomic.
static BASE: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Bounds {
    pub(crate) fn new() -> Self {
        // Now, so that no deadline of a connection lies before it unless it has passed already.
        LazyLock::force(&BASE);
        Self { deadline: AtomicU64::new(NO_DEADLINE), waited: AtomicU64::new(0) }
    }

    /// From now on, statements that still run at `deadline` are interrupted, and nothing waits for a
    /// lock beyond it. With `None` nothing is interrupted, and a lock is waited for at most
    /// [`BUSY_WAIT`].
    ///
    /// An interrupted statement fails in diesel with the message `interrupted`, one that waited in
    /// vain with `database is locked`. The deadline stays when it has passed: set `None` or a later
    /// one before `ROLLBACK` or `COMMIT`.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use diesel::connection::SimpleConnection;
    ///
    /// let (mut connection, bounds) = hostfn_sqlite::open(":memory:")?;
    /// let endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c";
    ///
    /// bounds.set_deadline(Some(Instant::now() + Duration::from_millis(20)));
    /// let error = connection.batch_execute(endless).unwrap_err();
    /// assert_eq!(error.to_string(), "interrupted");
    ///
    /// bounds.set_deadline(None);
    /// connection.batch_execute("SELECT 1")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_deadline(&self, deadline: Option<Instant>) {
        let deadline = deadline.map_or(NO_DEADLINE, |deadline| since_base(deadline).min(NO_DEADLINE - 1));
        self.deadline.store(deadline, Relaxed);
    }

    /// The deadline that is set, whether it has passed or not.
    ///
    /// One that had passed before the first connection was opened is answered with a later instant,
    /// which has passed too.
    pub fn deadline(&self) -> Option<Instant> {
        match self.deadline.load(Relaxed) {
            NO_DEADLINE => None,
            nanoseconds => BASE.checked_add(Duration::from_nanos(nanoseconds)),
        }
    }

    /// Whether a statement that runs now is to be interrupted.
    pub(crate) fn is_past_deadline(&self) -> bool {
        self.time_to_deadline().is_some_and(|left| left.is_zero())
    }

    /// Pauses before another attempt at a lock, or answers `false` when there is to be none.
    ///
    /// `attempt` is 0 in the first call for a statement, from which the waiting counts. Only pauses
    /// are counted, as SQLite's own handler does: a statement that waits, runs for long and waits
    /// again has not waited while it ran.
    pub(crate) fn wait(&self, attempt: u32) -> bool {
        let waited = if attempt == 0 { 0 } else { self.waited.load(Relaxed) };
        let left = BUSY_WAIT.saturating_sub(Duration::from_nanos(waited));
        let left = self.time_to_deadline().map_or(left, |to_deadline| left.min(to_deadline));
        if left.is_zero() {
            return false;
        }
        let pause = Duration::from_millis(1 << attempt.min(5)).min(LONGEST_PAUSE).min(left);
        let began = Instant::now();
        thread::sleep(pause);
        self.waited.store(waited.saturating_add(nanoseconds(began.elapsed())), Relaxed);
        true
    }

    fn time_to_deadline(&self) -> Option<Duration> {
        match self.deadline.load(Relaxed) {
            NO_DEADLINE => None,
            deadline => Some(Duration::from_nanos(deadline.saturating_sub(since_base(Instant::now())))),
        }
    }
}

fn since_base(instant: Instant) -> u64 {
    nanoseconds(instant.saturating_duration_since(*BASE))
}

/// As many as fit; it takes 584 years to have more.
fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_answered_as_it_was_set() {
        let bounds = Bounds::new();
        assert_eq!(bounds.deadline(), None);
        assert!(!bounds.is_past_deadline());

        let later = Instant::now() + Duration::from_secs(60);
        bounds.set_deadline(Some(later));
        assert_eq!(bounds.deadline(), Some(later));
        assert!(!bounds.is_past_deadline());

        let now = Instant::now();
        bounds.set_deadline(Some(now));
        assert_eq!(bounds.deadline(), Some(now));
        assert!(bounds.is_past_deadline());

        bounds.set_deadline(None);
        assert_eq!(bounds.deadline(), None);
        assert!(!bounds.is_past_deadline());
    }

    #[test]
    fn a_deadline_before_the_base_has_passed_and_one_in_centuries_has_not() {
        let bounds = Bounds::new();
        if let Some(before) = BASE.checked_sub(Duration::from_secs(1)) {
            bounds.set_deadline(Some(before));
            assert!(bounds.is_past_deadline());
        }
        if let Some(in_centuries) = BASE.checked_add(Duration::from_secs(60 * 60 * 24 * 366 * 1000)) {
            bounds.set_deadline(Some(in_centuries));
            assert!(!bounds.is_past_deadline());
            assert!(bounds.deadline().is_some());
        }
    }

    #[test]
    fn waiting_counts_from_a_statements_first_attempt() {
        let bounds = Bounds::new();
        bounds.waited.store(nanoseconds(BUSY_WAIT), Relaxed);
        assert!(!bounds.wait(7));
        let waited = || Duration::from_nanos(bounds.waited.load(Relaxed));
        let began = Instant::now();
        assert!(bounds.wait(0));
        let first = waited();
        assert!((Duration::from_millis(1)..=began.elapsed()).contains(&first), "{first:?}");
        // A busy machine may make the first pause as long as all may be.
        if bounds.wait(1) {
            assert!((first + Duration::from_millis(2)..=began.elapsed()).contains(&waited()), "{:?}", waited());
        } else {
            assert!(first >= BUSY_WAIT, "{first:?}");
        }
    }

    #[test]
    fn nothing_is_waited_for_past_the_deadline() {
        let bounds = Bounds::new();
        bounds.set_deadline(Some(Instant::now()));
        assert!(!bounds.wait(0));
    }
}
