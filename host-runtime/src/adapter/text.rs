use std::fmt::{self, Write as _};

/// A text as WebAssembly's text format has it: in quotes, with all but plain characters escaped, byte by byte.
///
/// Source: [strings of the text format](https://webassembly.github.io/spec/core/text/values.html#strings).
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'_' | b'-' | b':' | b'/' | b'.' => {
                    f.write_char(byte.into())?;
                }
                _ => write!(f, "\\{byte:02x}")?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_one_string() {
        for text in ["run", "", "a\"b", "\\", "über", "\n)(", "\u{0}"] {
            let module = wat::parse_str(format!("(module (func (export {})))", Quoted(text))).unwrap();
            let names = crate::module::Module::parse(&module, &[]).unwrap().exports;
            assert_eq!(names.iter().map(|export| export.name.as_str()).collect::<Vec<_>>(), [text]);
        }
    }
}
