//! The texts, which stand in a file of Markdown a kind, under a heading a code.

use hostfn_bindings::compat::Rule;

/// What a code means, and what to do.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) code: &'static str,
    pub(super) kind: Kind,
    /// One sentence.
    pub(super) summary: String,
    /// All of it, the summary first.
    pub(super) text: String,
}

/// Where a code comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Wire,
    Finding,
    Build,
    Load,
    Call,
    Rule,
    Check,
}

impl Kind {
    pub(super) const ALL: [Self; 7] =
        [Self::Wire, Self::Finding, Self::Build, Self::Load, Self::Call, Self::Rule, Self::Check];

    /// In JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wire => "answer",
            Self::Finding => "finding",
            Self::Build => "build",
            Self::Load => "load",
            Self::Call => "call",
            Self::Rule => "compat",
            Self::Check => "doctor",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Wire => "Errors that guests are answered with",
            Self::Finding => "Findings of `hostfn check`, before a plugin is loaded",
            Self::Build => "Why a host cannot be built",
            Self::Load => "Why a plugin cannot be loaded",
            Self::Call => "Why a plugin call did not succeed",
            Self::Rule => "Rules of `hostfn compat`",
            Self::Check => "Checks of `hostfn doctor`",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Wire => include_str!("texts/wire.md"),
            Self::Finding => include_str!("texts/findings.md"),
            Self::Build => include_str!("texts/build.md"),
            Self::Load => include_str!("texts/load.md"),
            Self::Call => include_str!("texts/call.md"),
            Self::Rule => include_str!("texts/compat.md"),
            Self::Check => include_str!("texts/doctor.md"),
        }
    }
}

/// All texts, in the order in which they are listed.
pub(super) fn all() -> Vec<Text> {
    Kind::ALL.into_iter().flat_map(of_kind).collect()
}

fn of_kind(kind: Kind) -> Vec<Text> {
    let sections = kind.file().split("## ").map(str::trim).filter(|section| !section.is_empty());
    let texts = sections.map(|section| {
        let (code, body) = section.split_once('\n').unwrap_or((section, ""));
        let body = body.trim();
        let rule = Rule::ALL.iter().find(|rule| kind == Kind::Rule && rule.id() == code);
        match rule {
            Some(rule) => of_rule(*rule, code, body),
            None => {
                let summary = body.split("\n\n").next().unwrap_or_default().replace('\n', " ");
                Text { code, kind, summary, text: body.to_owned() }
            }
        }
    });
    texts.collect()
}

/// What a rule says of itself, which is not written twice, and what the file adds.
fn of_rule(rule: Rule, code: &'static str, example: &str) -> Text {
    let (why, bump) = (rule.why(), rule.bump());
    let instead = rule.explain().strip_prefix(why).unwrap_or_default().trim();
    let text = format!("{why}\n\n**What to do.** {instead}\n\n**Version.** It asks for a {bump} bump.\n\n{example}");
    Text { code, kind: Kind::Rule, summary: why.to_owned(), text }
}
