//! The tests on a busy machine: none may fail because it is slow.

use std::{
    collections::BTreeSet,
    env,
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use crate::{
    Error, fs, process,
    test_programs::{self, BUILD, TestProgram},
};

/// Set for the processes that keep the machine busy.
const IS_BUSY: &str = "HOSTFN_XTASK_IS_BUSY";

/// How many processes are busy beside all tests, and beside those that know time.
const BESIDE_ALL: usize = 4;
const BESIDE_TIMED: usize = 8;

/// How often the tests that know time are run.
const TIMES: usize = 3;

/// What only tests that know time have in their sources.
const OF_TIME: [&str; 4] = ["Duration", "sleep(", "timeout", "deadline"];

/// The program whose own file says nothing of time, and whose faults, in a library, are all about it.
const FAULTS: &str = "faults";

/// What to run.
#[derive(Debug, Default)]
pub struct Stress {
    /// Only the test programs that know time.
    pub timed: bool,
    /// Of these only the one of this name.
    pub only: Option<String>,
}

/// Runs all tests beside four busy processes, with `RUST_BACKTRACE=1` and without, and the test programs that know time
/// three times beside eight.
///
/// # Errors
/// When the tests cannot be built or run, or one fails.
pub fn run(root: &Path, stress: &Stress) -> Result<(), Error> {
    let programs = programs(root)?;
    let mut timed = timed(&programs)?;
    if let Some(only) = &stress.only {
        let names: Vec<_> = timed.iter().map(|program| program.name.as_str()).collect();
        let names = names.join(", ");
        timed.retain(|program| program.name == *only);
        if timed.is_empty() {
            return Err(Error::new(format!("no test program {only} knows time; these do: {names}")));
        }
    }
    if timed.is_empty() {
        return Err(Error::new("no test program knows time, which cannot be"));
    }
    let mut failures = Vec::new();
    if !stress.timed && stress.only.is_none() {
        let _busy = Busy::start(BESIDE_ALL)?;
        for backtrace in ["1", "0"] {
            let mut cargo = process::command("cargo", root);
            cargo.args(["test", "--workspace", "--no-fail-fast", "--quiet"]).env("RUST_BACKTRACE", backtrace);
            let name = format!("all tests, RUST_BACKTRACE={backtrace}, beside {BESIDE_ALL} busy processes");
            failures.extend(measured(&name, &mut cargo)?);
        }
    }
    let _busy = Busy::start(BESIDE_TIMED)?;
    for time in 1..=TIMES {
        for program in &timed {
            let mut command = process::command(&program.path, &program.folder);
            command.env("RUST_BACKTRACE", "1").env("CARGO_MANIFEST_DIR", &program.folder);
            let name = format!("{}, time {time} of {TIMES}, beside {BESIDE_TIMED} busy processes", program.name);
            failures.extend(measured(&name, &mut command)?);
        }
    }
    match failures.len() {
        0 => Ok(()),
        _ => Err(Error::new(format!("on a busy machine these failed:\n  {}", failures.join("\n  ")))),
    }
}

/// Keeps a processor busy until it is killed, where this program was started for that; otherwise nothing.
pub fn keep_busy() -> Option<ExitCode> {
    env::var_os(IS_BUSY)?;
    // Whoever started it may be killed without being able to end it.
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(4 * 60 * 60) {
        std::hint::spin_loop();
    }
    Some(ExitCode::SUCCESS)
}

/// Processes that are busy until this is dropped.
struct Busy(Vec<Child>);

impl Busy {
    fn start(count: usize) -> Result<Self, Error> {
        let program = env::current_exe().map_err(|error| Error::new(format!("this program has no path: {error}")))?;
        let mut busy = Self(Vec::new());
        for _ in 0..count {
            let child = Command::new(&program).env(IS_BUSY, "yes").stdin(Stdio::null()).spawn();
            busy.0.push(child.map_err(Error::io("start", &program))?);
        }
        Ok(busy)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that has ended already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Runs a command to its end, says how long it took, and gives its name when it failed.
fn measured(name: &str, command: &mut Command) -> Result<Option<String>, Error> {
    let started = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::new(format!("{name}: cannot be started: {error}")))?;
    let (success, seconds) = (output.status.success(), started.elapsed().as_secs());
    println!("{} in {seconds} s: {name}", if success { "passed" } else { "FAILED" });
    if success {
        return Ok(None);
    }
    println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok(Some(name.to_owned()))
}

/// Builds all test programs.
fn programs(root: &Path) -> Result<Vec<TestProgram>, Error> {
    let mut cargo = process::command("cargo", root);
    cargo.args(BUILD);
    let output = cargo.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Error::new(format!("cannot start cargo: {error}")))?;
    if !output.status.success() {
        return Err(Error::new("the tests do not compile; the compiler's messages are above"));
    }
    test_programs::parse(&String::from_utf8_lossy(&output.stdout))
}

/// Those in whose sources there is something about time.
fn timed(programs: &[TestProgram]) -> Result<Vec<&TestProgram>, Error> {
    let mut timed = Vec::new();
    for program in programs {
        if program.name == FAULTS {
            timed.push(program);
            continue;
        }
        let mut sources = BTreeSet::from([program.source.clone()]);
        // A file of its own in `tests`, among others, is all of its program; a folder has all that is in it.
        let is_folder = program.source.file_name().is_some_and(|name| name == "main.rs" || name == "lib.rs");
        if let Some(folder) = program.source.parent().filter(|_| is_folder) {
            sources.extend(fs::files_under(folder)?);
        }
        for source in sources.iter().filter(|source| source.extension().is_some_and(|extension| extension == "rs")) {
            if OF_TIME.iter().any(|word| tests_of(&fs::read_text(source).unwrap_or_default(), source).contains(word)) {
                timed.push(program);
                break;
            }
        }
    }
    Ok(timed)
}

/// The part of a file that is tests: of a library, what comes after `#[cfg(test)]`, and files of that name.
fn tests_of<'a>(text: &'a str, source: &Path) -> &'a str {
    let is_library = source.components().any(|part| part.as_os_str() == "src");
    let is_tests = source.file_stem().is_some_and(|stem| stem == "tests");
    if !is_library || is_tests {
        return text;
    }
    text.find("#[cfg(test)]").map_or("", |start| &text[start..])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{TestProgram, tests_of, timed};
    use crate::fs::write;

    #[test]
    fn of_a_library_only_its_tests_are_looked_at() {
        let text = "use std::time::Instant;\n#[cfg(test)]\nmod tests { fn it() {} }";
        assert!(!tests_of(text, Path::new("a/src/lib.rs")).contains("Instant"));
        assert!(tests_of(text, Path::new("a/tests/it.rs")).contains("Instant"));
        assert!(tests_of(text, Path::new("a/src/it/tests.rs")).contains("Instant"));
        assert_eq!(tests_of("fn it() {}", Path::new("a/src/lib.rs")), "");
    }

    #[test]
    fn a_program_that_knows_time_is_found_in_any_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str| {
            let source = folder.path().join("tests").join(name);
            let (package, path) = ("it".to_owned(), source.clone());
            let folder = folder.path().to_owned();
            TestProgram { package, name: name.to_owned(), is_integration: true, path, folder, source }
        };
        let files = [("all/main.rs", "mod a;"), ("all/a.rs", "sleep(1)"), ("one.rs", "Duration"), ("two.rs", "1 + 1")];
        for (file, text) in files {
            write(&folder.path().join("tests").join(file), text).unwrap();
        }
        let programs = ["all/main.rs", "one.rs", "two.rs"].map(program);
        let names: Vec<_> = timed(&programs).unwrap().iter().map(|program| program.name.as_str()).collect();
        assert_eq!(names, ["all/main.rs", "one.rs"]);
    }
}
