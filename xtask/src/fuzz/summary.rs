//! What libFuzzer says of a run.

/// A run of a target.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Summary {
    pub(super) executions: u64,
    pub(super) a_second: u64,
    /// How many inputs it keeps, since each reaches something that no other does.
    pub(super) corpus: u64,
    /// The file of the input that it failed on.
    pub(super) input: Option<String>,
    /// What the target said when it failed, or the end of all that was said.
    pub(super) said: String,
}

/// More of what was said is not read, and may be megabytes.
const MOST_LINES: usize = 12;

impl Summary {
    /// Reads what it wrote on standard error.
    pub(super) fn of(text: &str) -> Self {
        let after =
            |start: &str| text.lines().rev().find_map(|line| line.split_once(start).map(|(_, rest)| rest.trim()));
        let number = |start: &str| after(start).and_then(|number| number.parse().ok()).unwrap_or_default();
        let corpus = after(" corp: ").and_then(|rest| rest.split('/').next()?.parse().ok()).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let panic = lines.iter().position(|line| line.contains(" panicked at ") || line.contains("ERROR: "));
        let said = match panic {
            Some(start) => &lines[start..lines.len().min(start + MOST_LINES)],
            None => &lines[lines.len().saturating_sub(MOST_LINES)..],
        };
        let said = said.iter().map(|line| line.chars().take(500).collect::<String>()).collect::<Vec<_>>();
        Self {
            executions: number("stat::number_of_executed_units:"),
            a_second: number("stat::average_exec_per_sec:"),
            corpus,
            input: after("Test unit written to ").map(str::to_owned),
            said: said.join("\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn a_run_that_finds_nothing() {
        let summary = Summary::of(
            "#2\tINITED cov: 2 ft: 2 corp: 1/1b exec/s: 0 rss: 35Mb\n\
             #9\tDONE   cov: 3 ft: 7 corp: 4/27Kb lim: 240 exec/s: 3 rss: 37Mb\nDone 9 runs in 3 second(s)\n\
             stat::number_of_executed_units: 9\nstat::average_exec_per_sec:     3\n",
        );
        assert_eq!((summary.executions, summary.a_second, summary.corpus, summary.input), (9, 3, 4, None));
    }

    #[test]
    fn a_run_that_crashes() {
        let summary = Summary::of(
            "#2\tINITED cov: 2 ft: 2 corp: 1/1b exec/s: 0 rss: 35Mb\n\n\
             thread '<unnamed>' (7) panicked at src/decode.rs:42:9:\nit says hunter2\nstack backtrace:\n\
             artifact_prefix='/t/'; Test unit written to /t/crash-0a\nstat::number_of_executed_units: 5\n",
        );
        assert_eq!(summary.input.as_deref(), Some("/t/crash-0a"));
        assert!(summary.said.starts_with("thread '<unnamed>' (7) panicked at src/decode.rs:42:9:\nit says hunter2"));
        assert_eq!(summary.executions, 5);
    }
}
