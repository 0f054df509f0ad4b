//! What the host logs meanwhile, which must say what to do.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::filter::EnvFilter;

use crate::{Broken, ensure};

/// A log that is kept.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Keeps what is logged on this thread while `body` runs.
    pub(crate) fn during<T>(&self, body: impl FnOnce() -> T) -> T {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("warn,extism=off"))
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, body)
    }

    /// What was logged until now.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Fails unless one of its lines has this advice.
    pub(crate) fn advises(&self, advice: &str) -> Result<(), Broken> {
        let log = self.text();
        ensure(log.lines().any(|line| line.contains(advice)), || format!("`{advice}` is not in the log:\n{log}"))
    }
}
