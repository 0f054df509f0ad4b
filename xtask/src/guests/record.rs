//! What is written down beside a prebuilt module, and compared by `--check`.

use std::fmt;

use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes, in lower-case hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}

/// Writes a finished SHA-256 as text.
pub(super) fn hex(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a module was built from. `Display` and [`Record::parse`] are the two ends of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The hash of the guest's sources.
    pub(super) sources: String,
    /// The hash of the module.
    pub(super) module: String,
    /// The compiler. It is not compared: it is there for whoever wonders why another build gives other bytes.
    pub(super) toolchain: String,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Written by `cargo xtask guests`. Do not edit it: after a merge, run that again.")?;
        writeln!(f, "sources   {}", self.sources)?;
        writeln!(f, "module    {}", self.module)?;
        writeln!(f, "toolchain {}", self.toolchain)
    }
}

impl Record {
    /// Reads a record; `None` when it is not one, as after a merge that left its marks.
    pub(super) fn parse(content: &[u8]) -> Option<Self> {
        let content = str::from_utf8(content).ok()?;
        let mut lines = content.lines().filter(|line| !line.starts_with('#'));
        let mut value = |key| Some(lines.next()?.strip_prefix(key)?.trim().to_owned());
        let record = Self { sources: value("sources ")?, module: value("module ")?, toolchain: value("toolchain ")? };
        lines.next().is_none().then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, hash};

    fn record() -> Record {
        Record { sources: hash(b"sources"), module: hash(b"module"), toolchain: "rustc 1.95.0".to_owned() }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        assert_eq!(Record::parse(record().to_string().as_bytes()), Some(record()));
    }

    #[test]
    fn a_record_with_line_endings_of_windows_is_the_same() {
        let written = record().to_string().replace('\n', "\r\n");
        assert_eq!(Record::parse(written.as_bytes()), Some(record()));
    }

    #[test]
    fn a_record_that_a_merge_has_spoilt_is_none() {
        let written = record().to_string();
        assert_eq!(Record::parse(format!("<<<<<<< ours\n{written}").as_bytes()), None);
        assert_eq!(Record::parse(format!("{written}>>>>>>> theirs\n").as_bytes()), None);
        assert_eq!(Record::parse(b""), None);
    }

    #[test]
    fn the_hash_is_sha_256_in_hexadecimal() {
        assert_eq!(hash(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
