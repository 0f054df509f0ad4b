use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use hostfn_contract::HostState;

use crate::Timestamp;

/// The host's clock, which a function takes as `clock: &Clock`.
///
/// A function asks neither the operating system nor the database for the time, so that a test can
/// say what time it is. Clones of a fixed clock advance together.
///
/// ```
/// # use hostfn_runtime::Clock;
/// let clock = Clock::fixed("2026-01-02T03:04:05Z".parse()?);
/// let in_the_host = clock.clone();
/// clock.advance_seconds(60);
/// assert_eq!(in_the_host.now().to_string(), "2026-01-02T03:05:05.000000Z");
/// # Ok::<(), hostfn_runtime::InvalidTimestamp>(())
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    // Microseconds since 1970. None is the operating system's clock.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The operating system's clock.
    pub const fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands still until a test advances it.
    pub fn fixed(time: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(time.microseconds()))) }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.fixed
            .as_ref()
            .and_then(|fixed| Timestamp::from_microseconds(fixed.load(Ordering::SeqCst)))
            .unwrap_or_else(Timestamp::now)
    }

    /// Moves a fixed clock forward.
    ///
    /// # Panics
    /// On the operating system's clock, which no test should try to move.
    pub fn advance_seconds(&self, seconds: u32) {
        self.set(self.now().plus_seconds(seconds));
    }

    /// Sets a fixed clock, forward or back.
    ///
    /// # Panics
    /// On the operating system's clock, which no test should try to move.
    pub fn set(&self, time: Timestamp) {
        let fixed = self.fixed.as_ref().expect("only a fixed clock can be moved");
        fixed.store(time.microseconds(), Ordering::SeqCst);
    }
}

impl HostState for Clock {}
