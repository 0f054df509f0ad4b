//! The process that runs the others: each case in one of its own, in each mode, with its defence and without.

use std::{
    env,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libtest_mimic::{Failed, Trial};

use crate::harness::{
    case::{Case, Mode},
    child::{NO_HOST, Verdict},
    process::{Ended, run},
};

/// By when the process of a case must have ended by itself; the attack in it has a shorter time.
const PATIENCE: Duration = Duration::from_secs(150);
/// How long to wait at least for a host that goes on without its defence, and how often as long as with it.
const PATIENCE_WITHOUT: (Duration, u32) = (Duration::from_secs(5), 4);
/// How much memory a process may have before it is killed.
const MOST_BYTES: u64 = 1 << 30;

/// How the fault begins of a case whose process could not be run.
const NO_PROCESS: &str = "the process cannot be run";

/// How the fault begins of a case whose process was killed because it was late.
const NO_END: &str = "the process did not end";

/// How a case went.
pub(crate) struct Report {
    pub(crate) class: &'static str,
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) mode: Mode,
    /// Whether it is known not to hold.
    pub(crate) is_open: bool,
    /// What is wrong, if anything is.
    pub(crate) fault: Option<String>,
    /// What the case noticed when its defence was off.
    pub(crate) noticed: Option<String>,
    pub(crate) took: Duration,
    pub(crate) bytes: Option<u64>,
}

/// A case as a test, which leaves its report.
pub(crate) fn trial(class: &'static str, case: Case, mode: Mode, reports: Arc<Mutex<Vec<Report>>>) -> Trial {
    let path = format!("{class}::{}", case.name);
    let kind = if case.is_open(mode) { "open" } else { "" };
    Trial::test(format!("{}::{path}", mode.name()), move || {
        let report = report(class, &case, mode, &path);
        let fault = report.fault.clone();
        reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        fault.map_or(Ok(()), |fault| Err(Failed::from(fault)))
    })
    .with_kind(kind)
}

fn report(class: &'static str, case: &Case, mode: Mode, path: &str) -> Report {
    let (held, took, bytes) = process(path, mode, false, PATIENCE);
    let (name, what, is_open) = (case.name, case.what, case.is_open(mode));
    let mut report = Report { class, name, what, mode, is_open, fault: None, noticed: None, took, bytes };
    match held {
        Err(fault) if !is_open || is_of_the_suite(&fault) => report.fault = Some(fault),
        Err(_) => {}
        Ok(()) if is_open => report.fault = Some("it holds by now: take the mark off".to_owned()),
        Ok(()) => {
            // What users get has no switches: there each case is run with all defences on, and no more.
            let without = case.without_defence(mode).filter(|_| cfg!(hostfn_attacks));
            let Some((mode, without)) = without else { return report };
            let (least, times) = PATIENCE_WITHOUT;
            let patience = if case.goes_on_without { least.max(took * times) } else { PATIENCE };
            match process(path, mode, without, patience).0 {
                Ok(()) => report.fault = Some("it does not notice that its defence is switched off".to_owned()),
                Err(fault) if is_of_the_suite(&fault) => report.fault = Some(fault),
                // A process that is only slow shows nothing.
                Err(fault) if fault.starts_with(NO_END) && !case.goes_on_without => report.fault = Some(fault),
                Err(noticed) => report.noticed = Some(noticed),
            }
        }
    }
    report
}

/// Whether something is wrong that no case is about.
fn is_of_the_suite(fault: &str) -> bool {
    fault.starts_with(NO_HOST) || fault.starts_with(NO_PROCESS)
}

/// Whether a case held, how long it took, and how much memory.
fn process(path: &str, mode: Mode, without: bool, patience: Duration) -> (Result<(), String>, Duration, Option<u64>) {
    let ended = env::current_exe().and_then(|program| {
        let mut command = Command::new(program);
        command.args(["--case", path, mode.name()]).args(without.then_some("--without"));
        // Reading debug information for a backtrace takes more memory than any attack.
        command.env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
        run(&mut command, patience, MOST_BYTES)
    });
    let (ended, took) = match ended {
        Ok(ended) => ended,
        Err(error) => return (Err(format!("{NO_PROCESS}: {error}")), Duration::ZERO, None),
    };
    let verdict = match ended {
        Ended::By(output) => serde_json::from_str::<Verdict>(output.trim())
            .map_err(|error| format!("the process ended without a verdict: {error}")),
        Ended::Died(how) => Err(format!("the process died: {how}")),
        Ended::Late => Err(format!("{NO_END} within {patience:?}")),
        Ended::Large(bytes) => Err(format!("the process took {} MiB of memory", bytes >> 20)),
    };
    match verdict {
        Ok(Verdict { fault: None, bytes }) => (Ok(()), took, bytes),
        Ok(Verdict { fault: Some(fault), bytes }) => (Err(fault), took, bytes),
        Err(fault) => (Err(fault), took, None),
    }
}
