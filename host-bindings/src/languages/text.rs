//! Texts of the contract in code: every one that gets there passes through here.
//!
//! Anybody who writes a contract writes these texts, and what they may hold is what Unicode holds. A comment is left
//! by what ends it in its language, and by what only some readers take for the end of a line; a literal also by an
//! escape that the language lacks.

use super::Syntax;

/// A comment: each line behind a mark, such as `    /// `. Nothing, where there is nothing to say.
pub(super) fn comment(syntax: Syntax, text: &str, mark: &str) -> String {
    let text = clean(text);
    if text.is_empty() {
        return String::new();
    }
    let is_block = mark.trim_start().trim_start_matches('/').starts_with('*');
    text.lines().map(|line| format!("{}\n", format!("{mark}{}", within(syntax, line, is_block)).trim_end())).collect()
}

/// A text in one line of a comment of any form.
pub(super) fn line(syntax: Syntax, text: &str) -> String {
    let text = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.replace("\"\"\"", "'''");
    within(syntax, &within(syntax, &text, true), false)
}

/// A text as it stands in a Python string of three quotes, with those that begin it.
pub(super) fn docstring(text: &str) -> String {
    let text = clean(text).replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    // A quote at the end would join those that end the string.
    let end = if text.ends_with('"') { " " } else { "" };
    format!("\"\"\"{text}{end}")
}

/// A text as a literal.
pub(super) fn literal(syntax: Syntax, text: &str) -> String {
    let mut literal = String::from('"');
    let mut before = ' ';
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            // `??/` is a backslash to some compilers.
            '?' if before == '?' && syntax == Syntax::C => literal.push_str("\\?"),
            _ if is_plain(character) => literal.push(character),
            _ => literal.push_str(&escaped(syntax, character)),
        }
        before = character;
    }
    literal.push('"');
    literal
}

fn escaped(syntax: Syntax, character: char) -> String {
    let mut units = [0; 2];
    match syntax {
        // C has no escape for every character, but one for every byte, which ends after three digits.
        Syntax::C => {
            let mut bytes = [0; 4];
            character.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\{byte:03o}")).collect()
        }
        Syntax::Rust | Syntax::Zig => format!("\\u{{{:x}}}", u32::from(character)),
        Syntax::Go | Syntax::Python if u32::from(character) > 0xffff => format!("\\U{:08x}", u32::from(character)),
        _ => character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    }
}

/// A text with line feeds for its only ends of lines, and without what nobody sees and some readers obey.
pub(super) fn clean(text: &str) -> String {
    let lines = text.replace("\r\n", "\n");
    let clean = lines.chars().filter_map(|character| match character {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\t' => Some(' '),
        character => is_plain(character).then_some(character),
    });
    clean.collect::<String>().trim().to_owned()
}

