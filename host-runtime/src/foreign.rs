use std::fmt;

use crate::defence::{self, Defence};

/// A text that a plugin's author chose, as people may be shown it: on one line, and with nothing that a terminal obeys
/// or that looks like what it is not. What is long is cut.
pub(crate) struct Foreign<'a>(pub(crate) &'a str);

/// As much of a text as anybody reads.
const LONGEST: usize = 1000;

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, character) in self.0.chars().enumerate() {
            match character {
                _ if !defence::is_on(Defence::EscapeLogs) => fmt::Write::write_char(f, character)?,
                _ if position == LONGEST => return f.write_str("…"),
                // These mean something in Rust, and nothing to a reader.
                '"' | '\'' | '\\' => fmt::Write::write_char(f, character)?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// The same of a name, which is shorter.
pub(crate) fn shortened(name: &str) -> String {
    const LONGEST_NAME: usize = 64;
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_and_not_written() {
        let shown = Foreign("it isn't\n\u{1b}[2Kok\u{2028}\u{202e}é\0\\").to_string();
        assert_eq!(shown, r"it isn't\n\u{1b}[2Kok\u{2028}\u{202e}é\0\");
        assert_eq!(Foreign(&"x".repeat(2000)).to_string().chars().count(), LONGEST + 1);
    }
}
