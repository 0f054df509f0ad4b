//! The one build of all mutants, and its test programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    Suite,
    outcome::{self, Outcome},
    switch::MUTANT,
};
use crate::{
    Error, fs, process,
    test_programs::{self, BUILD, TestProgram},
};

/// A mutant that has not ended by then goes on for ever: the tests of any suite take seconds.
const ENDLESS: Duration = Duration::from_secs(600);

/// The test programs, by package and target.
pub(super) struct Programs {
    programs: BTreeMap<(String, String), TestProgram>,
    /// What the last one printed.
    output: PathBuf,
}

/// Builds the programs of the suites. Where what is built goes is not the user's folder, whose programs would be mutants.
pub(super) fn programs(tree: &Path, target: &Path, build: &Path, suites: &BTreeSet<&Suite>) -> Result<Programs, Error> {
    let mut cargo = process::command("cargo", tree);
    // With the whole workspace, whose features the user's build has, too.
    cargo.args(BUILD);
    let targets: BTreeSet<_> = suites.iter().map(|suite| suite.target).collect();
    for target in targets {
        if target == "lib" {
            cargo.arg("--lib")
        } else {
            cargo.args(["--test", target])
        };
    }
    cargo.env("CARGO_TARGET_DIR", target).env("CARGO_BUILD_BUILD_DIR", build);
    // Cargo names what it builds by the path within a workspace, so that the copy's would be taken for the user's: another
    // profile has other names. Dependencies have no debug information anyway, and so stay the same.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
    let built = outcome::run(&mut cargo)?;
    if !built.success {
        return Err(Error::new(format!(
            "the mutants do not compile; fix their `replace` in xtask/src/mutants/table:\n{}",
            built.errors
        )));
    }
    let programs = test_programs::parse(&built.text)?.into_iter().map(|program| {
        let target = if program.is_integration { program.name.clone() } else { "lib".to_owned() };
        ((program.package.clone(), target), program)
    });
    let programs = programs.collect();
    fs::make_folder_of(&target.join("output"))?;
    Ok(Programs { programs, output: target.join("output") })
}

impl Programs {
    /// That the tests pass without a mutation: otherwise they could judge none.
    pub(super) fn passes(&self, suite: &Suite) -> Result<(), Error> {
        match self.run(suite, None)? {
            (Outcome::Survived, text) if !ran_none(&text) => Ok(()),
            (Outcome::Survived, _) => Err(Error::new(format!("no test of {suite:?} ran"))),
            (_, text) => Err(Error::new(format!("the tests fail without a mutation; fix them first:\n{text}"))),
        }
    }

    /// What becomes of a mutant.
    pub(super) fn outcome(&self, suite: &Suite, number: usize) -> Result<Outcome, Error> {
        self.run(suite, Some(number)).map(|(outcome, _)| outcome)
    }

    fn run(&self, suite: &Suite, mutant: Option<usize>) -> Result<(Outcome, String), Error> {
        let key = (suite.package.to_owned(), suite.target.to_owned());
        let program = self.programs.get(&key).ok_or_else(|| Error::new(format!("there are no tests {key:?}")))?;
        let mut command = process::command(&program.path, &program.folder);
        command.arg(suite.filter);
        // A snapshot that a mutant changes is a failure, and never a new snapshot.
        command.env("INSTA_UPDATE", "no").env("CARGO_MANIFEST_DIR", &program.folder).env_remove(MUTANT);
        if let Some(number) = mutant {
            command.env(MUTANT, number.to_string());
        }
        let ended = self.run_to_end(&mut command)?;
        let text = String::from_utf8_lossy(&fs::read(&self.output)?).into_owned();
        let outcome = match ended {
            None => Outcome::Endless,
            Some(true) => Outcome::Survived,
            Some(false) => Outcome::Killed,
        };
        Ok((outcome, text))
    }

    /// Whether the program succeeded, or nothing when it did not end.
    fn run_to_end(&self, command: &mut Command) -> Result<Option<bool>, Error> {
        let failed = |error| Error::new(format!("cannot run the tests: {error}"));
        let output = File::create(&self.output).map_err(Error::io("write", &self.output))?;
        let errors = output.try_clone().map_err(failed)?;
        let mut child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(failed)?;
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                return Ok(Some(status.success()));
            }
            if started.elapsed() > ENDLESS {
                child.kill().and_then(|()| child.wait()).map_err(failed)?;
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Whether a test program says that it had nothing to run, as after a filter with a mistake in it.
fn ran_none(text: &str) -> bool {
    text.contains("test result: ok. 0 passed")
}
