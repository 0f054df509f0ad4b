//! What is shown on a terminal while something takes longer than a second, and nowhere else.

use std::{
    borrow::Cow,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner needs no sign that it goes on.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows that something goes on, on standard error, until it is dropped: after a second, since what is over sooner needs
/// no sign, and only where standard error is a terminal.
pub struct Progress {
    bar: ProgressBar,
    done: Option<Sender<()>>,
    shown: Option<JoinHandle<()>>,
}

impl Progress {
    /// Something whose end is not known, such as "compiling auth".
    pub fn of(what: impl Into<Cow<'static, str>>) -> Self {
        Self::shown_late(ProgressBar::no_length(), "{spinner} {msg} {elapsed}", what.into())
    }

    /// Something of so many steps.
    pub fn of_steps(steps: usize, what: impl Into<Cow<'static, str>>) -> Self {
        let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
        Self::shown_late(bar, "{spinner} {msg} [{bar:20}] {pos} of {len}, {elapsed}", what.into())
    }

    fn shown_late(bar: ProgressBar, template: &str, what: Cow<'static, str>) -> Self {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        bar.set_style(ProgressStyle::with_template(template).expect("the template is one").progress_chars("=> "));
        bar.set_message(what);
        let (done, wait) = mpsc::channel();
        let late = bar.clone();
        // A bar that cannot be shown is no reason to fail.
        let shown = thread::Builder::new().name("progress".to_owned()).spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // Draws nothing where standard error is no terminal.
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(Duration::from_millis(100));
            }
        });
        Self { bar, done: Some(done), shown: shown.ok() }
    }

    /// What is going on now.
    pub fn say(&self, what: impl Into<Cow<'static, str>>) {
        self.bar.set_message(what);
    }

    /// One step is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// Writes lines that stay, which the bar would be drawn into.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").field("what", &self.bar.message()).finish_non_exhaustive()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(shown) = self.shown.take() {
            // Otherwise it could be shown after it was cleared.
            let _ = shown.join();
        }
        self.bar.finish_and_clear();
    }
}
