//! Stops a plugin call at a step of one of its host calls.

use std::{io::Write, sync::Mutex, thread, time::Duration};

use hostfn::{
    HostError,
    intercept::{InterceptedCall, Interceptor, Step},
};

use crate::faults::panics::PANIC;

/// What happens at the step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// The host is busy for so long.
    Sleeps(Duration),
    /// The host panics.
    Panics,
    /// The process says `stopped`, and waits to be killed.
    ForEver,
}

/// Counts steps: that a function is called, and that what it did is committed.
#[derive(Default)]
pub(crate) struct Stopper {
    plan: Mutex<Option<(u32, Stop)>>,
}

impl Stopper {
    /// From now on, something happens at the step of this number, counted from 1. Once.
    pub(crate) fn stop_at(&self, step: u32, stop: Stop) {
        *self.plan() = Some((step, stop));
    }

    /// Whether it has happened, or is not planned any more.
    pub(crate) fn has_stopped(&self) -> bool {
        self.plan().is_none()
    }

    /// Nothing happens any more.
    pub(crate) fn clear(&self) {
        *self.plan() = None;
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Option<(u32, Stop)>> {
        self.plan.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn next(&self) -> Option<Stop> {
        let mut plan = self.plan();
        let (steps, stop) = plan.as_mut()?;
        *steps -= 1;
        if *steps > 0 {
            return None;
        }
        let stop = *stop;
        *plan = None;
        Some(stop)
    }
}

impl Interceptor for Stopper {
    fn intercept(&self, step: Step, _: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        if !matches!(step, Step::Function | Step::Commit) {
            return Ok(());
        }
        match self.next() {
            None => {}
            Some(Stop::Sleeps(time)) => thread::sleep(time),
            Some(Stop::Panics) => panic!("{PANIC}"),
            Some(Stop::ForEver) => {
                let mut output = std::io::stdout().lock();
                let _ = output.write_all(b"stopped\n").and_then(|()| output.flush());
                loop {
                    thread::sleep(Duration::from_secs(60));
                }
            }
        }
        Ok(())
    }
}
