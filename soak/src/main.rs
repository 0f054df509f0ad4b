//! `hostfn-soak`: tries the faults, and is the processes that they kill.
#![forbid(unsafe_code)]

use std::{env, io::Write, process::ExitCode, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use hostfn_soak::{Backend, Broken, FAULTS, Fault, Report, worker};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tracing_subscriber::EnvFilter;

/// Breaks what a host stands on, for real, and counts what is lost.
#[derive(Debug, Parser)]
#[command(name = "hostfn-soak")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try the faults, and print what was counted; exit code 1 when something was lost
    Run(RunArguments),
    /// Be one of the processes of a fault
    #[command(hide = true)]
    Worker {
        #[command(subcommand)]
        task: worker::Task,
    },
}

#[derive(Debug, Args)]
struct RunArguments {
    /// How often each fault happens; one that takes long happens less often
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Try only the fault of this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Try them on this database only
    #[arg(long)]
    database: Option<Database>,
    /// Write JSON, a line a fault
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

fn main() -> ExitCode {
    // What a fault makes the host log is what it should log, and not for whoever reads the table.
    let filter = EnvFilter::try_from_env("HOSTFN_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => {
            subscriber.init();
            run(&arguments)
        }
        Command::Worker { task } => {
            subscriber.init();
            worker::run(&task).map(|()| true)
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            anstream::eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Says whether nothing was lost.
fn run(arguments: &RunArguments) -> Result<bool, Broken> {
    let program = env::current_exe()?;
    let only = arguments.only.as_deref();
    let faults: Vec<_> = FAULTS.iter().filter(|fault| only.is_none_or(|name| name == fault.name)).collect();
    if faults.is_empty() {
        let names: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        return Err(format!("there is no such fault: write one of {}", names.join(", ")).into());
    }
    let is_asked_for = |backend: Backend| match arguments.database {
        None => true,
        Some(Database::Sqlite) => backend == Backend::Sqlite,
        Some(Database::Postgres) => backend == Backend::Postgres,
    };
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["FAULT", "DATABASE", "SECONDS", "LOST", "HALF DONE", "FIGURES", "VERDICT"]);
    let backends_of = |fault: &&'static Fault| {
        let fault = *fault;
        fault.backends.iter().copied().filter(|backend| is_asked_for(*backend)).map(move |backend| (fault, backend))
    };
    let runs: Vec<_> = faults.iter().flat_map(backends_of).collect();
    let progress = progress(runs.len());
    let mut intact = true;
    for (fault, backend) in runs {
        let what = format!("{} on {backend}", fault.name);
        match progress.is_hidden() {
            // In the log of a CI server a line each shows how far it came.
            true if !arguments.json => anstream::eprintln!("{what} …"),
            true => {}
            false => progress.set_message(what),
        }
        let report = fault.run(backend, &program, arguments.rounds);
        progress.inc(1);
        intact &= report.broken.is_none();
        if arguments.json {
            let line = as_json(fault, backend, &report);
            progress.suspend(|| writeln!(anstream::stdout(), "{line}"))?;
        } else {
            table.add_row(row(fault, backend, &report));
        }
    }
    progress.finish_and_clear();
    if !arguments.json {
        let text = table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
        writeln!(anstream::stdout(), "{text}")?;
    }
    Ok(intact)
}

/// Drawn on standard error where that is a terminal.
fn progress(runs: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(runs).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{spinner} {msg} [{bar:20}] {pos} of {len}, {elapsed}");
    bar.set_style(style.expect("the template is one").progress_chars("=> "));
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(100));
    }
    bar
}

fn row(fault: &Fault, backend: Backend, report: &Report) -> [String; 7] {
    let verdict = report.broken.clone().map_or_else(|| "ok".to_owned(), |broken| format!("BROKEN: {broken}"));
    [
        fault.name.to_owned(),
        backend.to_string(),
        format!("{:.1}", report.took.as_secs_f64()),
        report.figures.lost.to_string(),
        report.figures.half_done.to_string(),
        report.figures.to_string(),
        verdict,
    ]
}

fn as_json(fault: &Fault, backend: Backend, report: &Report) -> serde_json::Value {
    json!({
        "fault": fault.name,
        "database": backend.to_string(),
        "seconds": report.took.as_secs_f64(),
        "figures": report.figures,
        "broken": report.broken,
    })
}
