use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use hostfn_runtime::{HostFunction, Registry};

use crate::accepted::{Accepted, snapshots};

/// Which answers of which functions no snapshot shows.
///
/// A function's contract is its success and the domain errors that it declares,
/// `#[host_fn(errors(conflict, not_found))]`. Only what went through WebAssembly and was not answered by a
/// mock is a snapshot of it.
///
/// ```no_run
/// # extern crate hostfn_runtime as hostfn;
/// # hostfn::registry!();
/// # fn main() {
/// hostfn_test::Coverage::of(&registry(), "snapshots").assert_complete();
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    folder: PathBuf,
    snapshots: usize,
    /// Whether a snapshot shows it.
    answers: BTreeMap<(&'static str, &'static str), bool>,
}

/// An answer that no snapshot shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingAnswer {
    /// The function.
    pub function: &'static str,
    /// `success`, or the code of the error.
    pub outcome: &'static str,
}

impl Coverage {
    /// Reads all snapshots in a folder and below it. One that is not there has none.
    ///
    /// # Panics
    /// When the folder cannot be read.
    pub fn of(registry: &Registry, folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        let snapshots = snapshots(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let accepted: Vec<_> = snapshots.into_iter().map(|(_, accepted)| accepted).collect();
        Self::among(registry.functions(), &accepted, folder)
    }

    fn among(functions: &[HostFunction], accepted: &[Accepted], folder: &Path) -> Self {
        let calls = accepted.iter().flat_map(|accepted| &accepted.calls).filter(|call| !call.is_mocked);
        let shown: BTreeSet<_> = calls.map(|call| (call.function.as_str(), call.outcome())).collect();
        let contract = functions.iter().flat_map(|function| {
            let errors = function.errors().iter().map(|code| code.as_str());
            std::iter::once("success").chain(errors).map(|outcome| (function.name(), outcome))
        });
        let answers = contract.map(|answer| (answer, shown.contains(&answer))).collect();
        Self { folder: folder.to_path_buf(), snapshots: accepted.len(), answers }
    }

    /// Leaves a function out whose answers no snapshot can hold, because they tell of the machine.
    ///
    /// # Panics
    /// When there is no such function.
    #[must_use]
    pub fn except(mut self, function: &str) -> Self {
        let before = self.answers.len();
        self.answers.retain(|(name, _), _| *name != function);
        assert!(self.answers.len() < before, "there is no function `{function}` to leave out");
        self
    }

    /// What no snapshot shows, sorted by function.
    pub fn missing(&self) -> Vec<MissingAnswer> {
        let missing = self.answers.iter().filter(|(_, is_shown)| !**is_shown);
        missing.map(|(&(function, outcome), _)| MissingAnswer { function, outcome }).collect()
    }

    /// How many answers the contracts have, all told.
    pub fn answers(&self) -> usize {
        self.answers.len()
    }

    /// Fails with the list of what is missing.
    ///
    /// # Panics
    /// When something is.
    pub fn assert_complete(&self) {
        assert!(self.missing().is_empty(), "{self}");
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing();
        let shown = self.answers() - missing.len();
        let (snapshots, folder, answers) = (self.snapshots, self.folder.display(), self.answers());
        write!(f, "{snapshots} snapshots in {folder} show {shown} of {answers} answers")?;
        if !missing.is_empty() {
            f.write_str("; call these in a test, through `TestHost` and not a mock, and `assert_transcript!` it:")?;
        }
        missing.iter().try_for_each(|missing| write!(f, "\n  `{}`: {}", missing.function, missing.outcome))
    }
}
