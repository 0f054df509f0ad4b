//! Documentation, which is Markdown, as something that is safe to show.
//!
//! Whoever publishes a page need not trust whoever wrote a comment: HTML comes out as the text that it
//! is, a link leads to the web or nowhere, and an image is its description, so that opening a page loads
//! nothing. Both outputs are made from the same events.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use serde::Serialize;

/// A text in both forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Prose {
    html: String,
    markdown: String,
}

impl Prose {
    /// Reads Markdown.
    pub(super) fn of(text: &str) -> Self {
        let events = safe(text);
        let mut html = String::new();
        html::push_html(&mut html, events.iter().cloned());
        let mut markdown = String::new();
        // Writing to a string does not fail, and these events nest as the parser had them.
        let written = pulldown_cmark_to_cmark::cmark(events.iter(), &mut markdown, options());
        debug_assert!(written.is_ok(), "{written:?}");
        Self { html: html.trim_end().to_owned(), markdown: markdown.trim_end().to_owned() }
    }

    /// The first paragraph, which is a summary as in rustdoc, and the rest.
    pub(super) fn summary_and_rest(text: &str) -> (Self, Option<Self>) {
        let text = text.trim();
        let (summary, rest) = text.split_once("\n\n").unwrap_or((text, ""));
        (Self::of(summary), (!rest.trim().is_empty()).then(|| Self::of(rest)))
    }

    /// Documentation where there is some.
    pub(super) fn of_schema(schema: &serde_json::Value) -> Option<Self> {
        schema["description"].as_str().map(Self::of)
    }
}

/// What rustdoc reads too.
fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH
}

fn safe(text: &str) -> Vec<Event<'_>> {
    // Whether each open link is kept; links do not nest, images do.
    let mut links = Vec::new();
    Parser::new_ext(text, options())
        .filter_map(|event| match event {
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
            Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                links.push(is_of_the_web(dest_url));
                links.last().is_some_and(|is_kept| *is_kept).then_some(event)
            }
            Event::End(TagEnd::Link) => links.pop().is_some_and(|is_kept| is_kept).then_some(event),
            // Its id is dropped too: the page's own are its own.
            Event::Start(Tag::Heading { level, .. }) => Some(Event::Start(Tag::Heading {
                level: below(level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            })),
            Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(below(level)))),
            event => Some(event),
        })
        .collect()
}

fn is_of_the_web(target: &str) -> bool {
    let target = target.to_ascii_lowercase();
    target.starts_with("https://") || target.starts_with("http://")
}

/// A heading within a function is below that function's own headings.
fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_rendered() {
        let prose = Prose::of("Answers `null` for [RFC 4122](https://example.com/a?b=1&c=2), *never* an error.");
        assert_eq!(
            prose.html,
            "<p>Answers <code>null</code> for <a href=\"https://example.com/a?b=1&amp;c=2\">RFC 4122</a>, \
             <em>never</em> an error.</p>"
        );
        assert_eq!(
            prose.markdown,
            "Answers `null` for [RFC 4122](https://example.com/a?b=1&amp;c=2), *never* an error."
        );
    }

    #[test]
    fn html_is_text() {
        for hostile in [
            "<script>alert(1)</script>",
            "before <img src=x onerror=alert(1)> after",
            "<div>\n\n[x](javascript:alert(1))\n\n</div>",
            "# <b onclick=alert(1)>heading</b>",
            "| <script>a | b |\n|---|---|\n| </script> | <style> |",
        ] {
            let prose = Prose::of(hostile);
            for tag in ["<script", "<img", "<div", "<b ", "<style", "href"] {
                assert!(!prose.html.contains(tag), "{tag} is in {}", prose.html);
            }
            // What is written as Markdown is read as the same again, and holds no HTML.
            let again = Parser::new_ext(&prose.markdown, Options::ENABLE_TABLES);
            let html: Vec<_> = again.filter(|event| matches!(event, Event::Html(_) | Event::InlineHtml(_))).collect();
            assert_eq!(html, [], "{}", prose.markdown);
        }
    }

    #[test]
    fn a_link_leads_to_the_web_or_nowhere() {
        for hostile in [
            "[x](javascript:alert(1))",
            "[x](JavaScript:alert(1))",
            "[x](data:text/html,hello)",
            "[x](//example.com)",
            "<javascript:alert(1)>",
            "[x]\n\n[x]: javascript:alert(1)",
            "![x](https://example.com/x.png)",
            "[![x](https://example.com/x.png)](vbscript:x)",
        ] {
            let prose = Prose::of(hostile);
            assert!(!prose.html.contains("href") && !prose.html.contains("src="), "{}", prose.html);
            let again = Parser::new(&prose.markdown);
            let links: Vec<_> =
                again.filter(|event| matches!(event, Event::Start(Tag::Link { .. } | Tag::Image { .. }))).collect();
            assert_eq!(links, [], "{}", prose.markdown);
        }
    }

    #[test]
    fn the_first_paragraph_is_the_summary() {
        let (summary, rest) = Prose::summary_and_rest("Ends a\nsession.\n\nFor ever.\n\nReally.");
        assert_eq!(summary.markdown, "Ends a\nsession.");
        assert_eq!(rest.unwrap().markdown, "For ever.\n\nReally.");
        assert_eq!(Prose::summary_and_rest("Ends it.").1, None);
    }
}
