//! `hostfn watch`: a plugin is called again whenever its file changes.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anstyle::{AnsiColor, Style};
use clap::Args;
use hostfn_runtime::{CallError, Clock, EntropySource, PluginManagerBuilder};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use crate::{
    Failure, build, escaped,
    explain::codes_of,
    help::in_own_name,
    plugin_call::{PluginCallArguments, as_failure, as_json, as_value},
};

/// The arguments of `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn watch plugin.wasm greet --input '{\"name\": \"Ada\"}'
  hostfn watch plugin.wasm run --input @request.json --grant 'users:*'

Calls the export, and again whenever the plugin's file changes, or the file of its input; of a manifest, also when a \
module does that it names. What is new in the answer is shown beside what it was. A plugin that cannot be loaded, or is \
not there yet, says why, and the next change is waited for. Ctrl-C ends it.

In memory, the database is empty for each call, and the host's time and randomness are the same, so that only what \
you changed differs; what a plugin takes from WASI is the machine's. With --database, records stay from call to call.")]
pub struct WatchArguments {
    #[command(flatten)]
    call: PluginCallArguments,
    /// Write JSON, a line for each call: whether the answer changed, the output, or why there is none
    #[arg(long)]
    json: bool,
}

/// How often the files are looked at. They are called with when they look the same twice, since whoever writes a file
/// writes it in pieces.
///
/// They are looked at, and the operating system is not asked to tell: it tells of a folder that is there and stays, and
/// a build makes folders, and takes them away.
const INTERVAL: Duration = Duration::from_millis(100);

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
    /// What it answered, where that is no text: shown as one, two that differ may look the same.
    bytes: Option<Vec<u8>>,
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
        let bytes = outcome.as_ref().ok().filter(|output| std::str::from_utf8(output).is_err()).cloned();
        Self { is_success: outcome.is_ok(), text, bytes, json: as_json(outcome), took }
    }

    /// Of a plugin that could not be called at all.
    fn none(reason: &Failure) -> Self {
        let text = match codes_of(&**reason).contains(&"module-not-reviewed") {
            true => format!("{reason}; the plugin is called again as soon as that is done"),
            false => reason.to_string(),
        };
        let text = in_own_name(&text);
        let json = json!({"success": false, "output": null, "error": {"code": null, "message": text}});
        Self { is_success: false, text, bytes: None, json, took: Duration::ZERO }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.is_success, &self.text, &self.bytes) == (other.is_success, &other.text, &other.bytes)
    }
}

fn in_lines(text: &[u8]) -> String {
    match as_value(text) {
        // A text, or what is no JSON: a stranger's words, on somebody's terminal.
        Value::String(text) => escaped(&text),
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

    let (mut last, mut noted) = (None, None);
    loop {
        // Before they are read: what changes from now on is another look.
        let look = Look::at(&files(call));
        let answer = one_call(call, typed.as_deref(), host());
        show(arguments, last.as_ref(), &answer)?;
        last = Some(answer);
        // Where calls are to be the same, and of each plugin once.
        let note = call.plugin.read().ok().filter(|_| call.is_in_memory()).and_then(|plugin| plugin.note_of_machine());
        if let Some(note) = note.as_ref().filter(|_| note != noted) {
            anstream::eprintln!("{ASIDE}{note}{ASIDE:#}");
        }
        noted = note;
        look.until_another(|| files(call));
    }
}

/// What the answer depends on: the plugin, the modules that its manifest names, and the input.
fn files(call: &PluginCallArguments) -> Vec<PathBuf> {
    let mut files = call.plugin.files();
    files.extend(call.input_file());
    files
}

/// When each file was written, and its size, as far as it is there.
#[derive(PartialEq)]
struct Look(Vec<(PathBuf, Option<(SystemTime, u64)>)>);

impl Look {
    fn at(files: &[PathBuf]) -> Self {
        let stamp = |file: &PathBuf| {
            let metadata = fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Self(files.iter().map(|file| (file.clone(), stamp(file))).collect())
    }

    /// Waits until the files look different, and then the same for a while.
    fn until_another(&self, files: impl Fn() -> Vec<PathBuf>) {
        let mut before = None;
        loop {
            thread::sleep(INTERVAL);
            let now = Self::at(&files());
            if now != *self && before.as_ref() == Some(&now) {
                return;
            }
            before = Some(now);
        }
    }
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
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_file_that_comes_changes_or_goes_is_another_look() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("made/by/a/build.wasm");
        let files = || vec![file.clone()];
        let seen = |change: &dyn Fn()| {
            let look = Look::at(&files());
            let is_seen = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    look.until_another(files);
                    is_seen.store(true, Ordering::SeqCst);
                });
                thread::sleep(INTERVAL * 3);
                assert!(!is_seen.load(Ordering::SeqCst), "nothing changed");
                change();
            });
        };
        seen(&|| {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "one").unwrap();
        });
        seen(&|| fs::write(&file, "another").unwrap());
        seen(&|| fs::remove_dir_all(folder.path().join("made")).unwrap());
    }
}
