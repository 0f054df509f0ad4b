use std::fmt::{self, Write};

use hostfn_runtime::{HostCall, Redactor};
use serde_json::Value;

use crate::database::DatabaseEffect;

/// What was said between plugins and their host, and what became of the database.
///
/// As text it is for people, and the same in every run: secrets are hidden and numbered.
/// [`assert_transcript!`](crate::assert_transcript) compares it with an accepted one.
#[derive(Debug)]
pub struct Transcript {
    events: Vec<Event>,
    effect: DatabaseEffect,
    redactor: Redactor,
}

/// One thing that was said.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Start { plugin: String, export: String, input: String },
    HostCall { plugin: String, function: &'static str, request: Option<String>, response: String, is_mocked: bool },
    End { is_success: bool, output: String },
}

// The headings, which `accepted.rs` reads again.
pub(crate) const CALLS: &str = "calls";
pub(crate) const ANSWERED: &str = "and is answered";
pub(crate) const ANSWERED_BY_MOCK: &str = "and is answered by a mock";
pub(crate) const DATABASE: &str = "database";

/// In place of a request of which nothing was read, as of a plugin that may not call the function.
const UNREAD: &str = "a request that was not read";

impl Event {
    pub(crate) fn start(plugin: &str, export: &str, input: &str) -> Self {
        Self::Start { plugin: plugin.to_owned(), export: export.to_owned(), input: input.to_owned() }
    }

    pub(crate) fn host_call(call: &HostCall<'_>, is_mocked: bool) -> Self {
        Self::HostCall {
            plugin: call.caller.plugin().to_owned(),
            function: call.function.name(),
            request: call.request.map(str::to_owned),
            response: call.response.to_owned(),
            is_mocked,
        }
    }

    pub(crate) fn end(is_success: bool, output: &str) -> Self {
        Self::End { is_success, output: output.to_owned() }
    }
}

impl Transcript {
    pub(crate) fn new(events: Vec<Event>, effect: DatabaseEffect, redactor: Redactor) -> Self {
        Self { events, effect, redactor }
    }

    /// What became of the database.
    pub fn effect(&self) -> &DatabaseEffect {
        &self.effect
    }

    /// The names of the host functions that were called, in their order.
    pub fn host_calls(&self) -> impl Iterator<Item = &'static str> {
        self.events.iter().filter_map(|event| match event {
            Event::HostCall { function, .. } => Some(*function),
            _ => None,
        })
    }

    /// Each host call as it went over the wire: the function, the request (empty if it was not read) and the response, secrets
    /// and all.
    pub fn wire(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        self.events.iter().filter_map(|event| match event {
            Event::HostCall { function, request, response, .. } => {
                Some((*function, request.as_deref().unwrap_or_default(), &**response))
            }
            _ => None,
        })
    }

    fn text(&self, said: &str) -> String {
        if said.is_empty() {
            return "nothing".to_owned();
        }
        match serde_json::from_str::<Value>(said) {
            Ok(value) => format!("{:#}", self.redactor.redact(&value)),
            Err(_) => self.redactor.redact_text(said),
        }
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut depth = 0;
        for event in &self.events {
            match event {
                Event::Start { plugin, export, input } => {
                    block(f, 0, &format!("plugin `{plugin}`, export `{export}`, with"), &self.text(input))?;
                    depth = 1;
                }
                Event::HostCall { plugin, function, request, response, is_mocked } => {
                    block(
                        f,
                        depth,
                        &format!("`{plugin}` {CALLS} `{function}` with"),
                        &request.as_ref().map_or(UNREAD.to_owned(), |request| self.text(request)),
                    )?;
                    let heading = if *is_mocked { ANSWERED_BY_MOCK } else { ANSWERED };
                    block(f, depth, heading, &self.text(response))?;
                }
                Event::End { is_success, output } => {
                    depth = 0;
                    let heading = if *is_success { "and answers" } else { "and fails with" };
                    block(f, depth, heading, &self.text(output))?;
                }
            }
        }
        writeln!(f, "{DATABASE}")?;
        let mut effect = String::new();
        self.effect.render(&mut effect, &self.redactor)?;
        indented(f, 1, effect.trim_end())
    }
}

/// A heading, and a text under it, both so deep.
fn block(f: &mut fmt::Formatter<'_>, depth: usize, heading: &str, text: &str) -> fmt::Result {
    indented(f, depth, heading)?;
    f.write_char('\n')?;
    indented(f, depth + 1, text)?;
    f.write_str("\n\n")
}

fn indented(f: &mut fmt::Formatter<'_>, depth: usize, text: &str) -> fmt::Result {
    let indent = "  ".repeat(depth);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        write!(f, "{indent}{line}")?;
        if lines.peek().is_some() {
            f.write_char('\n')?;
        }
    }
    Ok(())
}
