//! The reference page, as the command writes it.

use std::fs;

use crate::{
    command::{run, stderr, stdout},
    support::root,
};

#[test]
fn the_page_shows_every_function_with_a_real_example() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made/here").display().to_string();
    let snapshots = root().join("snapshots").display().to_string();
    let output = run(&["docs", "--out", &out, "--examples", &snapshots]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), format!("{out}/index.html\n"));
    let page = fs::read_to_string(format!("{out}/index.html")).expect("the page was written");
    let shown: Vec<_> = page.split("<article class=\"function\" id=\"").skip(1).collect();
    assert_eq!(shown.len(), hostfn::functions::registry().functions().len());
    for function in shown {
        let name = function.split('"').next().unwrap_or_default();
        // What it tells is of the machine, and no snapshot can hold it.
        let has_example = name != "db_test_connection";
        assert_eq!(function.contains("A call that succeeds"), has_example, "{name}");
        assert!(!function.contains("and is answered"), "{name}");
    }
    // The plain case, and the error that it declares.
    let create = page.split("id=\"db_create_user\"").nth(1).expect("the function is there");
    let create = create.split("</article>").next().unwrap_or_default();
    assert!(create.contains("Ada Lovelace") && create.contains("Answered with <code>conflict</code>"), "{create}");

    assert!(page.contains("<dt><code>users</code></dt>\n      <dd><code>uuid</code>, "), "{page}");
    assert!(page.contains("<code>Create<wbr>User<wbr>Request</code>"), "a long name breaks between its words");

    run(&["docs", "--out", &out, "--examples", &snapshots]);
    assert!(fs::read_to_string(format!("{out}/index.html")).unwrap() == page, "it is another one each time");
}

#[test]
fn without_transcripts_there_are_no_examples() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let output = run(&["docs", "--out", &out, "--format", "markdown"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = fs::read_to_string(folder.path().join("reference.md")).expect("the text was written");
    assert!(text.contains("### `db_create_user`") && !text.contains("#### Examples"), "{text}");
    // What a scenario can name.
    let tables = text.split("\n## Tables\n").nth(1).expect("there are tables");
    for line in ["- `sessions`: `", "- `users`: `uuid`, `name`, `email`, "] {
        assert!(tables.contains(line), "{line} is not in\n{tables}");
    }
    assert!(text.contains("[tables](#section-tables)"), "{text}");
    assert!(!folder.path().join("index.html").exists());
}

#[test]
fn what_a_mock_answered_is_no_example() {
    let folder = tempfile::tempdir().unwrap();
    let transcript = "`test` calls `db_test_connection` with\n  nothing\n\nand is answered by a mock\n  \
                      {\n    \"success\": true,\n    \"data\": \"mocked\"\n  }\n";
    fs::write(folder.path().join("one.snap"), transcript).unwrap();
    let path = folder.path().display().to_string();
    assert!(run(&["docs", "--out", &path, "--examples", &path]).status.success());
    assert!(!fs::read_to_string(folder.path().join("index.html")).unwrap().contains("mocked"));

    let real = transcript.replace(" by a mock", "").replace("mocked", "from a host");
    fs::write(folder.path().join("one.snap"), real).unwrap();
    assert!(run(&["docs", "--out", &path, "--examples", &path]).status.success());
    assert!(fs::read_to_string(folder.path().join("index.html")).unwrap().contains("from a host"));
}

#[test]
fn what_cannot_be_written_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    fs::write(folder.path().join("file"), "").unwrap();
    let file = folder.path().join("file").display().to_string();
    for (arguments, code, said) in [
        (&["docs"][..], 2, "--out <FOLDER>"),
        (&["docs", "--out", &path, "--examples", &path], 1, "name the folder of the *.snap files"),
        (&["docs", "--out", &path, "--examples", "no/such/folder"], 1, "cannot read the examples in no/such/folder"),
        (&["docs", "--out", &file], 1, "cannot write"),
        (&["docs", "--out", &path, "--format", "pdf"], 2, "[possible values: html, markdown]"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", stderr(&output));
        assert!(stderr(&output).contains(said), "{arguments:?}\n{}", stderr(&output));
    }
}
