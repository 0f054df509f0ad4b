//! `cargo xtask`: see the library for what each task does, and why.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use xtask::{Error, attacks, bench, contracts, fuzz, guests, mutants, new, soak, stress};

/// Tasks of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs the attacks in both modes, each once more with its defence switched off, which it must notice
    Attacks {
        /// Run only those whose names contain this
        filter: Option<String>,
    },
    /// Measures host calls, databases and instances beside what they usually cost; exit code 1 when a bound is missed
    Bench {
        /// Take fewer turns, for a first look
        #[arg(long)]
        quick: bool,
    },
    /// Writes the bindings of generated contracts, and has each checked by its language's own compiler
    Contracts {
        /// How many contracts
        #[arg(long, default_value_t = 300)]
        count: u64,
        /// The seed of the first; each further one has the next
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Check only the bindings for this language
        #[arg(long, value_name = "NAME")]
        language: Option<String>,
    },
    /// Tries what hosts read that others wrote with inputs that a fuzzer makes up
    Fuzz {
        /// How long all targets take together
        #[arg(long, default_value_t = 1.0)]
        minutes: f64,
        /// Make so many executions of each target instead
        #[arg(long, value_name = "N", conflicts_with = "minutes")]
        executions: Option<u64>,
        /// Run only the target of this name
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// Build with this sanitizer, such as `address`, which is slower
        #[arg(long, value_name = "NAME", default_value = "none")]
        sanitizer: String,
    },
    /// Builds the guests of test-plugins/ into test-plugins/prebuilt/, and those of examples beside them
    Guests {
        /// Build nothing; fail when a prebuilt module is older than its sources
        #[arg(long, conflicts_with = "out")]
        check: bool,
        /// Write the modules to this folder, and leave the prebuilt ones as they are
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Build only the guest of this name
        #[arg(long, value_name = "NAME", conflicts_with = "check")]
        only: Option<String>,
    },
    /// Breaks each host function and what every call rests on in turn, in a copy, and expects the tests to notice
    Mutants {
        /// Break only the host function, or the part of the framework, of this name
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Makes the projects of `hostfn new`, and types what they say comes next
    New {
        /// Make only the one of a language, `plugins` for one in each, `values` for one in each that is called with good and
        /// bad values, or `host` with plugins of its functions
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Kills, stops and fills what a host stands on, and counts what is lost; exit code 1 when anything is
    Soak {
        /// How often each fault happens
        #[arg(long, default_value_t = 200)]
        rounds: u32,
        /// Try only the fault of this name
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
        /// Try them only on `sqlite` or on `postgres`
        #[arg(long, value_name = "DATABASE")]
        database: Option<String>,
        /// Write JSON, a line a fault
        #[arg(long)]
        json: bool,
    },
    /// Runs the tests beside busy processes: none may fail because a machine is slow
    Stress {
        /// Run only the test programs that know time, three times each
        #[arg(long)]
        timed: bool,
        /// Run only the one of this name of them, such as `behaviour`
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
}

fn main() -> ExitCode {
    if let Some(code) = attacks::compile().or_else(stress::keep_busy) {
        return code;
    }
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode, Error> {
    let root = xtask::root();
    match task {
        Task::Attacks { filter } => attacks::run(&root, filter.as_deref())?,
        Task::Bench { quick } => return bench::run(&root, &bench::Bench { quick }).map(ExitCode::from),
        Task::Contracts { count, seed, language } => {
            contracts::run(&root, &contracts::Contracts { count, seed, language })?;
        }
        Task::Fuzz { minutes, executions, target, sanitizer } => {
            fuzz::run(&root, &fuzz::Fuzz { minutes, executions, target, sanitizer })?;
        }
        Task::Guests { check: true, .. } => guests::check(&root)?,
        Task::Guests { out, only, .. } => guests::build(&root, out.as_deref(), only.as_deref())?,
        Task::Mutants { only } => mutants::run(&root, only.as_deref())?,
        Task::New { only } => new::run(&root, only.as_deref())?,
        Task::Soak { rounds, only, database, json } => {
            let soak = soak::Soak { rounds, only, database, json };
            return soak::run(&root, &soak).map(ExitCode::from);
        }
        Task::Stress { timed, only } => stress::run(&root, &stress::Stress { timed, only })?,
    }
    Ok(ExitCode::SUCCESS)
}
