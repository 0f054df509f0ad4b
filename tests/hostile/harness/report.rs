//! The table of cases and outcomes.

use crate::harness::parent::Report;

/// Prints what became of each case, and of each class.
pub(crate) fn print(mut reports: Vec<Report>, classes: &[&'static str]) {
    let place = |report: &Report| classes.iter().position(|class| *class == report.class);
    reports.sort_by_key(|report| (place(report), report.name));
    for report in &reports {
        println!("{}::{}: {}", report.class, report.name, report.what);
        println!("    {}", outcome(report));
    }
    println!();
    println!("{:22} {:>5} {:>6} {:>7} {:>4} {:>6}", "class", "cases", "held", "noticed", "open", "failed");
    for class in classes.iter().filter(|class| reports.iter().any(|report| report.class == **class)) {
        line(class, reports.iter().filter(|report| report.class == *class));
    }
    line("all", reports.iter());
    if reports.iter().any(|report| report.bytes.is_none()) && !cfg!(target_os = "linux") {
        println!("memory was not measured: only Linux tells how much a process took");
    }
    println!();
}

fn outcome(report: &Report) -> String {
    let milliseconds = report.took.as_millis();
    let memory = report.bytes.map(|bytes| format!(", {} MiB", bytes >> 20)).unwrap_or_default();
    match (&report.fault, report.open, &report.noticed) {
        (Some(fault), ..) => format!("FAILED after {milliseconds} ms: {fault}"),
        (None, Some(reason), _) => format!("open: {reason}"),
        (None, None, noticed) => {
            // What a guest said is in it, and must not write to the terminal either.
            let noticed: String = noticed.as_deref().unwrap_or_default().escape_debug().take(160).collect();
            format!("held in {milliseconds} ms{memory}; without its defence: {noticed}")
        }
    }
}

fn line<'a>(class: &str, reports: impl Iterator<Item = &'a Report>) {
    let (mut cases, mut held, mut noticed, mut open, mut failed) = (0, 0, 0, 0, 0);
    for report in reports {
        cases += 1;
        noticed += usize::from(report.noticed.is_some());
        failed += usize::from(report.fault.is_some());
        open += usize::from(report.fault.is_none() && report.open.is_some());
        held += usize::from(report.fault.is_none() && report.open.is_none());
    }
    println!("{class:22} {cases:>5} {held:>6} {noticed:>7} {open:>4} {failed:>6}");
}
