//! The process that runs the others: each case in one of its own, twice.

use std::{
    env,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libtest_mimic::{Failed, Trial};

use crate::harness::{
    case::Case,
    child::{NO_HOST, Verdict},
    process::{Ended, run},
};

/// By when the process of a case must have ended by itself; the case has its own, shorter time.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long to wait for a host that goes on without its defence.
const PATIENCE_WITHOUT: Duration = Duration::from_secs(6);
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
    /// Why it does not hold today, where that is known.
    pub(crate) open: Option<&'static str>,
    /// What is wrong, if anything is.
    pub(crate) fault: Option<String>,
    /// What the case noticed when its defence was off.
    pub(crate) noticed: Option<String>,
    pub(crate) took: Duration,
    pub(crate) bytes: Option<u64>,
}

/// The cases as tests, which leave their reports.
pub(crate) fn trial(class: &'static str, case: Case, reports: Arc<Mutex<Vec<Report>>>) -> Trial {
    let name = format!("{class}::{}", case.name);
    let kind = if case.open_because().is_some() { "open" } else { "" };
    Trial::test(name.clone(), move || {
        let report = report(class, &case, &name);
        let fault = report.fault.clone();
        reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        fault.map_or(Ok(()), |fault| Err(Failed::from(fault)))
    })
    .with_kind(kind)
}

fn report(class: &'static str, case: &Case, path: &str) -> Report {
    let (held, took, bytes) = process(path, false, PATIENCE);
    let mut report = Report {
        class,
        name: case.name,
        what: case.what,
        open: case.open_because(),
        fault: None,
        noticed: None,
        took,
        bytes,
    };
    match (held, report.open) {
        (Err(fault), _) if fault.starts_with(NO_HOST) || fault.starts_with(NO_PROCESS) => report.fault = Some(fault),
        (Err(fault), None) => report.fault = Some(fault),
        (Err(_), Some(_)) => {}
        (Ok(()), Some(_)) => report.fault = Some("it holds by now: take the mark off".to_owned()),
        (Ok(()), None) => match process(path, true, if case.goes_on_without { PATIENCE_WITHOUT } else { PATIENCE }).0 {
            Ok(()) => report.fault = Some("it does not notice that its defence is switched off".to_owned()),
            Err(fault) if fault.starts_with(NO_HOST) || fault.starts_with(NO_PROCESS) => report.fault = Some(fault),
            // A process that is only slow shows nothing.
            Err(fault) if fault.starts_with(NO_END) && !case.goes_on_without => report.fault = Some(fault),
            Err(noticed) => report.noticed = Some(noticed),
        },
    }
    report
}

/// Whether a case held, how long it took, and how much memory.
fn process(path: &str, without: bool, patience: Duration) -> (Result<(), String>, Duration, Option<u64>) {
    let ended = env::current_exe().and_then(|program| {
        let mut command = Command::new(program);
        command.args(["--case", path]).args(without.then_some("--without"));
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
