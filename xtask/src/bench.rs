//! The benchmarks of `benches/peers/`, as the table that the README shows: what host calls, databases and instances cost
//! here, beside what they cost as they are usually had, and how far apart the two may be.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    time::Duration,
};

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;

use crate::{Error, process};

/// How to measure.
#[derive(Debug, Default)]
pub struct Bench {
    /// Fewer turns, for a first look.
    pub quick: bool,
}

/// What the benchmark of an id compares, and the most that its ratio may be.
#[derive(Debug)]
struct Row {
    id: &'static str,
    what: &'static str,
    peer: &'static str,
    /// Ours over theirs.
    bound: Option<f64>,
}

const fn row(id: &'static str, what: &'static str, peer: &'static str, bound: f64) -> Row {
    Row { id, what, peer, bound: Some(bound) }
}

const HOST_FN: &str = "`host_fn!`";
const PLAIN: &str = "the same in plain Rust";
const STOCK: &str = "stock Extism";

static ROWS: &[Row] = &[
    row("host_call/1", "host call of a plugin in Rust, 1 a plugin call, all of it", HOST_FN, 1.0),
    row("host_call/10", "10 a plugin call, each", HOST_FN, 1.0),
    row("host_call/100", "100 a plugin call, each", HOST_FN, 1.0 / 1.7),
    row("host_call/1000", "1,000 a plugin call, each", HOST_FN, 1.0),
    row("host_call/10000", "10,000 a plugin call, each", HOST_FN, 1.0 / 200.0),
    row("flat/100 over 10000", "100 a plugin call, each", "hostfn at 10,000", 1.5),
    row("host_side/134 B in, 211 B out", "the host's side of it, with its JSON", PLAIN, 1.35),
    row("host_side/10 KB in, 10 KB out", "10 KB there, 10 KB back", PLAIN, 1.1),
    row("host_side/1 MB in, 1 MB out", "1 MB there, 1 MB back", PLAIN, 1.1),
    row("get_user/as usual", "`db_get_user_by_email`, SQLite", "`host_fn!`, lock, `.first()`", 1.0 / 3.0),
    row("get_user/as usual, 2 threads", "the same on 2 threads", "the same", 1.0 / 4.0),
    row("get_user/diesel alone", "the same on 1 thread", "diesel and JSON alone", 1.3),
    row("get_user/processes=one", "with `?processes=one`", "`host_fn!`, lock, `.first()`", 1.0 / 3.0),
    row("get_user/processes=one, 2 threads", "the same on 2 threads", "the same", 1.0 / 4.0),
    row("get_user/processes=one, diesel alone", "the same on 1 thread", "diesel and JSON alone", 1.3),
    row("write/4 rows, atomic", "plugin call that writes 4 rows, atomic", "4 commits", 1.0 / 3.0),
    row("instance/first call", "instance of a loaded plugin, first call", STOCK, 1.5),
    Row { id: "instance/load and first call", what: "loading a plugin, first call", peer: STOCK, bound: None },
    Row { id: "instance/steady call", what: "call that does nothing", peer: STOCK, bound: None },
];

/// What a benchmark says of itself, a line of JSON each. Times are seconds.
#[derive(Deserialize)]
struct Measured {
    id: String,
    ratio: f64,
    ours: f64,
    theirs: f64,
}

/// Measures and prints the table. Answers 1 when a bound is missed.
///
/// # Errors
/// When the benchmarks cannot be built or run, or say something else than the table has.
pub fn run(root: &Path, bench: &Bench) -> Result<u8, Error> {
    let mut command = process::command("cargo", root);
    command.args(["bench", "--quiet", "--bench", "peers", "--", "--ratios"]).args(bench.quick.then_some("--quick"));
    // A backtrace is made of every answer that traps, and is no part of what is measured.
    command.env("RUST_LIB_BACKTRACE", "0").env("RUST_BACKTRACE", "0").stderr(std::process::Stdio::inherit());
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .map_err(|error| Error::new(format!("cannot run cargo: {error}")))?;
    let said = child.stdout.take().ok_or_else(|| Error::new("the benchmarks have no standard output"))?;
    let measured = read(said);
    let status = child.wait().map_err(|error| Error::new(format!("cannot wait for cargo: {error}")))?;
    if !status.success() {
        return Err(Error::new("the benchmarks failed; their messages are above"));
    }
    let measured = measured?;
    let (table, missed) = table(&measured)?;
    println!("{table}\n\n{}", machine(root)?);
    for row in &missed {
        println!("missed: {}", row.what);
    }
    Ok(u8::from(!missed.is_empty()))
}

