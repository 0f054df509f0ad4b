//! Advances the epoch of an engine, so that each running guest checks its deadline every few milliseconds.
//!
//! Each engine has one thread for this. It sleeps when no call runs. It stays awake for a moment after the last call,
//! so that a busy host never pays for waking it.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use wasmtime_48::EngineWeak;

/// The interval at which a running guest checks its deadline.
pub(crate) const TICK: Duration = Duration::from_millis(5);
/// How long the thread stays awake after the last call.
const AWAKE: Duration = Duration::from_millis(250);

/// The thread of one engine. It ends when this is dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    is_asleep: AtomicBool,
    is_over: AtomicBool,
    /// Held while the thread decides to sleep and while it is woken.
    sleep: Mutex<()>,
    wake: Condvar,
}

/// A running call. The epoch advances until all of these are dropped.
pub(crate) struct Running {
    shared: Arc<Shared>,
}

impl Ticker {
    pub(crate) fn start(engine: EngineWeak) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        thread::Builder::new().name("hostfn-epochs".to_owned()).spawn(move || of_thread.tick(&engine))?;
        Ok(Self { shared })
    }

    /// Keeps the epoch advancing until the result is dropped.
    pub(crate) fn run(&self) -> Running {
        self.shared.running.fetch_add(1, SeqCst);
        if self.shared.is_asleep.load(SeqCst) {
            self.shared.wake();
        }
        Running { shared: self.shared.clone() }
    }

    #[cfg(test)]
    pub(crate) fn is_asleep(&self) -> bool {
        self.shared.is_asleep.load(SeqCst)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.is_over.store(true, SeqCst);
        self.shared.wake();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.running.fetch_sub(1, SeqCst);
    }
}

impl Shared {
    fn wake(&self) {
        let _held = self.sleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_asleep.store(false, SeqCst);
        self.wake.notify_one();
    }

    fn tick(&self, engine: &EngineWeak) {
        let mut busy = Instant::now();
        while !self.is_over.load(SeqCst) {
            if self.running.load(SeqCst) > 0 {
                busy = Instant::now();
            } else if busy.elapsed() > AWAKE {
                self.sleep();
                busy = Instant::now();
                continue;
            }
            thread::sleep(TICK);
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
        }
    }

    /// Returns when a call begins or the engine is gone. A call counts itself before it looks whether the thread is
    /// asleep, and the thread says so before it counts calls: one of the two sees the other.
    fn sleep(&self) {
        let mut held = self.sleep.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_asleep.store(true, SeqCst);
        if self.running.load(SeqCst) > 0 || self.is_over.load(SeqCst) {
            self.is_asleep.store(false, SeqCst);
        }
        while self.is_asleep.load(SeqCst) {
            held = self.wake.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_without_calls_and_wakes_for_one() {
        let engine = wasmtime_48::Engine::default();
        let ticker = Ticker::start(engine.weak()).unwrap();
        while !ticker.is_asleep() {
            thread::sleep(TICK);
        }
        for _ in 0..3 {
            let _running = ticker.run();
            while ticker.is_asleep() {
                thread::yield_now();
            }
        }
        while !ticker.is_asleep() {
            thread::sleep(TICK);
        }
    }

    #[test]
    fn it_ends_with_its_engine() {
        let engine = wasmtime_48::Engine::default();
        let ticker = Ticker::start(engine.weak()).unwrap();
        let shared = Arc::downgrade(&ticker.shared);
        drop(ticker);
        while shared.upgrade().is_some() {
            thread::sleep(TICK);
        }
    }
}
