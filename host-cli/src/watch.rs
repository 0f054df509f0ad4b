//! `hostfn watch`: a plugin is called again whenever its file changes.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::mpsc,
    time::{Duration, Instant, SystemTime},
};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn_runtime::{CallError, Clock, EntropySource, PluginManagerBuilder};
use notify_debouncer_mini::{DebounceEventResult, new_debouncer, notify::RecursiveMode};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::{
    Failure, build,
    plugin_call::{PluginCallArguments, as_failure, as_json, as_value},
};

/// The arguments of `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn watch plugin.wasm greet --input '{\"name\": \"Ada\"}'
  hostfn watch plugin.wasm run --input @request.json --grant 'users:*'

Calls the export, and again whenever the plugin's file changes, or the file of its input. What is new in the answer is \
shown beside what it was. A plugin that cannot be loaded says why, and the next change is waited for. Ctrl-C ends it.

In memory, the database is empty for each call, and time and randomness are the same, so that only what you changed \
differs. With --database, records stay from call to call.")]
pub struct WatchArguments {
    #[command(flatten)]
    call: PluginCallArguments,
    /// Write JSON, a line for each call: whether the answer changed, the output, or why there is none
    #[arg(long)]
    json: bool,
}

/// Whoever writes a file writes it in pieces.
const SETTLED: Duration = Duration::from_millis(100);

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const ASIDE: Style = Style::new().dimmed();

/// What came of a call: the output, or why there is none.
struct Answer {
    is_success: bool,
    /// In lines, so that it can be compared.
    text: String,
    json: Value,
    took: Duration,
}

impl Answer {
    fn of(outcome: &Result<Vec<u8>, CallError>, took: Duration) -> Self {
        let text = match outcome {
            Ok(output) => in_lines(output),
            Err(CallError::Failed { message, .. }) => in_lines(message.as_bytes()),
            Err(error) => as_failure(error, false).to_string(),
        };
        Self { is_success: outcome.is_ok(), text, json: as_json(outcome), took }
    }

    /// Of a plugin that could not be called at all.
    fn none(reason: &Failure) -> Self {
        let text = reason.to_string();
        let json = json!({"success": false, "output": null, "error": {"code": null, "message": text}});
        Self { is_success: false, text, json, took: Duration::ZERO }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.is_success, &self.text) == (other.is_success, &other.text)
    }
}

fn in_lines(text: &[u8]) -> String {
    match as_value(text) {
        // A text, or what is no JSON.
        Value::String(text) => text,
        value => format!("{value:#}"),
    }
}

