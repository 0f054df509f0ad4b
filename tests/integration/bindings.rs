//! `hostfn bindings`, and that what is committed is what it writes.

use std::fs;

use crate::{
    command::{run, stderr, stdout},
    support::root,
};

/// The committed bindings of each language.
const COMMITTED: [(&str, &str); 7] = [
    ("assemblyscript", "test-plugins/bindings-assemblyscript/src"),
    ("c", "test-plugins/bindings-c/src"),
    ("go", "test-plugins/bindings/go/hostfn"),
    ("python", "test-plugins/bindings/python"),
    ("rust", "test-plugins/bindings-rust/src"),
    ("typescript", "test-plugins/bindings/typescript"),
    ("zig", "test-plugins/bindings-zig/src"),
];

#[test]
fn the_committed_bindings_are_those_of_the_functions() {
    let folder = tempfile::tempdir().unwrap();
    for (language, committed) in COMMITTED {
        let out = folder.path().join("made/where/missing").join(language);
        let output = run(&["bindings", "--language", language, "--out", &out.display().to_string()]);
        assert!(output.status.success(), "{}", stderr(&output));
        let written = stdout(&output);
        assert_eq!(written.lines().count(), fs::read_dir(&out).unwrap().count(), "{written}");
        for path in written.lines() {
            let text = fs::read_to_string(path).unwrap();
            let name = path.rsplit(['/', '\\']).next().unwrap();
            let kept = fs::read_to_string(root().join(committed).join(name)).unwrap();
            // Not `assert_eq`, which would print both.
            let again = format!("cargo run -- bindings --language {language} --out {committed}");
            assert!(
                text == kept.replace("\r\n", "\n"),
                "{committed}/{name} is old; run `{again}` and rebuild the guests"
            );
        }
    }
}

#[test]
fn a_language_that_there_is_none_of_is_told_with_those_that_there_are() {
    let output = run(&["bindings", "--language", "cobol", "--out", "."]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(COMMITTED.iter().all(|(language, _)| message.contains(language)), "{message}");
}
