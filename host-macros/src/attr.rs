//! The options, which stand between the parentheses of `#[host_fn(…)]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Expr, ExprLit, Lit, LitStr};

use crate::{
    mistakes::Mistakes,
    names::{DOMAIN_ERRORS, OTHER_ERRORS},
    types::spelling,
};

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

/// So like a known option must an unknown one be to be taken for it, mistyped: swapped letters and a
/// forgotten underscore are, another word with the same start is not.
const ALIKE: f64 = 0.8;

/// One option, read so far that whatever is wrong with it can be told.
struct Written {
    tokens: TokenStream,
    /// What stands before its value.
    name: TokenStream,
    form: Form,
}

enum Form {
    /// `read_only`
    Word,
    /// `errors(…)`
    List(TokenStream),
    /// `name = …`
    Value(TokenStream),
}

impl Written {
    fn new(tokens: Vec<TokenTree>) -> Self {
        let is_equals = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '=');
        let at = tokens.iter().position(|token| is_equals(token) || matches!(token, TokenTree::Group(_)));
        let form = match at.map(|at| (&tokens[at], &tokens[at + 1..])) {
            None => Form::Word,
            Some((TokenTree::Group(group), [])) => Form::List(group.stream()),
            Some((_, value)) => Form::Value(value.iter().cloned().collect()),
        };
        let name = tokens[..at.unwrap_or(tokens.len())].iter().cloned().collect();
        Self { tokens: tokens.into_iter().collect(), name, form }
    }
}

impl Written {
    /// Two options without a comma between them, as they should be written.
    fn without_comma(&self) -> Option<String> {
        let is_option =
            |token: &TokenTree| matches!(token, TokenTree::Ident(word) if OPTIONS.iter().any(|(name, _)| word == name));
        // What follows upon `=` is a value without its quotes.
        let mut before = '=';
        let mut first = Vec::new();
        let mut rest = Vec::new();
        for (position, token) in self.tokens.clone().into_iter().enumerate() {
            let starts_another = position > 0 && rest.is_empty() && before != '=' && is_option(&token);
            before = match &token {
                TokenTree::Punct(punct) => punct.as_char(),
                _ => ' ',
            };
            if starts_another || !rest.is_empty() { rest.push(token) } else { first.push(token) }
        }
        let spelt = |tokens: Vec<TokenTree>| spelling(&tokens.into_iter().collect::<TokenStream>()).replace('=', " = ");
        (!rest.is_empty()).then(|| format!("{}, {}", spelt(first), spelt(rest)))
    }
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut options = Self::default();
        let mut seen = Vec::new();
        for option in split(tokens).into_iter().map(Written::new) {
            if let Some(two) = option.without_comma() {
                mistakes.add(&option.tokens, format!("a comma is missing; write `{two}`"));
                continue;
            }
            let written = spelling(&option.name);
            let Some((name, usage)) = OPTIONS.iter().find(|(name, _)| written == *name) else {
                mistakes.add(&option.name, unknown(&written, &option));
                continue;
            };
            if seen.contains(name) {
                mistakes.add(&option.tokens, format!("`{name}` is written twice; write it once"));
                continue;
            }
            seen.push(*name);
            if let Err(advice) = options.set(name, &option.form, mistakes) {
                let advice = advice.unwrap_or_else(|| format!("write `{usage}`"));
                mistakes.add(&option.tokens, advice);
            }
        }
        options
    }

    /// Takes one option, or answers with what to write instead, if it is not just the option's example.
    fn set(&mut self, name: &str, form: &Form, mistakes: &mut Mistakes) -> Result<(), Option<String>> {
        match (name, form) {
            ("read_only", Form::Word) => self.read_only = true,
            ("read_only", Form::Value(value)) if spelling(value) == "false" => {
                return Err(Some("a function may write unless it says otherwise; leave this out".to_owned()));
            }
            ("errors", Form::List(list)) => self.errors = domain_errors(list.clone(), mistakes)?,
            ("errors", Form::Value(value)) => return Err(as_list(value)),
            ("name", _) => self.name = Some(text(name, form)?),
            ("namespace", _) => self.namespace = Some(text(name, form)?),
            ("permission", _) => self.permission = Some(text(name, form)?),
            ("deprecated", _) => self.deprecated = Some(text(name, form)?),
            _ => return Err(None),
        }
        Ok(())
    }
}

/// What stands between the commas.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => parts.push(Vec::new()),
            (_, Some(part)) => part.push(token),
            (_, None) => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The text of an option, or how it would be written.