/// Whether a character is seen, and means nothing but itself: no control, nothing that turns the direction of what
/// follows, which compilers refuse, and no mark of the order of bytes.
fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// A line in a comment, in which nothing ends the comment and nothing is said to a tool.
fn within(syntax: Syntax, line: &str, is_block: bool) -> String {
    let mut line = line.trim_end().to_owned();
    if is_block {
        line = line.replace("*/", "*\u{2215}");
    }
    match syntax {
        Syntax::JavaScript => line = line.replace("@ts-", "@ ts-"),
        Syntax::Python => {
            let word = line.trim_start().split(':').next().unwrap_or_default().to_owned();
            if ["type", "mypy", "pyright", "fmt"].contains(&word.trim_end()) {
                line = line.replacen(word.trim_end(), &capital(word.trim_end()), 1);
            }
        }
        Syntax::C => {
            // Old compilers read `??/` as a backslash, and a backslash at its end joins a line with the next.
            while line.contains("??") {
                line = line.replace("??", "? ?");
            }
            if let Some(before) = line.strip_suffix('\\') {
                line = format!("{before}\u{2216}");
            }
        }
        // What was a constraint on the build before Go 1.17, which the tools still look for.
        Syntax::Go if line.trim_start().starts_with("+build") => line = line.replacen("+build", "+ build", 1),
        Syntax::Go | Syntax::Rust | Syntax::Zig => {}
    }
    line
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Syntax; 6] = [Syntax::C, Syntax::Go, Syntax::JavaScript, Syntax::Python, Syntax::Rust, Syntax::Zig];

    /// What is known to leave comments and literals, between anything.
    fn texts() -> impl Strategy<Value = String> {
        let mark = prop::sample::select(vec![
            "*/",
            "/*",
            "//",
            "\\",
            "\\\n",
            "\n",
            "\r",
            "\r\n",
            "\"\"\"",
            "\"",
            "'",
            "`",
            "${",
            "{{",
            "\0",
            "\u{2028}",
            "\u{2029}",
            "\u{85}",
            "\u{c}",
            "\u{feff}",
            "]]",
            "\u{202e}",
            "\u{2066}",
            "??/",
            "??",
            "#",
            "type: x",
            "@ts-ignore",
            "\t",
            " ",
            "\\u{",
            "\\N{x}",
            "%",
            "\u{7f}",
            "\u{ffff}",
            "é",
            "名",
            "🦀",
            "<!--",
            "-->",
        ]);
        prop::collection::vec(prop_oneof![mark.prop_map(str::to_owned), any::<String>()], 0..8)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_comment(text in texts()) {
            for syntax in ALL {
                for mark in ["// ", "    /// ", "# ", " * ", "/** "] {
                    let comment = comment(syntax, &text, mark);
                    prop_assert!(comment.is_empty() || comment.ends_with('\n'));
                    for line in comment.split_terminator('\n') {
                        prop_assert!(line.starts_with(mark.trim_end()), "{line:?}");
                        prop_assert!(line.chars().all(is_plain), "{line:?}");
                        let inner = line.get(mark.len()..).unwrap_or_default();
                        prop_assert!(!mark.contains('*') || !inner.contains("*/"), "{line:?}");
                        prop_assert!(syntax != Syntax::C || !(line.ends_with('\\') || line.contains("??")), "{line:?}");
                        prop_assert!(syntax != Syntax::Python || !inner.trim_start().starts_with("type:"), "{line:?}");
                        prop_assert!(syntax != Syntax::JavaScript || !inner.contains("@ts-"), "{line:?}");
                    }
                }
            }
        }

        #[test]
        fn a_line_is_one_line_and_ends_no_comment(text in texts()) {
            for syntax in ALL {
                let line = line(syntax, &text);
                prop_assert!(line.chars().all(is_plain) && !line.contains("*/") && !line.contains("\"\"\""), "{line:?}");
            }
        }

        #[test]
        fn a_literal_says_what_its_text_says(text in texts()) {
            for syntax in ALL {
                let literal = literal(syntax, &text);
                prop_assert!(literal.chars().all(is_plain), "{literal:?}");
                prop_assert_eq!(said(&literal), text.clone(), "{:?}: {}", syntax, literal);
            }
        }

        #[test]
        fn a_docstring_ends_where_it_should(text in texts()) {
            let text = docstring(&text);
            let inner = &text[3..];
            prop_assert!(inner.chars().all(|character| character == '\n' || is_plain(character)));
            let escapes = inner.replace("\\\\", "").replace("\\\"", "");
            prop_assert!(!escapes.contains('\\') && !escapes.contains("\"\"\""), "{inner:?}");
            prop_assert!(!inner.ends_with('"'), "{inner:?}");
        }
    }

    /// What a literal says, by the rules that its language's report has for escapes.
    fn said(literal: &str) -> String {
        let mut bytes = Vec::new();
        let mut units = Vec::new();
        let inner = literal.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).expect("it is a literal");
        let mut rest = inner;
        let mut text = [0; 4];
        while let Some(first) = rest.chars().next() {
            rest = &rest[first.len_utf8()..];
            assert_ne!(first, '"', "a quote ends the literal");
            if first != '\\' {
                bytes.extend_from_slice(first.encode_utf8(&mut text).as_bytes());
                continue;
            }
            let kind = rest.chars().next().expect("a backslash escapes something");
            let number = |text: &str, radix| u32::from_str_radix(text, radix).expect("it is a number");
            let (length, code) = match kind {
                'n' => (1, 10),
                'r' => (1, 13),
                't' => (1, 9),
                '"' | '\\' | '?' => (1, u32::from(kind)),
                '0'..='7' => {
                    bytes.push(u8::try_from(number(&rest[..3], 8)).expect("it is a byte"));
                    rest = &rest[3..];
                    continue;
                }
                'u' if rest[1..].starts_with('{') => {
                    let end = rest.find('}').expect("it ends");
                    (end + 1, number(&rest[2..end], 16))
                }
                'u' => (5, number(&rest[1..5], 16)),
                'U' => (9, number(&rest[1..9], 16)),
                other => panic!("no language has \\{other}"),
            };
            rest = &rest[length..];
            if (0xd800..0xe000).contains(&code) {
                units.push(u16::try_from(code).expect("it is a unit"));
                if units.len() == 2 {
                    let pair = String::from_utf16(&units).expect("it is a pair");
                    bytes.extend_from_slice(pair.as_bytes());
                    units.clear();
                }
                continue;
            }
            bytes.extend_from_slice(char::from_u32(code).expect("it is a character").encode_utf8(&mut text).as_bytes());
        }
        String::from_utf8(bytes).expect("it is UTF-8")
    }

    #[test]
    fn the_texts_of_the_issue_stay_in_their_comments() {
        assert_eq!(comment(Syntax::JavaScript, "src/*/mod.rs", "/** "), "/** src/*\u{2215}mod.rs\n");
        assert_eq!(comment(Syntax::C, "C:\\temp\\", "// "), "// C:\\temp\u{2216}\n");
        assert_eq!(comment(Syntax::Go, "use x,\nwhich asks", "// "), "// use x,\n// which asks\n");
        assert_eq!(comment(Syntax::Python, "type: which", "# "), "# Type: which\n");
        assert_eq!(comment(Syntax::Rust, " ", "/// "), "");
        assert_eq!(comment(Syntax::C, "one\n\ntwo */ \u{7}", " * "), " * one\n *\n * two *\u{2215}\n");
    }
}
