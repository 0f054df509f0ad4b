//! A report as workflow commands of GitHub Actions.

use std::io::{self, Write};

use hostfn_bindings::compat::{Bump, Finding, Report};

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for finding in &report.findings {
        writeln!(out, "{}", command(finding))?;
    }
    for version in report.crates.iter().filter(|version| !version.is_enough) {
        let text = format!("{} {} has to be released as {} or later", version.name, version.new, version.asks_for);
        writeln!(out, "::warning title=version::{}", data(&text))?;
    }
    Ok(())
}

fn command(finding: &Finding) -> String {
    let (level, note) = match finding.bump {
        Bump::Major if finding.acknowledged => ("warning", " (acknowledged)"),
        Bump::Major => ("error", ""),
        Bump::Minor | Bump::Patch => ("notice", ""),
    };
    let values = match (&finding.old, &finding.new) {
        (Some(old), Some(new)) => format!("\n{old} -> {new}"),
        (Some(old), None) => format!("\nwas: {old}"),
        (None, Some(new)) => format!("\nnow: {new}"),
        (None, None) => String::new(),
    };
    let text = format!("{}: {}{values}", finding.path, finding.why);
    format!("::{level} title={}{note}::{}", property(finding.rule.id()), data(&text))
}

/// What stands behind the second `::`, which ends at the line's end.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands before it, which colons and commas end too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_command_or_begins_another() {
        assert_eq!(data("100 %\r\n::error::no"), "100 %25%0D%0A::error::no");
        assert_eq!(property("a: b, c%\n"), "a%3A b%2C c%25%0A");
    }
}