fn text(name: &str, form: &Form) -> Result<LitStr, Option<String>> {
    let (Form::Value(value) | Form::List(value)) = form else { return Err(None) };
    let literals = literals_in(value.clone());
    if name == "permission" && literals.len() > 1 {
        return Err(Some(format!("a function needs one permission; write `permission = {}`", spelling(&literals[0]))));
    }
    let is_value = matches!(form, Form::Value(_));
    match syn::parse2::<Expr>(value.clone()).ok().as_ref().and_then(literal) {
        Some(text) if is_value => return Ok(text.clone()),
        _ => {}
    }
    if let [text] = &literals[..] {
        return Err(Some(format!("write `{name} = {}`", spelling(text))));
    }
    // A name, a path or a permission without its quotes.
    let plain = spelling(value);
    let is_text = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '/' | '.' | '*' | '-');
    match !plain.is_empty() && plain.chars().all(is_text) && literals.is_empty() {
        true => Err(Some(format!("a text stands in quotes; write `{name} = \"{plain}\"`"))),
        false => Err(None),
    }
}

/// All texts in quotes, in whatever brackets they are.
fn literals_in(tokens: TokenStream) -> Vec<LitStr> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => found.extend(literals_in(group.stream())),
            TokenTree::Literal(_) => found.extend(syn::parse2(token.into()).ok()),
            _ => {}
        }
    }
    found
}

/// The string literal that an expression is. One that a declarative macro hands on is in a group.
pub(crate) fn literal(expression: &Expr) -> Option<&LitStr> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

fn domain_errors(list: TokenStream, mistakes: &mut Mistakes) -> Result<Vec<&'static str>, Option<String>> {
    let written: Vec<TokenStream> = split(list).into_iter().map(|tokens| tokens.into_iter().collect()).collect();
    let mut seen = Vec::new();
    for tokens in &written {
        let name = spelling(tokens);
        match DOMAIN_ERRORS.iter().find(|(domain, _)| name == *domain) {
            Some((name, _)) if seen.contains(name) => {
                mistakes.add(tokens, format!("`{name}` is written twice; write it once"));
            }
            Some((name, _)) => seen.push(*name),
            None => mistakes.add(tokens, no_domain_error(&name)),
        }
    }
    if written.is_empty() {
        return Err(None);
    }
    Ok(DOMAIN_ERRORS.iter().filter(|(name, _)| seen.contains(name)).map(|(_, variant)| *variant).collect())
}

/// What to say of `NotFound`, `"not_found"`, `notfound` and `internal`.
fn no_domain_error(written: &str) -> String {
    let last = written.rsplit("::").next().unwrap_or_default().trim_matches('"');
    let name = in_snake_case(last);
    let domain = DOMAIN_ERRORS.map(|(name, _)| name);
    if OTHER_ERRORS.contains(&name.as_str()) {
        return format!("any function may answer `{name}`; leave it out, and write what else it answers: {}", either());
    }
    match nearest(&name, domain) {
        Some(name) => format!("an error is written as in a guest's answer; write `{name}`"),
        None => format!("there is no error `{written}`; write {}", either()),
    }
}

fn either() -> &'static str {
    "`not_found`, `conflict` or both"
}

/// How `errors = …` is written.
fn as_list(value: &TokenStream) -> Option<String> {
    let mut names = Vec::new();
    for part in value.clone().into_iter().flat_map(|token| match token {
        TokenTree::Group(group) => split(group.stream()),
        token => vec![vec![token]],
    }) {
        let written: TokenStream = part.into_iter().collect();
        let name = in_snake_case(spelling(&written).trim_matches('"'));
        names.push(nearest(&name, DOMAIN_ERRORS.map(|(name, _)| name))?);
    }
    (!names.is_empty()).then(|| format!("write `errors({})`", names.join(", ")))
}

/// `NotFound` as `not_found`.
fn in_snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

fn unknown(written: &str, option: &Written) -> String {
    if let [text] = &literals_in(option.name.clone())[..]
        && matches!(option.form, Form::Word)
    {
        return format!("a text needs the name of its option; write `permission = {}`", spelling(text));
    }
    let usage = nearest(written, OPTIONS.map(|(name, _)| name))
        .and_then(|nearest| OPTIONS.iter().find(|(name, _)| nearest == *name));
    match usage {
        Some((_, usage)) => format!("there is no option `{written}`; did you mean `{usage}`?"),
        None => format!("there is no option `{written}`; the options are {}", usages()),
    }
}

/// The name that was probably meant.
fn nearest<const N: usize>(written: &str, names: [&'static str; N]) -> Option<&'static str> {
    let likeness = |name: &str| strsim::jaro_winkler(written, name);
    let nearest = names.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|name| likeness(name) >= ALIKE)
}

fn usages() -> String {
    OPTIONS.map(|(_, usage)| format!("`{usage}`")).join(", ")
}
