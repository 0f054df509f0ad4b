//! Breaks what a host stands on, for real, and counts what is lost: processes are killed, servers stopped, disks
//! filled, and statements never end, while plugins write through the whole path of a host call.
//!
//! A [`Fault`] is tried a number of rounds on one database, and answers [`Figures`]. It fails when an acknowledged
//! write is lost, an atomic call is half done, or a host does not recover without being restarted. What is read of
//! a database afterwards goes through a connection of its own.
#![forbid(unsafe_code)]

mod faults;
mod figures;
mod functions;
mod guest;
mod keeper;
mod ledger;
mod log;
mod process;
mod site;
mod stopper;
pub mod worker;

use std::{
    error::Error,
    fmt,
    path::Path,
    time::{Duration, Instant},
};

pub use faults::FAULTS;
pub use figures::Figures;
pub use hostfn::db::Backend;
pub use site::Site;

hostfn::registry!();

/// Why a fault cannot be tried, or what it broke.
pub type Broken = Box<dyn Error + Send + Sync>;

/// Something that goes wrong for real.
pub struct Fault {
    /// Its name.
    pub name: &'static str,
    /// The databases that it can happen to.
    pub backends: &'static [Backend],
    /// Does it.
    run: fn(&Site, u32) -> Result<Figures, Broken>,
}

/// What became of one fault on one database.
pub struct Report {
    /// What was counted; nothing where it broke off.
    pub figures: Figures,
    /// What is broken, if anything is.
    pub broken: Option<String>,
    /// How long it took.
    pub took: Duration,
}

impl Fault {
    /// Tries it. `worker` is the program `hostfn-soak`.
    pub fn run(&self, backend: Backend, worker: &Path, rounds: u32) -> Report {
        let started = Instant::now();
        let outcome = Site::new(backend, worker).and_then(|site| (self.run)(&site, rounds.max(1)));
        let (figures, broken) = match outcome {
            Ok(figures) if figures.lost > 0 || figures.half_done > 0 => {
                let broken = format!("{} acknowledged lost, {} half done", figures.lost, figures.half_done);
                (figures, Some(broken))
            }
            Ok(figures) if figures.tried == 0 => (figures, Some("nothing was tried".to_owned())),
            Ok(figures) => (figures, None),
            Err(error) => (Figures::default(), Some(error.to_string())),
        };
        Report { figures, broken, took: started.elapsed() }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault").field("name", &self.name).field("backends", &self.backends).finish_non_exhaustive()
    }
}

/// How long is waited for what must come, before it is said that it does not: a busy machine is slow, and one that hangs
/// must show. How long it took is a figure, and no reason to fail.
const FAR: Duration = Duration::from_secs(120);

/// Fails with a reason unless something holds.
fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(reason().into()) }
}
