//! Filling in the templates.

use base64::{Engine, prelude::BASE64_STANDARD};
use minijinja::{Environment, HtmlEscape, UndefinedBehavior, Value, context};
use sha2::{Digest, Sha256};

use super::{
    PageError,
    model::{Page, anchor, function_id},
};

macro_rules! template {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/page/", $file))
    };
}

const TEMPLATES: &[(&str, &str)] = &[
    ("index.html.jinja", template!("index.html.jinja")),
    ("function.html.jinja", template!("function.html.jinja")),
    ("types.html.jinja", template!("types.html.jinja")),
    ("macros.html.jinja", template!("macros.html.jinja")),
    ("style.css.jinja", template!("style.css.jinja")),
    ("reference.md.jinja", template!("reference.md.jinja")),
];

/// Runs before anything is shown, so that nothing moves afterwards.
const EARLY: &str = template!("early.js");
const SCRIPT: &str = template!("page.js");

pub(super) fn html(page: &Page) -> Result<String, PageError> {
    let environment = environment()?;
    let style = environment.get_template("style.css.jinja")?.render(page)?;
    // The page runs and applies what stands here and nothing else, whatever a comment smuggles in.
    let policy = format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; \
         script-src {} {}; style-src {}",
        hash(EARLY),
        hash(SCRIPT),
        hash(&style)
    );
    let context = context! { page, policy, style, early => EARLY, script => SCRIPT };
    Ok(environment.get_template("index.html.jinja")?.render(context)?)
}

pub(super) fn markdown(page: &Page) -> Result<String, PageError> {
    let text = environment()?.get_template("reference.md.jinja")?.render(context! { page })?;
    Ok(tidy(&text))
}

/// One blank line where the templates leave several, but within code.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let ticks = line.trim_start().chars().take_while(|c| *c == '`').count();
        let is_fence = ticks >= 3 && !line.trim_start()[ticks..].contains('`');
        match open {
            None if is_fence => open = Some(ticks),
            Some(length) if is_fence && ticks >= length && line.trim().len() == ticks => open = None,
            _ => {}
        }
        if open.is_some() || !line.trim().is_empty() {
            tidy.push_str(if line.trim().is_empty() { "" } else { line });
            tidy.push('\n');
        } else if !tidy.ends_with("\n\n") {
            tidy.push('\n');
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy + "\n"
}

fn environment() -> Result<Environment<'static>, PageError> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("function_id", |name: &str| function_id(name));
    environment.add_filter("type_id", |name: &str| anchor("type", name));
    environment.add_filter("error_id", |code: &str| anchor("error", code));
    environment.add_filter("fence", |code: &str| fence(code));
    environment.add_filter("code", |text: &str| code(text));
    environment.add_filter("breakable", |name: &str| breakable(name));
    for (name, template) in TEMPLATES {
        environment.add_template(name, template)?;
    }
    Ok(environment)
}

/// A name that may go on in the next line between its words, and nowhere else: after an underscore, and before a capital.
fn breakable(name: &str) -> Value {
    let mut broken = String::new();
    let mut before = None;
    for (at, c) in name.char_indices() {
        let is_next_small = name[at + c.len_utf8()..].starts_with(char::is_lowercase);
        let is_start = match before {
            None => false,
            Some('_') => c != '_',
            // `JSONValue` has two words, and `userID` too.
            Some(before) => c.is_uppercase() && (!before.is_uppercase() || is_next_small),
        };
        if is_start {
            broken.push_str("<wbr>");
        }
        broken.push_str(&HtmlEscape(c.encode_utf8(&mut [0; 4])).to_string());
        before = Some(c);
    }
    Value::from_safe_string(broken)
}

/// As a content security policy names an inline script.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// The longest run of backticks in a text.
fn backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// What sets off a block of code in Markdown, whatever is in it.
fn fence(code: &str) -> String {
    "`".repeat(3.max(backticks(code) + 1))
}

/// A text as code in Markdown, whatever is in it.
fn code(text: &str) -> String {
    let ticks = "`".repeat(backticks(text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_breaks_between_its_words() {
        for (name, broken) in [
            ("CreateUserRequest", "Create<wbr>User<wbr>Request"),
            ("db_get_user", "db_<wbr>get_<wbr>user"),
            ("__Type", "__<wbr>Type"),
            ("JSONValue", "JSON<wbr>Value"),
            ("HostResponse_User<b>", "Host<wbr>Response_<wbr>User&lt;b&gt;"),
            ("User", "User"),
        ] {
            assert_eq!(breakable(name).to_string(), broken);
        }
    }

    #[test]
    fn code_is_set_off_whatever_is_in_it() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(fence("a"), "```");
        assert_eq!(fence("```rust"), "````");
    }

    #[test]
    fn blank_lines_stay_in_code_alone() {
        assert_eq!(tidy("a\n\n\n  \nb\n\n"), "a\n\nb\n");
        let code = "a\n\n````text\n\n\n```\n\n\n````\n";
        assert_eq!(tidy(&format!("{code}\n\n")), code);
    }
}
