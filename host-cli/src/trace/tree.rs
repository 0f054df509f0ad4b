use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use console::{Term, truncate_str};

use super::{ASIDE, FAILURE, FUNCTION, Outcome, PluginCall, Trace, TracedCall, milliseconds};

/// How much is shown.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// Lines are cut here, so that the tree stays one.
    columns: Option<usize>,
    /// More host calls than these are told in a sentence.
    host_calls: usize,
}

/// More than anybody reads.
const HOST_CALLS: usize = 100;

impl Size {
    pub(super) fn of_stdout() -> Self {
        Self::of(&Term::stdout())
    }

    pub(super) fn of_stderr() -> Self {
        Self::of(&Term::stderr())
    }

    fn of(terminal: &Term) -> Self {
        match terminal.size_checked() {
            Some((_, columns)) => Self { columns: Some(usize::from(columns)), host_calls: HOST_CALLS },
            None => Self::whole(),
        }
    }

    /// All of it, for what is not read on a terminal.
    pub(super) fn whole() -> Self {
        Self { columns: None, host_calls: usize::MAX }
    }
}

pub(super) fn write(
    out: &mut impl Write,
    trace: &Trace,
    call: &PluginCall,
    input: &str,
    outcome: &Outcome<'_>,
    size: Size,
) -> io::Result<()> {
    let mut line = |text: String| match size.columns {
        Some(columns) => writeln!(out, "{}", truncate_str(&text, columns, "…")),
        None => writeln!(out, "{text}"),
    };
    let in_host: Duration = call.host_calls.iter().map(|call| call.duration).sum();
    let host_calls = match call.host_calls.len() {
        0 => "no host calls".to_owned(),
        1 => format!("of which {} in a host call", milliseconds(in_host)),
        count => format!("of which {} in {count} host calls", milliseconds(in_host)),
    };
    let transaction = call.transaction.map(|end| format!(", {end}")).unwrap_or_default();
    line(format!(
        "{FUNCTION}{}{FUNCTION:#} {ASIDE}{}, {host_calls}{transaction}{ASIDE:#}",
        call.export,
        milliseconds(call.duration)
    ))?;
    if !input.is_empty() {
        line(format!("│  → {}", one_line(&trace.mask(input))))?;
    }
    let (shown, rest) = call.host_calls.split_at(call.host_calls.len().min(size.host_calls));
    for host_call in shown {
        let took = milliseconds(host_call.duration);
        line(format!("├─ {FUNCTION}{}{FUNCTION:#} {ASIDE}{took}{ASIDE:#}", host_call.function))?;
        if !host_call.request.is_null() {
            line(format!("│  → {}", trace.redactor.redact(&host_call.request)))?;
        }
        let (style, answer) = trace.answer(host_call);
        line(format!("│  ← {style}{}{style:#}", one_line(&answer)))?;
    }
    if !rest.is_empty() {
        line(format!("├─ {ASIDE}and {}{ASIDE:#}", summary(rest)))?;
    }
    line(match outcome {
        Ok(output) => format!("└─ ← {}", one_line(&trace.mask(output))),
        Err(error) => format!("└─ ← {FAILURE}{}{FAILURE:#}", one_line(&trace.mask(&error.to_string()))),
    })
}

/// How many calls there were of each function, and how long they took.
fn summary(calls: &[TracedCall]) -> String {
    let mut functions: BTreeMap<_, (usize, Duration)> = BTreeMap::new();
    for call in calls {
        let (count, duration) = functions.entry(call.function).or_default();
        *count += 1;
        *duration += call.duration;
    }
    let told = functions.iter().map(|(name, (count, took))| format!("{count} of {name} in {}", milliseconds(*took)));
    format!("{} more: {}", calls.len(), told.collect::<Vec<_>>().join(", "))
}

fn one_line(text: &str) -> String {
    text.trim_end().replace('\n', "⏎")
}