pub(crate) fn run(arguments: &WatchArguments, host: PluginManagerBuilder) -> Result<(), Failure> {
    let call = &arguments.call;
    // Standard input is there once.
    let typed = (call.input == "-").then(|| call.read_input()).transpose()?;
    let began = Clock::system().now();
    // The same for each call: randomness counts what was drawn from it.
    let host = || {
        let host = host.clone();
        if call.is_in_memory() { host.clock(Clock::fixed(began)).entropy(EntropySource::seeded(1)) } else { host }
    };

    let (sender, events) = mpsc::channel::<DebounceEventResult>();
    let mut debouncer = new_debouncer(SETTLED, sender)?;
    let files: Vec<_> = [Some(call.plugin.path().to_owned()), call.input_file()].into_iter().flatten().collect();
    for folder in files.iter().map(|file| folder_of(file)).collect::<BTreeSet<_>>() {
        // The folder, since a compiler puts a new file in the place of the old one.
        let watched = debouncer.watcher().watch(folder, RecursiveMode::NonRecursive);
        watched.map_err(|error| format!("cannot watch the folder {}: {error}", folder.display()))?;
    }

    let mut last = None;
    loop {
        // Before they are read: what changes from now on is another stamp.
        let stamps = stamps(&files);
        let answer = one_call(call, typed.as_deref(), host());
        show(arguments, last.as_ref(), &answer)?;
        last = Some(answer);
        loop {
            let changed = events.recv().map_err(|_| "the folder is not watched any more")?;
            let changed = changed.map_err(|error| format!("the folder is not watched any more: {error}"))?;
            // One change may be told several times.
            let is_new = is_manifest(call.plugin.path()) || self::stamps(&files) != stamps;
            if is_new && changed.iter().any(|event| concerns(&event.path, &files)) {
                break;
            }
        }
    }
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// When each file was written, and its size.
fn stamps(files: &[PathBuf]) -> Vec<Option<(SystemTime, u64)>> {
    let stamp = |file: &PathBuf| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(stamp).collect()
}

fn is_manifest(file: &Path) -> bool {
    file.extension() == Some(OsStr::new("toml"))
}

/// Whether a change is of one of the files; of a manifest, also of the modules beside it.
fn concerns(changed: &Path, files: &[PathBuf]) -> bool {
    let is_module = changed.extension() == Some(OsStr::new("wasm"));
    files.iter().any(|file| file.file_name() == changed.file_name() || is_manifest(file) && is_module)
}

fn one_call(call: &PluginCallArguments, typed: Option<&[u8]>, host: PluginManagerBuilder) -> Answer {
    let prepared = (|| -> Result<_, Failure> {
        let input = match typed {
            Some(input) => input.to_vec(),
            None => call.read_input()?,
        };
        Ok((call.load(&build(host, &call.database)?)?, input))
    })();
    match prepared {
        Ok((plugin, input)) => {
            let started = Instant::now();
            let outcome = call.call(&plugin, &input);
            Answer::of(&outcome, started.elapsed())
        }
        Err(reason) => Answer::none(&reason),
    }
}

fn show(arguments: &WatchArguments, last: Option<&Answer>, answer: &Answer) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let is_same = last.is_some_and(|last| last.is_same(answer));
    if arguments.json {
        let mut line = answer.json.clone();
        line["changed"] = json!(last.is_some() && !is_same);
        line["duration_ms"] = json!(answer.took.as_secs_f64() * 1000.0);
        writeln!(out, "{line}")?;
        return out.flush();
    }
    let took = format!("{ASIDE}{:.2} ms{ASIDE:#}", answer.took.as_secs_f64() * 1000.0);
    let (style, verdict) = if answer.is_success { (GOOD, "ok") } else { (BAD, "FAIL") };
    let export = &arguments.call.export;
    match last {
        None => {
            let file = arguments.call.plugin.path().display();
            writeln!(out, "{ASIDE}watching {file}; Ctrl-C ends{ASIDE:#}\n{style}{verdict}{style:#}  {export}  {took}")?;
            writeln!(out, "{}", answer.text)?;
        }
        Some(_) if is_same => writeln!(out, "{style}{verdict}{style:#}  {export}: the same answer  {took}")?,
        Some(last) if last.is_success == answer.is_success => {
            writeln!(out, "{style}{verdict}{style:#}  {export}: another answer  {took}")?;
            for change in TextDiff::from_lines(&*last.text, &*answer.text).iter_all_changes() {
                let style = match change.tag() {
                    ChangeTag::Delete => REMOVED,
                    ChangeTag::Insert => ADDED,
                    ChangeTag::Equal => ASIDE,
                };
                writeln!(out, "{style}{} {}{style:#}", change.tag(), change.value().trim_end_matches('\n'))?;
            }
        }
        Some(_) => {
            writeln!(out, "{style}{verdict}{style:#}  {export}  {took}\n{}", answer.text)?;
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_concerns_the_files_and_the_modules_of_a_manifest() {
        let plugin = [PathBuf::from("a/plugin.wasm"), PathBuf::from("input.json")];
        for (changed, expected) in
            [("a/plugin.wasm", true), ("./input.json", true), ("a/other.wasm", false), ("a/plugin.wasm.tmp", false)]
        {
            assert_eq!(concerns(Path::new(changed), &plugin), expected, "{changed}");
        }
        assert!(concerns(Path::new("a/any.wasm"), &[PathBuf::from("a/plugin.toml")]));
    }
}
