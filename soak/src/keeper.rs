//! Lets host functions keep their connections until a fault says that it is enough.

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
};

use crate::{Broken, FAR, ensure};

/// Where connections are kept: [`Keeper::named`].
#[derive(Default)]
pub(crate) struct Keeper {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    kept: usize,
    is_enough: bool,
}

impl Keeper {
    /// The one of this name, which each fault has for itself on each database.
    pub(crate) fn named(name: &str) -> Arc<Self> {
        static KEEPERS: LazyLock<Mutex<HashMap<String, Arc<Keeper>>>> = LazyLock::new(Mutex::default);
        let mut keepers = KEEPERS.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.entry(name.to_owned()).or_default().clone()
    }

    /// Answers when it is enough.
    pub(crate) fn keep(&self) {
        let mut state = self.lock();
        state.kept += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| !state.is_enough));
    }

    /// Waits until so many are kept. It is enough when the answer is dropped.
    pub(crate) fn keeps(&self, connections: usize) -> Result<Kept<'_>, Broken> {
        let kept = Kept(self);
        let waited = self.changed.wait_timeout_while(self.lock(), FAR, |state| state.kept < connections);
        let is_late = waited.unwrap_or_else(PoisonError::into_inner).1.timed_out();
        ensure(!is_late, || format!("{connections} connections are not kept"))?;
        Ok(kept)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this is there, connections are kept.
pub(crate) struct Kept<'a>(&'a Keeper);

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.0.lock().is_enough = true;
        self.0.changed.notify_all();
    }
}
