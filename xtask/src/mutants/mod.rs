//! Mutants: is there a test that notices when a host function is wrong?
//!
//! A green suite says that the functions and the tests agree, not that the tests look. So each operation is broken in
//! one way that a person could break it, and the tests have to fail. All of it happens in a copy of the
//! repository under the target folder: the files that you are editing are never touched, whatever interrupts the run.

mod copy;
mod mutation;
mod outcome;
mod table;

use std::{path::Path, process::Command};

pub use mutation::Mutation;
pub use table::{MUTATIONS, OPERATIONS};

use crate::{Error, process, target_dir};
use outcome::Outcome;

/// The tests which have to notice. The first do so nearly always, and then the others are not even built.
const TESTS: [&str; 2] = ["conformance", "integration"];

/// One database is enough: on the other the same cases run.
const ON_ONE_DATABASE: [&str; 3] = ["--", "--skip", "postgres"];

/// Breaks each operation in turn, or only one, and fails unless the tests notice every time.
pub fn run(root: &Path, only: Option<&str>) -> Result<(), Error> {
    // In the user's files, so that a mistake in the table is told before anything is copied or built.
    let mutations = select(root, OPERATIONS, MUTATIONS, only)?;

    let folder = target_dir(root, "mutants")?;
    let suite = Suite { tree: &folder.join("tree"), target: &folder.join("target"), build: &target_dir(root, "")? };
    copy::sync(root, suite.tree)?;
    eprintln!("running the tests as they are; the first time, this builds everything");
    suite.passes()?;

    let mut outcomes = Vec::new();
    for mutation in mutations {
        let outcome = suite.outcome(mutation)?;
        println!("{outcome:<8}  {:<36}  {}", mutation.operation, mutation.what);
        outcomes.push(outcome);
    }
    let killed = outcomes.iter().filter(|outcome| **outcome == Outcome::Killed).count();
    println!("{killed} of {} killed", outcomes.len());
    outcome::verdict(&outcomes)
}

/// Fails with every reason why the table of mutations does not fit the operations or the files. Runs nothing, and so
/// takes milliseconds: any test may ask.
pub fn check(root: &Path) -> Result<(), Error> {
    select(root, OPERATIONS, MUTATIONS, None).map(|_| ())
}

/// The mutations of all operations or of one, if they fit; never none, since nothing killed of nothing would read as a
/// success.
fn select<'a>(
    root: &Path,
    operations: &[&str],
    mutations: &'a [Mutation],
    only: Option<&str>,
) -> Result<Vec<&'a Mutation>, Error> {
    if let Some(name) = only.filter(|name| !operations.contains(name)) {
        return Err(Error::new(format!("no operation is named {name}; these are: {}", operations.join(", "))));
    }
    // Of one operation nothing else has to fit, so that a table can be written entry by entry.
    let wanted = |operation: &str| only.is_none_or(|name| name == operation);
    let operations = operations.iter().copied().filter(|operation| wanted(operation)).collect::<Vec<_>>();
    let mutations = mutations.iter().filter(|mutation| wanted(mutation.operation)).collect::<Vec<_>>();
    let mistakes = mutation::mistakes(root, &operations, &mutations);
    if mistakes.is_empty() {
        return Ok(mutations);
    }
    Err(Error::new(format!("mend the mutations in xtask/src/mutants/table.rs:\n  {}", mistakes.join("\n  "))))
}

/// The tests of the copy.
struct Suite<'a> {
    tree: &'a Path,
    /// Where what is built is put. It is not the user's, whose programs would be those of a mutant.
    target: &'a Path,
    /// Where what is built on the way is kept: with the user's, so that no dependency is compiled again.
    build: &'a Path,
}

impl Suite<'_> {
    fn passes(&self) -> Result<(), Error> {
        for tests in TESTS {
            let build = outcome::run(self.command(tests).arg("--no-run"))?;
            if !build.success {
                return Err(Error::new(format!("the tests do not compile as they are:\n{}", build.text)));
            }
            let run = outcome::run(self.command(tests).args(ON_ONE_DATABASE))?;
            if !run.success {
                return Err(Error::new(format!("the tests fail as they are; mend them first:\n{}", run.text)));
            }
        }
        Ok(())
    }

    fn outcome(&self, mutation: &Mutation) -> Result<Outcome, Error> {
        let _applied = mutation.apply(self.tree)?;
        for tests in TESTS {
            // Compiling and testing are two runs, because cargo exits alike when either fails.
            let build = outcome::run(self.command(tests).arg("--no-run"))?;
            if !build.success {
                eprintln!("{}", build.text);
                return Ok(Outcome::Broken);
            }
            if !outcome::run(self.command(tests).args(ON_ONE_DATABASE))?.success {
                return Ok(Outcome::Killed);
            }
        }
        Ok(Outcome::Survived)
    }

    fn command(&self, tests: &str) -> Command {
        let mut cargo = process::command("cargo", self.tree);
        // A snapshot that a mutant changes is a failure, and never a new snapshot.
        cargo
            .args(["test", "--package", "hostfn", "--test", tests])
            .env("CARGO_TARGET_DIR", self.target)
            .env("CARGO_BUILD_BUILD_DIR", self.build);
        cargo.env("INSTA_UPDATE", "no");
        cargo
    }
}

#[cfg(test)]
mod tests;
