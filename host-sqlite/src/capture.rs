//! Tells SQLite's entry point which connection is ours.
//!
//! SQLite calls the entry point for every connection of the process, on the thread that opens it.
//! So [`open`](crate::open) says on its own thread that it opens one, and what for.

use std::{cell::Cell, mem, sync::Arc};

use crate::Bounds;

/// What the present thread opens.
#[derive(Default)]
enum State {
    /// Nothing of ours.
    #[default]
    Off,
    /// A connection that these bounds are for.
    Waiting(Arc<Bounds>),
    /// The same, after the bounds were taken, with how many connections were opened since it began.
    ///
    /// More than one when a diesel instrumentation opens a connection of its own at diesel's news
    /// that ours is being opened. Nobody can tell then which of them took the bounds.
    Taken { connections: u32 },
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Off) };
}

/// From [`Capture::begin`] until it is dropped, a connection that this thread opens is ours.
pub(crate) struct Capture {
    /// What an outer `open` on this thread waits for.
    outer: State,
}

impl Capture {
    pub(crate) fn begin(bounds: Arc<Bounds>) -> Self {
        Self { outer: replace(State::Waiting(bounds)) }
    }

    /// Whether the bounds were taken, and by the only connection that was opened.
    pub(crate) fn end(self) -> bool {
        matches!(replace(State::Off), State::Taken { connections: 1 })
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        replace(mem::take(&mut self.outer));
    }
}

/// The bounds of the connection that this thread is opening, once, if it is one of ours.
pub(crate) fn take() -> Option<Arc<Bounds>> {
    let (next, taken) = match replace(State::Off) {
        State::Off => (State::Off, None),
        State::Waiting(bounds) => (State::Taken { connections: 1 }, Some(bounds)),
        State::Taken { connections } => (State::Taken { connections: connections.saturating_add(1) }, None),
    };
    replace(next);
    taken
}

/// A thread that ends and has dropped its state already opens nothing of ours: `open` then fails.
fn replace(state: State) -> State {
    STATE.try_with(|held| held.replace(state)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_taken_once() {
        assert!(take().is_none());
        let bounds = Arc::new(Bounds::new());
        let capture = Capture::begin(bounds.clone());
        assert!(take().is_some_and(|taken| Arc::ptr_eq(&taken, &bounds)));
        assert!(capture.end());
        assert!(take().is_none());
    }

    #[test]
    fn two_connections_cannot_be_told_apart() {
        let capture = Capture::begin(Arc::new(Bounds::new()));
        assert!(take().is_some());
        assert!(take().is_none());
        assert!(!capture.end());
    }

    #[test]
    fn none_that_took_the_bounds_is_not_a_success() {
        assert!(!Capture::begin(Arc::new(Bounds::new())).end());
    }

    #[test]
    fn an_inner_capture_gives_way_to_the_outer() {
        let outer = Arc::new(Bounds::new());
        let capture = Capture::begin(outer.clone());
        {
            let inner = Arc::new(Bounds::new());
            let capture = Capture::begin(inner.clone());
            assert!(take().is_some_and(|taken| Arc::ptr_eq(&taken, &inner)));
            assert!(capture.end());
        }
        assert!(take().is_some_and(|taken| Arc::ptr_eq(&taken, &outer)));
        assert!(capture.end());
    }

    #[test]
    fn nothing_is_left_behind_by_an_opening_that_failed() {
        let bounds = Arc::new(Bounds::new());
        drop(Capture::begin(bounds.clone()));
        assert!(take().is_none());
        assert_eq!(Arc::strong_count(&bounds), 1);

        assert!(crate::open("/no/such/folder/database.sqlite").is_err());
        assert!(take().is_none());
    }
}
