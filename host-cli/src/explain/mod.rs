//! `hostfn explain`: what a code means that an error, a finding or a judgement has.

mod point;
mod text;

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::json;

pub(crate) use self::point::{Coded, codes_of, note, pointer};
use self::text::{Kind, Text};
use crate::{CannotJudge, Failure, help::in_own_name, verdict_stdout};

/// The arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn explain
  hostfn explain not-granted
  hostfn explain permission_denied --json

Codes are those that guests are answered with, those of the findings of `check`, of the rules of `compat`, \
of the checks of `doctor`, and of the errors of building a host, loading a plugin and calling one. Without \
a code all of them are listed.")]
pub struct ExplainArguments {
    /// The code, such as not-granted
    code: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

const CODE: Style = AnsiColor::Cyan.on_default();
const HEADING: Style = Style::new().bold();
const ASIDE: Style = Style::new().dimmed();

/// As much of a likeness as a misspelt code has.
const ALIKE: f64 = 0.8;

pub(crate) fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    let texts = text::all();
    let mut out = verdict_stdout();
    match &arguments.code {
        Some(code) => {
            let text = find(&texts, code)?;
            match arguments.json {
                true => writeln!(out, "{:#}", as_json(text))?,
                false => write_text(&mut out, text)?,
            }
        }
        None if arguments.json => writeln!(out, "{:#}", texts.iter().map(as_json).collect::<serde_json::Value>())?,
        None => write_list(&mut out, &texts)?,
    }
    Ok(())
}

/// The text about a code, in which `-` and `_` are the same to whoever types it.
fn find<'a>(texts: &'a [Text], code: &str) -> Result<&'a Text, CannotJudge> {
    let plain = |code: &str| code.to_lowercase().replace('_', "-");
    let wanted = plain(code);
    if let Some(text) = texts.iter().find(|text| plain(text.code) == wanted) {
        return Ok(text);
    }
    let likeness = |text: &&Text| strsim::jaro_winkler(&plain(text.code), &wanted);
    let nearest = texts.iter().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    Err(CannotJudge(match nearest.filter(|text| likeness(text) >= ALIKE) {
        Some(text) => format!("there is no code `{code}`; did you mean `{}`?", text.code),
        None => format!("there is no code `{code}`; `hostfn explain` lists all"),
    }))
}

fn as_json(text: &Text) -> serde_json::Value {
    json!({
        "code": text.code,
        "kind": text.kind.name(),
        "summary": text.summary,
        "text": in_own_name(&text.text),
    })
}

fn write_list(out: &mut impl Write, texts: &[Text]) -> std::io::Result<()> {
    let width = texts.iter().map(|text| text.code.len()).max().unwrap_or_default();
    for kind in Kind::ALL {
        writeln!(out, "{HEADING}{}{HEADING:#}", in_own_name(kind.title()))?;
        for Text { code, summary, .. } in texts.iter().filter(|text| text.kind == kind) {
            writeln!(out, "  {CODE}{code:width$}{CODE:#}  {summary}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{ASIDE}{}{ASIDE:#}", in_own_name("`hostfn explain CODE` tells more of one."))
}

fn write_text(out: &mut impl Write, text: &Text) -> std::io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}  {ASIDE}{}{ASIDE:#}\n", text.code, in_own_name(text.kind.title()))?;
    // Of Markdown the texts have only what is said strongly, every other piece between two asterisks.
    for (position, piece) in in_own_name(&text.text).split("**").enumerate() {
        match position % 2 {
            0 => write!(out, "{piece}")?,
            _ => write!(out, "{HEADING}{piece}{HEADING:#}")?,
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests;