/// Reads the figures as they come, and shows on a terminal how far that is.
fn read(said: impl Read) -> Result<Vec<Measured>, Error> {
    let progress = ProgressBar::new(ROWS.len() as u64).with_message("building the benchmarks");
    let style = ProgressStyle::with_template("{spinner} {msg} [{bar:20}] {pos} of {len}, {elapsed}");
    progress.set_style(style.expect("the template is one").progress_chars("=> "));
    if !progress.is_hidden() {
        progress.enable_steady_tick(Duration::from_millis(100));
    }
    let mut all = Vec::new();
    for line in BufReader::new(said).lines() {
        let line = line.map_err(|error| Error::new(format!("cannot read what the benchmarks say: {error}")))?;
        let measured: Measured = serde_json::from_str(&line)
            .map_err(|error| Error::new(format!("the benchmarks said something else than figures: {error}")))?;
        progress.set_message(format!("measured {}", measured.id));
        progress.inc(1);
        all.push(measured);
    }
    progress.finish_and_clear();
    Ok(all)
}

fn table(measured: &[Measured]) -> Result<(Table, Vec<&'static Row>), Error> {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header(["what", "hostfn", "beside", "which takes", "ratio", "bound", ""]);
    for column in [1, 3, 4, 5] {
        table.column_mut(column).expect("it has seven columns").set_cell_alignment(CellAlignment::Right);
    }
    let mut missed = Vec::new();
    for row in ROWS {
        let found = measured.iter().find(|measured| measured.id == row.id);
        let found = found.ok_or_else(|| Error::new(format!("the benchmarks have no figure of {:?}", row.id)))?;
        let is_missed = row.bound.is_some_and(|bound| found.ratio > bound);
        if is_missed {
            missed.push(row);
        }
        table.add_row([
            row.what.to_owned(),
            time(found.ours),
            row.peer.to_owned(),
            time(found.theirs),
            ratio(found.ratio),
            row.bound.map(ratio).unwrap_or_default(),
            if is_missed { "missed" } else { "" }.to_owned(),
        ]);
    }
    if let Some(unknown) = measured.iter().find(|measured| ROWS.iter().all(|row| row.id != measured.id)) {
        return Err(Error::new(format!("the table has no row for {:?}: add one to xtask/src/bench.rs", unknown.id)));
    }
    Ok((table, missed))
}

/// How many times as long, or the other way round: `1.20`, or `1 / 2.4`.
fn ratio(ratio: f64) -> String {
    let inverse = 1.0 / ratio;
    if ratio >= 0.8 {
        format!("{ratio:.2}")
    } else if inverse < 10.0 {
        format!("1 / {inverse:.1}")
    } else {
        format!("1 / {inverse:.0}")
    }
}

fn time(seconds: f64) -> String {
    let time = Duration::from_secs_f64(seconds);
    match time.as_nanos() {
        nanoseconds @ ..10_000 => format!("{nanoseconds} ns"),
        10_000..10_000_000 => format!("{} µs", time.as_micros()),
        _ => format!("{} ms", time.as_millis()),
    }
}

/// What it was measured on, and with.
fn machine(root: &Path) -> Result<String, Error> {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("a processor that does not say its name", |(_, model)| model);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let lock = crate::fs::read(&root.join("Cargo.lock"))?;
    let lock = String::from_utf8_lossy(&lock);
    let version = |name: &str| {
        let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", after.split('"').next()?))
    };
    let versions: Vec<_> = ["extism", "wasmtime", "diesel", "libsqlite3-sys"].into_iter().filter_map(version).collect();
    let compiler = process::first_line("rustc", root, &["--version"]).unwrap_or_default();
    Ok(format!("{model}, {threads} threads; {compiler}; {}", versions.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(id: &str, ratio: f64) -> Measured {
        Measured { id: id.to_owned(), ratio, ours: ratio / 1e6, theirs: 1e-6 }
    }

    #[test]
    fn a_bound_that_is_missed_is_said() {
        let all: Vec<_> = ROWS.iter().map(|row| measured(row.id, row.bound.unwrap_or(9.0))).collect();
        assert!(table(&all).unwrap().1.is_empty());
        let slow: Vec<_> = ROWS.iter().map(|row| measured(row.id, row.bound.unwrap_or(9.0) * 1.01)).collect();
        let (shown, missed) = table(&slow).unwrap();
        assert_eq!(missed.len(), ROWS.iter().filter(|row| row.bound.is_some()).count());
        assert_eq!(shown.to_string().matches("missed").count(), missed.len());
    }

    #[test]
    fn a_figure_that_is_missing_or_unknown_is_an_error() {
        let mut all: Vec<_> = ROWS.iter().map(|row| measured(row.id, 0.1)).collect();
        all.push(measured("host_call/7", 1.0));
        assert!(table(&all).unwrap_err().to_string().contains("host_call/7"));
        assert!(table(&all[1..ROWS.len()]).unwrap_err().to_string().contains("host_call/1"));
    }

    #[test]
    fn ratios_read_as_people_say_them() {
        assert_eq!([0.0045, 0.42, 0.97, 1.3].map(ratio), ["1 / 222", "1 / 2.4", "0.97", "1.30"]);
        assert_eq!([4.2e-7, 1.84e-5, 0.0213].map(time), ["420 ns", "18 µs", "21 ms"]);
    }
}
