//! Two things side by side: criterion has each for itself, and turns give their ratio.

use std::time::{Duration, Instant};

/// Does something so many times, and says how long it took.
pub(crate) type Work<'a> = Box<dyn FnMut(u64) -> Duration + 'a>;

/// What is done over and over, timed as a whole.
pub(crate) fn each<'a>(mut once: impl FnMut() + 'a) -> Work<'a> {
    Box::new(move |times| {
        let started = Instant::now();
        (0..times).for_each(|_| once());
        started.elapsed()
    })
}

/// What is done of `outer` beyond what is done of `inner` as well.
pub(crate) fn beyond<'a>(mut outer: Work<'a>, mut inner: Work<'a>) -> Work<'a> {
    Box::new(move |times| outer(times).saturating_sub(inner(times)))
}

/// What is compared with what.
pub(crate) struct Comparison<'a> {
    /// By which the bound is found: `host_call/100`.
    pub(crate) id: &'static str,
    pub(crate) ours: Work<'a>,
    pub(crate) theirs: Work<'a>,
    /// By how much a figure of either is divided, so that it is of one host call.
    pub(crate) parts: f64,
}

/// What came of it.
pub(crate) struct Measured {
    /// How much longer ours takes than theirs.
    pub(crate) ratio: f64,
    pub(crate) ours: Duration,
    pub(crate) theirs: Duration,
}

impl Comparison<'_> {
    /// Lets both take turns, so that what else the machine does meets both, and gives the medians.
    pub(crate) fn measure(&mut self, turns: usize, turn: Duration) -> Measured {
        // Once for what is only slow at first.
        (self.ours)(1);
        let mut times = 1;
        while (self.theirs)(times) < turn {
            times *= 2;
        }
        let pairs: Vec<_> = (0..turns).map(|_| ((self.ours)(times), (self.theirs)(times))).collect();
        let median = |of: &dyn Fn(&(Duration, Duration)) -> f64| {
            let mut all: Vec<_> = pairs.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let one = |seconds: f64| Duration::from_secs_f64(seconds / times as f64 / self.parts);
        Measured {
            ratio: median(&|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64()),
            ours: one(median(&|(ours, _)| ours.as_secs_f64())),
            theirs: one(median(&|(_, theirs)| theirs.as_secs_f64())),
        }
    }
}
