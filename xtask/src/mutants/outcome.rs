//! Running cargo, and what a mutant's two runs come to.

use std::{fmt, process::Command};

use crate::Error;

/// A run of cargo that has ended.
pub(super) struct Run {
    pub(super) success: bool,
    /// What it printed, shown only when it matters.
    pub(super) text: String,
}

/// Runs cargo to its end. A cargo that cannot be started is an error; one that fails is an answer.
pub(super) fn run(command: &mut Command) -> Result<Run, Error> {
    let output = command.output().map_err(|error| Error::new(format!("cannot start cargo: {error}")))?;
    let text = [output.stderr, output.stdout].concat();
    Ok(Run { success: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() })
}

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A test failed, as one should.
    Killed,
    /// All tests passed: nobody would notice.
    Survived,
    /// It does not compile, which says nothing about the tests: the table is at fault.
    Broken,
}

/// What a run as a whole comes to: a success when every mutant was killed.
pub(super) fn verdict(outcomes: &[Outcome]) -> Result<(), Error> {
    if outcomes.contains(&Outcome::Broken) {
        return Err(Error::new(
            "a mutant does not compile, see above; mend its `replace` in xtask/src/mutants/table.rs",
        ));
    }
    if outcomes.contains(&Outcome::Survived) {
        return Err(Error::new("a mistake went unnoticed; write the test in tests/ that notices it"));
    }
    Ok(())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Killed => "killed",
            Self::Survived => "SURVIVED",
            Self::Broken => "BROKEN",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, verdict};

    #[test]
    fn one_mutant_that_was_not_killed_fails_the_run() {
        assert!(verdict(&[Outcome::Killed, Outcome::Killed]).is_ok());
        let survived = verdict(&[Outcome::Killed, Outcome::Survived]).unwrap_err().to_string();
        assert!(survived.starts_with("a mistake went unnoticed"), "{survived}");
        let broken = verdict(&[Outcome::Broken, Outcome::Survived]).unwrap_err().to_string();
        assert!(broken.starts_with("a mutant does not compile"), "{broken}");
    }

    #[test]
    fn outcomes_stand_in_a_column() {
        assert_eq!(format!("{:<8}|{:<8}|", Outcome::Killed, Outcome::Survived), "killed  |SURVIVED|");
    }
}
