//! What a fault was counted to do.

use std::{fmt, time::Duration};

use serde::Serialize;

/// The figures of one fault on one database.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// How many calls were made.
    pub tried: u64,
    /// How many of them were acknowledged: the caller was told that they are done.
    pub acknowledged: u64,
    /// How many acknowledged calls have left nothing behind. Must be 0.
    pub lost: u64,
    /// How many atomic calls have left something behind, and not all. Must be 0.
    pub half_done: u64,
    /// The rest, in words.
    pub notes: Vec<String>,
}

impl Figures {
    /// Adds a figure in words.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tried, {} acknowledged", self.tried, self.acknowledged)?;
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}

/// Times, from which ranks are read.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that a share of them does not exceed: 0.5 is the median, 1.0 the worst.
    pub(crate) fn rank(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a few thousand"
        )]
        let position = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(position.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// In milliseconds, as all figures are.
pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
