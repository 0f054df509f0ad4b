//! The suite of attacks: what a plugin of somebody malicious may try, and what the host makes of it.
//!
//! Each case is run in a process of its own, with bounds on its time and its memory, and asserts that the attack ends as it
//! must, that the host lives, that another plugin still works, and that the database is as it was. This is done on the code
//! that users get, with all defences on.
//!
//! `cargo xtask attacks` builds the suite with `--cfg hostfn_attacks`. Then each case is run once more with the defence
//! switched off that it is about, and must notice that; and all of this is done in both modes, with the adapter between
//! the guest and Extism's kernel, and without.
//!
//! `cargo test --test hostile` prints the table of cases and outcomes; `-- handles` runs those of one class, and `--list`
//! names them all.
#![forbid(unsafe_code)]

mod bombs;
mod encodings;
mod floods;
mod forged;
mod grants;
mod handles;
mod harness;
mod imports;
mod lengths;
mod loops;
mod panics;
mod quotas;
mod recursion;
mod siblings;
mod sizes;
mod starts;
mod timeouts;
mod types;

use std::{
    collections::HashSet,
    env,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use libtest_mimic::{Arguments, Trial};

use crate::harness::{
    case::{Case, Mode},
    child, parent, report,
};

hostfn::registry!();

/// A name, and its cases.
type Class = (&'static str, fn() -> Vec<Case>);

/// What is attacked, and how.
const CLASSES: [Class; 17] = [
    ("handles", handles::cases),
    ("lengths", lengths::cases),
    ("types", types::cases),
    ("encodings", encodings::cases),
    ("bombs", bombs::cases),
    ("sizes", sizes::cases),
    ("loops", loops::cases),
    ("recursion", recursion::cases),
    ("starts", starts::cases),
    ("imports", imports::cases),
    ("floods", floods::cases),
    ("panics", panics::cases),
    ("timeouts", timeouts::cases),
    ("siblings", siblings::cases),
    ("forged", forged::cases),
    ("quotas", quotas::cases),
    ("grants", grants::cases),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let ["--case", path, mode, without @ ..] = arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        return one_case(path, mode, without == ["--without"]);
    }
    let mut arguments = Arguments::from_args();
    // A case is a process that computes; more of them than processors would only make each other late.
    arguments.test_threads.get_or_insert(2);
    let reports = Arc::new(Mutex::new(Vec::new()));
    let counted = Trial::test("every_class_has_its_cases", || {
        for (class, cases) in CLASSES {
            let names: HashSet<_> = cases().into_iter().map(|case| case.name).collect();
            assert_eq!(names.len(), cases().len(), "two cases of {class} have one name");
            assert!(names.len() >= 8, "{class} has {} cases", names.len());
        }
        assert!(CLASSES.iter().map(|(_, cases)| cases().len()).sum::<usize>() >= 150, "there are too few cases");
        Ok(())
    });
    let trials = Mode::ALL.iter().flat_map(|mode| {
        let of_class = |(class, cases): &Class| {
            let trial = |case| parent::trial(class, case, *mode, reports.clone());
            cases().into_iter().map(trial).collect::<Vec<_>>()
        };
        CLASSES.iter().flat_map(of_class).collect::<Vec<_>>()
    });
    let conclusion = libtest_mimic::run(&arguments, [counted].into_iter().chain(trials).collect());
    if !arguments.list {
        let reports = std::mem::take(&mut *reports.lock().unwrap_or_else(PoisonError::into_inner));
        report::print(reports, &CLASSES.map(|(class, _)| class));
    }
    conclusion.exit_code()
}

/// The process of one case, which says on its last line how it went.
fn one_case(path: &str, mode: &str, without: bool) -> ExitCode {
    let found = CLASSES.iter().find_map(|(class, cases)| {
        let name = path.strip_prefix(class)?.strip_prefix("::")?;
        cases().into_iter().find(|case| case.name == name)
    });
    let mode = Mode::ALL.iter().find(|known| known.name() == mode);
    let Some((case, mode)) = found.zip(mode) else {
        eprintln!("there is no case `{path}`, or no such mode");
        return ExitCode::FAILURE;
    };
    let verdict = child::run(&case, *mode, without);
    println!("{}", serde_json::to_string(&verdict).expect("a verdict is JSON"));
    ExitCode::SUCCESS
}
