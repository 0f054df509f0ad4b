//! The table of cases and outcomes.

use crate::harness::{case::Mode, parent::Report};

const WIDTHS: [usize; 5] = [6, 6, 8, 5, 6];

/// Prints what became of each case, and of each class.
pub(crate) fn print(mut reports: Vec<Report>, classes: &[&'static str]) {
    let place = |report: &Report| classes.iter().position(|class| *class == report.class);
    reports.sort_by_key(|report| (place(report), report.name, report.mode == Mode::Plain));
    for of_case in reports.chunk_by(|left, right| (left.class, left.name) == (right.class, right.name)) {
        println!("{}::{}: {}", of_case[0].class, of_case[0].name, of_case[0].what);
        for report in of_case {
            println!("    {:8} {}", report.mode.name(), outcome(report));
        }
    }
    println!();
    let heads = |mode: &Mode| match mode {
        Mode::Adapter => "with the adapter",
        Mode::Plain => "in plain mode",
    };
    let modes: String = Mode::ALL.iter().map(|mode| format!("{:>31}", heads(mode))).collect();
    println!("{:22}{modes}", "");
    let heads = Mode::ALL.iter().flat_map(|_| ["cases", "held", "noticed", "open", "failed"].into_iter().zip(WIDTHS));
    let heads: String = heads.map(|(head, width)| format!("{head:>width$}")).collect();
    println!("{:22}{heads}", "class");
    for class in classes.iter().filter(|class| reports.iter().any(|report| report.class == **class)) {
        line(class, &reports, |report| report.class == *class);
    }
    line("all", &reports, |_| true);
    if reports.iter().any(|report| report.bytes.is_none()) && !cfg!(target_os = "linux") {
        println!("memory was not measured: only Linux tells how much a process took");
    }
    if !cfg!(hostfn_attacks) {
        println!("all defences were on; `cargo xtask attacks` shows whether each case notices when its defence is off");
    }
    println!();
}

fn outcome(report: &Report) -> String {
    let milliseconds = report.took.as_millis();
    let memory = report.bytes.map(|bytes| format!(", {} MiB", bytes >> 20)).unwrap_or_default();
    match (&report.fault, &report.noticed) {
        (Some(fault), _) => format!("FAILED after {milliseconds} ms: {fault}"),
        (None, _) if report.is_open => "open: only the adapter closes it".to_owned(),
        (None, None) if cfg!(hostfn_attacks) => {
            format!("held in {milliseconds} ms{memory}; the adapter leaves no way to it")
        }
        (None, None) => format!("held in {milliseconds} ms{memory}"),
        (None, Some(noticed)) => {
            // What a guest said is in it, and must not write to the terminal either.
            let noticed: String = noticed.escape_debug().take(160).collect();
            format!("held in {milliseconds} ms{memory}; without its defence: {noticed}")
        }
    }
}

fn line(class: &str, reports: &[Report], is_of: impl Fn(&Report) -> bool) {
    print!("{class:22}");
    for mode in Mode::ALL {
        let reports = || reports.iter().filter(|report| report.mode == *mode && is_of(report));
        let count = |counts: fn(&Report) -> bool| reports().filter(|report| counts(report)).count();
        let counts = [
            reports().count(),
            count(|report| report.fault.is_none() && !report.is_open),
            count(|report| report.noticed.is_some()),
            count(|report| report.fault.is_none() && report.is_open),
            count(|report| report.fault.is_some()),
        ];
        counts.iter().zip(WIDTHS).for_each(|(count, width)| print!("{count:>width$}"));
    }
    println!();
}
