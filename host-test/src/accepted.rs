//! Transcripts as they were accepted: the text of [`Transcript`](crate::Transcript), read again.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::transcript::{ANSWERED, ANSWERED_BY_MOCK, CALLS, DATABASE};

/// What stands in a transcript.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) calls: Vec<AcceptedCall>,
    /// What stands under the database's heading.
    pub(crate) database: String,
    /// Everything, as it is compared.
    pub(crate) text: String,
}

/// A snapshot of a transcript, as it was accepted.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct AcceptedTranscript {
    /// The file.
    pub path: PathBuf,
    /// The host calls in it, in their order.
    pub calls: Vec<AcceptedCall>,
}

/// One host call of an accepted transcript. Secrets are hidden in it.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct AcceptedCall {
    /// The plugin that made it.
    pub plugin: String,
    /// The host function.
    pub function: String,
    /// What the plugin passed: JSON, or a text where it was none.
    pub request: Value,
    /// What it was answered.
    pub response: Value,
    /// Whether a mock answered, and not the function.
    pub is_mocked: bool,
}

/// The accepted transcripts in a folder and below it, sorted by their paths: real calls, for examples.
///
/// # Errors
/// When the folder is not there, or cannot be read.
pub fn accepted_transcripts(folder: impl AsRef<Path>) -> io::Result<Vec<AcceptedTranscript>> {
    fs::read_dir(&folder)?;
    let snapshots = snapshots(folder.as_ref())?.into_iter();
    Ok(snapshots.map(|(path, accepted)| AcceptedTranscript { path, calls: accepted.calls }).collect())
}

/// The snapshots in a folder and below it, sorted by their paths. A folder that is not there has none.
pub(crate) fn snapshots(folder: &Path) -> io::Result<Vec<(PathBuf, Accepted)>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "snap")
                && let Some(accepted) = Accepted::read(&path)?
            {
                found.push((path, accepted));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

impl AcceptedCall {
    /// `success`, or the code of the error.
    pub(crate) fn outcome(&self) -> &str {
        match self.response["success"].as_bool() {
            Some(true) => "success",
            _ => self.response["error"]["code"].as_str().unwrap_or("no answer"),
        }
    }
}

impl Accepted {
    /// Reads a snapshot, or nothing where there is none.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(path) {
            // insta writes what it knows of a snapshot between two lines of dashes.
            Ok(file) => Ok(Some(Self::parse(file.splitn(3, "---\n").nth(2).unwrap_or(&file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim_end();
        let heading = format!("{DATABASE}\n");
        let (said, database) = match text.rsplit_once(&format!("\n\n{heading}")) {
            Some(parts) => parts,
            None => text.strip_prefix(&heading).map_or((text, ""), |database| ("", database)),
        };
        let mut calls = Vec::new();
        let mut open = None;
        for block in said.split("\n\n") {
            let (heading, content) = block.trim_start_matches('\n').split_once('\n').unwrap_or((block, ""));
            match heading.trim() {
                heading if heading == ANSWERED || heading == ANSWERED_BY_MOCK => {
                    let Some((plugin, function, request)) = open.take() else { continue };
                    let is_mocked = heading == ANSWERED_BY_MOCK;
                    calls.push(AcceptedCall { plugin, function, request, response: value(content), is_mocked });
                }
                heading => open = caller(heading).map(|(plugin, function)| (plugin, function, value(content))),
            }
        }
        Self { calls, database: database.to_owned(), text: text.to_owned() }
    }
}

/// The plugin and the function of "`plugin` calls `function` with".
fn caller(heading: &str) -> Option<(String, String)> {
    let (plugin, function) = heading.strip_prefix('`')?.strip_suffix("` with")?.split_once(&format!("` {CALLS} `"))?;
    Some((plugin.to_owned(), function.to_owned()))
}

/// JSON, or the text where it is none: a guest may pass anything.
fn value(content: &str) -> Value {
    let content = content.trim();
    serde_json::from_str(content).unwrap_or_else(|_| content.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "plugin `auth`, export `run`, with\n  nothing\n\n  `auth` calls `get` with\n    {\n      \"id\": 1\n    }\n\n  \
                        and is answered by a mock\n    {\n      \"success\": false,\n      \"error\": {\n        \"code\": \"conflict\"\n      }\n    }\n\n\
                        and answers\n  \"done\"\n\n`test` calls `count` with\n  nothing\n\nand is answered\n  {\n    \"success\": true\n  }\n\n\
                        database\n  unchanged";

    #[test]
    fn what_was_said_is_read_as_it_was_written() {
        let accepted = Accepted::parse(TEXT);
        let calls: Vec<_> =
            accepted.calls.iter().map(|call| (call.function.as_str(), call.outcome(), call.is_mocked)).collect();
        assert_eq!(calls, [("get", "conflict", true), ("count", "success", false)]);
        assert_eq!(accepted.calls[0].request, json!({"id": 1}));
        assert_eq!(accepted.calls[1].request, json!("nothing"));
        assert_eq!(accepted.database, "  unchanged");
    }

    #[test]
    fn the_header_of_the_file_is_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.snap");
        fs::write(&path, format!("---\nsource: tests/one.rs\n---\n{TEXT}\n")).unwrap();
        assert_eq!(Accepted::read(&path).unwrap(), Some(Accepted::parse(TEXT)));
        assert_eq!(Accepted::read(&folder.path().join("none.snap")).unwrap(), None);
    }

    #[test]
    fn transcripts_are_found_below_a_folder_in_an_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        for path in ["b/two.snap", "c.snap", "a.snap", "b/one.snap", "b/one.txt"] {
            fs::write(folder.path().join(path), TEXT).unwrap();
        }
        let found = accepted_transcripts(folder.path()).unwrap();
        let paths: Vec<_> =
            found.iter().map(|transcript| transcript.path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(paths, ["a.snap", "b/one.snap", "b/two.snap", "c.snap"].map(Path::new));
        assert_eq!(found[0].calls, Accepted::parse(TEXT).calls);
        assert!(accepted_transcripts(folder.path().join("none")).is_err());
    }
}
