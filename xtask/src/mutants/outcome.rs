//! Running cargo, and what becomes of a mutant.

use std::{fmt, process::Command};

use crate::Error;

/// A run of cargo that has ended.
pub(super) struct Run {
    pub(super) success: bool,
    pub(super) text: String,
    /// What it printed for people, shown only when it matters.
    pub(super) errors: String,
}

/// Runs cargo to its end. A cargo that cannot be started is an error; one that fails is a result.
pub(super) fn run(command: &mut Command) -> Result<Run, Error> {
    let output = command.output().map_err(|error| Error::new(format!("cannot start cargo: {error}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Run { success: output.status.success(), text: text(&output.stdout), errors: text(&output.stderr) })
}

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A test failed, as one should.
    Killed,
    /// The tests did not end, which nobody would miss.
    Endless,
    /// All tests passed: the mistake would go unnoticed.
    Survived,
}

/// What a run as a whole comes to: a success when every mutant was noticed.
pub(super) fn verdict(outcomes: &[Outcome]) -> Result<(), Error> {
    if outcomes.contains(&Outcome::Survived) {
        return Err(Error::new("a mistake went unnoticed; write the test that notices it"));
    }
    Ok(())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Endless => "endless",
            Self::Survived => "SURVIVED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, verdict};

    #[test]
    fn one_mutant_that_survived_fails_the_run() {
        assert!(verdict(&[Outcome::Killed, Outcome::Endless]).is_ok());
        let survived = verdict(&[Outcome::Killed, Outcome::Survived]).unwrap_err().to_string();
        assert!(survived.starts_with("a mistake went unnoticed"), "{survived}");
    }

    #[test]
    fn outcomes_stand_in_a_column() {
        assert_eq!(format!("{:<8}|{:<8}|", Outcome::Killed, Outcome::Survived), "killed  |SURVIVED|");
    }
}
