//! A report for people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use hostfn_bindings::compat::{Bump, CrateVersion, Finding, Report, Verdict};

const BREAKING: Style = AnsiColor::Red.on_default().bold();
const ADDITION: Style = AnsiColor::Green.on_default();
const ACKNOWLEDGED: Style = AnsiColor::Yellow.on_default();
const ASIDE: Style = Style::new().dimmed();
const HEADING: Style = Style::new().bold();

/// What is longer than this is cut: documentation can be pages.
const LONGEST: usize = 100;

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for group in groups(report) {
        let heading = group[0].function.as_deref().unwrap_or("All functions");
        writeln!(out, "{HEADING}{heading}{HEADING:#}")?;
        for finding in group {
            write_finding(out, finding)?;
        }
        writeln!(out)?;
    }
    write_summary(out, report)?;
    report.crates.iter().try_for_each(|version| write_version(out, version))
}

/// The findings of each function together, those that break first.
fn groups(report: &Report) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in &report.findings {
        match groups.iter_mut().find(|group| group[0].function == finding.function) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|finding| std::cmp::Reverse(finding.bump));
    }
    groups
}

fn write_finding(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let style = style(finding);
    let Finding { rule, path, bump, why, .. } = finding;
    let note = if finding.acknowledged { " (acknowledged)" } else { "" };
    writeln!(out, "  {style}{bump}  {rule}{style:#}  {path}{ACKNOWLEDGED}{note}{ACKNOWLEDGED:#}")?;
    match (&finding.old, &finding.new) {
        (Some(old), Some(new)) => writeln!(out, "         {} -> {}", cut(old), cut(new))?,
        (Some(old), None) => writeln!(out, "         was: {}", cut(old))?,
        (None, Some(new)) => writeln!(out, "         now: {}", cut(new))?,
        (None, None) => {}
    }
    writeln!(out, "         {ASIDE}{why}{ASIDE:#}")
}

fn style(finding: &Finding) -> Style {
    match finding.bump {
        Bump::Major if finding.acknowledged => ACKNOWLEDGED,
        Bump::Major => BREAKING,
        Bump::Minor => ADDITION,
        Bump::Patch => ASIDE,
    }
}

fn write_summary(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let (style, verdict) = match report.verdict() {
        Verdict::Unchanged => return writeln!(out, "{ADDITION}unchanged{ADDITION:#}: the contracts are the same"),
        Verdict::Compatible => (ADDITION, "compatible"),
        Verdict::Acknowledged => (ACKNOWLEDGED, "acknowledged"),
        Verdict::Breaking => (BREAKING, "breaking"),
    };
    let count = |bump| report.findings.iter().filter(|finding| finding.bump == bump).count();
    let bump = report.bump().unwrap_or(Bump::Patch);
    writeln!(
        out,
        "{style}{verdict}{style:#}: {} breaking, {} compatible, {} without effect on the wire; it asks for a {bump} bump",
        count(Bump::Major),
        count(Bump::Minor),
        count(Bump::Patch),
    )
}

fn write_version(out: &mut impl Write, version: &CrateVersion) -> io::Result<()> {
    let CrateVersion { name, old, new, asks_for, .. } = version;
    if version.is_enough {
        writeln!(out, "{ADDITION}{name}{ADDITION:#}: {old} -> {new} says so")
    } else {
        writeln!(
            out,
            "{ACKNOWLEDGED}{name}{ACKNOWLEDGED:#}: {old} -> {new} does not say so; release it as {asks_for} or later"
        )
    }
}

/// One line, and not a long one.
fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).chain("…".chars()).collect()
}
