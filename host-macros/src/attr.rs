//! The options, which stand between the parentheses of `#[host_fn(…)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, LitStr, Meta, MetaList, Path, Token, parse::Parser, punctuated::Punctuated};

use crate::mistakes::Mistakes;

/// The options as they were written. Whether their values make sense is for `valid` to say.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) permission: Option<LitStr>,
    pub(crate) read_only: bool,
    /// Variants of `ErrorCode`, in the order of the contract, so that it is the same contract in
    /// whatever order they were written.
    pub(crate) errors: Vec<&'static str>,
    pub(crate) deprecated: Option<LitStr>,
}

/// Every option with an example of how it is written.
const OPTIONS: [(&str, &str); 6] = [
    ("name", r#"name = "db_get_user""#),
    ("namespace", r#"namespace = "extism:host/user""#),
    ("permission", r#"permission = "users:read""#),
    ("read_only", "read_only"),
    ("errors", "errors(not_found, conflict)"),
    ("deprecated", r#"deprecated = "call db_get_user_by_uuid""#),
];

/// The domain errors as they are written, with their variants.
const DOMAIN_ERRORS: [(&str, &str); 2] = [("not_found", "NotFound"), ("conflict", "Conflict")];

/// So like a known option must an unknown one be to be taken for it, mistyped: swapped letters and a
/// forgotten underscore are, another word with the same start is not.
const ALIKE: f64 = 0.8;

impl Options {
    pub(crate) fn parse(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut options = Self::default();
        let written = match Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(written) => written,
            Err(error) => {
                mistakes.add_at(error.span(), format!("{error}; the options are {}", usages()));
                return options;
            }
        };
        let mut seen = Vec::new();
        for option in &written {
            let path = option.path();
            let Some((name, usage)) = OPTIONS.iter().find(|(name, _)| path.is_ident(name)) else {
                mistakes.add(path, unknown(path));
                continue;
            };
            if seen.contains(name) {
                mistakes.add(option, format!("`{name}` is written twice; write it once"));
                continue;
            }
            seen.push(*name);
            if options.set(name, option, mistakes).is_none() {
                mistakes.add(option, format!("write `{usage}`"));
            }
        }
        options
    }

    /// Takes one option, or answers with nothing where it does not have the form that it should.
    fn set(&mut self, name: &str, option: &Meta, mistakes: &mut Mistakes) -> Option<()> {
        match (name, option) {
            ("read_only", Meta::Path(_)) => self.read_only = true,
            ("errors", Meta::List(list)) => self.errors = domain_errors(list, mistakes)?,
            ("name", _) => self.name = Some(text(option)?),
            ("namespace", _) => self.namespace = Some(text(option)?),
            ("permission", _) => self.permission = Some(text(option)?),
            ("deprecated", _) => self.deprecated = Some(text(option)?),
            _ => return None,
        }
        Some(())
    }
}

fn text(option: &Meta) -> Option<LitStr> {
    let Meta::NameValue(pair) = option else { return None };
    literal(&pair.value).cloned()
}

/// The string literal that an expression is. One that a declarative macro hands on is in a group.
pub(crate) fn literal(expression: &Expr) -> Option<&LitStr> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

fn domain_errors(list: &MetaList, mistakes: &mut Mistakes) -> Option<Vec<&'static str>> {
    let written = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok()?;
    let mut seen = Vec::new();
    for path in &written {
        match DOMAIN_ERRORS.iter().find(|(name, _)| path.is_ident(name)) {
            Some((name, _)) if seen.contains(name) => {
                mistakes.add(path, format!("`{name}` is written twice; write it once"));
            }
            Some((name, _)) => seen.push(*name),
            None => mistakes.add(
                path,
                format!(
                    "`{}` is not a domain error; write `not_found`, `conflict` or both, for any function may answer \
                     the other codes",
                    spelling(path)
                ),
            ),
        }
    }
    if written.is_empty() {
        return None;
    }
    Some(DOMAIN_ERRORS.iter().filter(|(name, _)| seen.contains(name)).map(|(_, variant)| *variant).collect())
}

fn unknown(path: &Path) -> String {
    let written = spelling(path);
    let likeness = |name: &str| strsim::jaro_winkler(&written, name);
    let nearest = OPTIONS.iter().max_by(|(a, _), (b, _)| likeness(a).total_cmp(&likeness(b)));
    match nearest.filter(|(name, _)| likeness(name) >= ALIKE) {
        Some((_, usage)) => format!("there is no option `{written}`; did you mean `{usage}`?"),
        None => format!("there is no option `{written}`; the options are {}", usages()),
    }
}

fn usages() -> String {
    OPTIONS.map(|(_, usage)| format!("`{usage}`")).join(", ")
}

/// A path as it is written: tokens have a space around each `::`.
fn spelling(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}
