//! Instances of a plugin: each runs one call at a time and is used again for the next.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{
    plugin_call::{LoadedPlugin, PluginCall},
    recipe::Recipe,
};

/// A guest with memory of its own.
pub(crate) struct Instance {
    pub(crate) plugin: extism::Plugin,
    pub(crate) plugin_call: Arc<PluginCall>,
    _seat: Seat,
}

impl Instance {
    /// Boxed: it is large, and moved several times with each call.
    pub(crate) fn new(recipe: &Recipe, plugin: &Arc<LoadedPlugin>, seat: Seat) -> Result<Box<Self>, extism::Error> {
        let (plugin, plugin_call) = recipe.make(plugin)?;
        Ok(Box::new(Self { plugin, plugin_call, _seat: seat }))
    }
}

/// A place for an instance among all those of the process, given up when it is dropped.
pub(crate) struct Seat(());

static SEATS_TAKEN: AtomicUsize = AtomicUsize::new(0);

impl Seat {
    /// One, unless so many are taken.
    pub(crate) fn take(most: usize) -> Option<Self> {
        let one_more = |taken: usize| (taken < most).then_some(taken + 1);
        SEATS_TAKEN.fetch_update(Relaxed, Relaxed, one_more).ok().map(|_| Self(()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        SEATS_TAKEN.fetch_sub(1, Relaxed);
    }
}

/// The instances of one plugin, up to a number.
pub(crate) struct Pool {
    state: Mutex<State>,
    freed: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    #[expect(clippy::vec_box, reason = "an instance is moved in and out with each call, and is large")]
    idle: Vec<Box<Instance>>,
    in_use: usize,
    /// How many calls wait for one of those in use: waking nobody is a system call all the same.
    waiting: usize,
}

impl Pool {
    pub(crate) fn new(most: usize) -> Self {
        Self { state: Mutex::default(), freed: Condvar::new(), most }
    }

    /// Adds an instance that was made ahead: the first, before anybody waits for one, and others for calls to come.
    pub(crate) fn put(&self, instance: Box<Instance>) {
        self.lock().idle.push(instance);
    }

    /// Waits for a place among those in use, or for so long.
    pub(crate) fn take(&self, patience: Duration) -> Option<Slot<'_>> {
        let mut state = self.lock();
        // What time it is matters only to who waits.
        let mut since = None;
        while state.in_use >= self.most {
            let left = patience.checked_sub(since.get_or_insert_with(Instant::now).elapsed())?;
            state.waiting += 1;
            state = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
        state.in_use += 1;
        Some(Slot { instance: state.idle.pop(), pool: self })
    }

    /// Whether it has fewer instances than this, idle or in use, and may have more.
    pub(crate) fn has_fewer_than(&self, instances: usize) -> bool {
        let state = self.lock();
        state.idle.len() + state.in_use < instances.min(self.most)
    }

    /// An instance that no call needs at the moment.
    pub(crate) fn take_idle(&self) -> Option<Box<Instance>> {
        self.lock().idle.pop()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the instances in use, given up when it is dropped.
pub(crate) struct Slot<'a> {
    instance: Option<Box<Instance>>,
    pool: &'a Pool,
}

impl Slot<'_> {
    /// An instance that was idle, if one was. Whoever gets none makes one.
    pub(crate) fn take_instance(&mut self) -> Option<Box<Instance>> {
        self.instance.take()
    }

    /// Keeps an instance for the next call. One that is not put back, because it trapped or was
    /// stopped, is dropped.
    pub(crate) fn put_back(&mut self, instance: Box<Instance>) {
        self.instance = Some(instance);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.in_use -= 1;
        state.idle.extend(self.instance.take());
        let somebody_waits = state.waiting > 0;
        drop(state);
        if somebody_waits {
            self.pool.freed.notify_one();
        }
    }
}
