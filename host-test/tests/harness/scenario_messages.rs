//! What is said of a scenario that cannot be run.

use hostfn_test::Scenario;

use crate::scenarios::{run, scenario};

#[test]
fn what_a_scenario_names_must_be_there() {
    let said = |members: &str| run(&format!("grants: ['*']\n{members}"));
    for (text, expected) in [
        ("steps: [{export: add_notes}]", "notes.yaml: step 1 on line 2: plugin `notes` has no export `add_notes`"),
        (
            "steps: [{export: get_note, input: {id: $id}}]",
            "notes.yaml: step 1 on line 2: input: `$id` stands for nothing yet",
        ),
        (
            "steps: [{export: what_time, database: {note: []}}]",
            "notes.yaml: line 2, column 40: there is no table `note`; did you mean `notes`? The tables are `notes`\n  2 | steps: ",
        ),
        (
            "database: {notes: [{colour: red}]}\nsteps: [{export: what_time}]",
            "notes.yaml: line 2, column 21: the table `notes` has no column `colour`; the columns are `id`, `title`, `text`, \
             `pin`, `changed_at`\n  2 | database: ",
        ),
        (
            "database: {notes: [{id: 1, title: a, text: b}]}\nsteps: [{export: what_time}]",
            "notes.yaml: line 2, column 20: the table `notes` cannot take this row: `changed_at` must have a value\n",
        ),
        (
            "mocks: [{function: get_notes, returns: null}]\nsteps: [{export: what_time}]",
            "notes.yaml: line 2, column 10: the host has no function `get_notes`; did you mean `get_note`? The functions are ",
        ),
        (
            "database: {notes: {id: 1}}\nsteps: [{export: what_time}]",
            "notes.yaml: line 2, column 12: write a list of rows here, each an object of its columns\n",
        ),
        (
            "database: {notes: [1]}\nsteps: [{export: what_time}]",
            "notes.yaml: line 2, column 20: write an object here, of columns and their values\n",
        ),
        (
            "steps: [{export: what_time, calls: what_time}]",
            "notes.yaml: line 2, column 29: write a list of host calls here, such as `[hash_password, ...]`\n",
        ),
        (
            "steps: [{export: what_time, calls: [{data: 1}]}]",
            "notes.yaml: line 2, column 37: write the name of a function here, or an object with `function`\n",
        ),
        (
            "database:\n  notes:\n    - {id: 1}\n    - {title: a,\n       Text: b}\nsteps: [{export: what_time}]",
            "notes.yaml: line 6, column 8: the table `notes` has no column `Text`; did you mean `text`?",
        ),
        (
            "steps:\n  - export: what_time\n    database:\n      notes:\n        - {titel: a, ...: }",
            "notes.yaml: line 6, column 12: the table `notes` has no column `titel`; did you mean `title`?",
        ),
        (
            "steps:\n  - export: what_time\n    calls: [what_time, ..., getNote]",
            "notes.yaml: line 4, column 29: the host has no function `getNote`; did you mean `get_note`?",
        ),
        (
            "steps:\n  - export: what_time\n    calls:\n      - function: add_notes\n        request: $_",
            "notes.yaml: line 5, column 9: the host has no function `add_notes`; did you mean `add_note`?",
        ),
        (
            "steps:\n  - export: what_time\n    mocks: [{function: fly, returns: null}]",
            "notes.yaml: line 4, column 14: the host has no function `fly`; the functions are ",
        ),
        (
            "mocks: [{function: get_note, returns: {id: one}}]\nsteps: [{export: what_time}]",
            "notes.yaml: the mock of `get_note` answers what the function never does",
        ),
        (
            "mocks: [{function: get_note}]\nsteps: [{export: what_time}]",
            "notes.yaml: line 2, column 9: say what `get_note` does: by `returns`, or by `fails`\n",
        ),
    ] {
        let said = said(text);
        assert!(said.starts_with(expected), "{text}\n{said}");
    }
}

#[test]
fn a_file_that_is_no_scenario_says_where() {
    let said = |text: &str| Scenario::parse("notes.yaml", text).unwrap_err().to_string();
    for (text, expected) in [
        ("steps: []", "`steps` is empty"),
        ("steps:\n  - export: a\n    ouput: 1", "line 3"),
        ("steps:\n  - export: a\n    output: 1\n    error: 2", "step 1 on line 2 has an `output` and an `error`"),
        ("grants: [Users]\nsteps: [{export: a}]", "is not a permission"),
        ("steps: [{export: a, advance: soon}]", "`soon` is no time, such as 90s or 1h"),
        ("steps: [{export: a, clock: noon}]", "line 1"),
        ("steps:\n  - export: a\n    atomic: yes", "line 3"),
        ("steps:\n  - export: a\n    database:\n", "`database` is empty: name the tables"),
    ] {
        let said = said(text);
        assert!(said.starts_with("notes.yaml: ") && said.contains(expected), "{text}\n{said}");
        assert!(!said.contains("<input>") && !said.contains("error:"), "{text}\n{said}");
        assert!(!is_valid_by_schema(text), "{text}");
    }
}

/// Whether an editor that has the schema takes it.
fn is_valid_by_schema(text: &str) -> bool {
    let options = serde_saphyr::options! { strict_booleans: true };
    let scenario: serde_json::Value = serde_saphyr::from_str_with_options(text, options).expect("it is YAML");
    let validator = jsonschema::options().should_validate_formats(true).build(&Scenario::schema());
    validator.expect("it is a schema").is_valid(&scenario)
}

#[test]
fn what_is_wrong_in_a_file_is_told_in_words_of_ours_with_the_line() {
    let said = |text: &str| Scenario::parse("notes.yaml", text).unwrap_err().to_string();
    for (text, expected) in [
        (
            "steps:\n  - export: a\n    export: b\n",
            "line 3, column 5: `export` is there twice: keep one\n  3 |     export: b\n    |     ^",
        ),
        (
            "steps:\n  - export: [a]\n",
            "line 2, column 13: write a string here\n  2 |   - export: [a]\n    |             ^",
        ),
        (
            "steps:\n  - export: a\n\tinput: {}\n",
            "line 3, column 1: a tab is in the indentation: indent with spaces\n  3 |  input: {}\n    | ^",
        ),
        ("steps:\n  - export: a\n    ouput: 1\n", "line 3, column 5: `ouput` is not known here"),
        ("", "the file ends too early: close every bracket and quote, and write `steps`"),
    ] {
        let said = said(text);
        assert!(said.starts_with(&format!("notes.yaml: {expected}")), "{text}\n{said}");
    }
}

/// What only running it tells, an editor tells while it is written.
#[test]
fn an_editor_knows_more_than_the_reader() {
    for (text, taken) in [
        ("steps: [{export: a, calls: [get_note, ..., {function: get_note, data: 5}]}]", true),
        ("steps: [{export: a, calls: }]", true),
        ("steps: [{export: a, calls: get_note}]", false),
        ("steps: [{export: a, calls: [{data: 5}]}]", false),
        ("steps: [{export: a, output: null, advance: 1h 30m}]", true),
        ("steps: [{export: a, database: {notes: }, input: $_, error: {code: conflict, ...: }}]", true),
        ("mocks: [{function: get_note, returns: null, times: 2}]\nsteps: [{export: a}]", true),
        ("mocks: [{function: get_note, fails: {code: conflict, message: no}}]\nsteps: [{export: a}]", true),
        ("mocks: [{function: get_note}]\nsteps: [{export: a}]", false),
        (
            "mocks: [{function: get_note, returns: 5, fails: {code: conflict, message: no}}]\nsteps: [{export: a}]",
            false,
        ),
        ("database: {notes: [{id: 7}]}\ntimeout: 2s\nsteps: [{export: a}]", true),
        ("database: {notes: {id: 7}}\nsteps: [{export: a}]", false),
    ] {
        scenario(text);
        assert_eq!(is_valid_by_schema(text), taken, "{text}");
    }
}

#[test]
fn a_number_that_would_arrive_as_another_is_refused() {
    let said = |number: &str| {
        let text = format!("steps:\n  - export: run\n    input: {{number: {number}}}");
        Scenario::parse("notes.yaml", text).map(|_| String::new()).unwrap_or_else(|error| error.to_string())
    };
    assert_eq!(
        said("007"),
        "notes.yaml: line 3, column 21: `007` begins with a zero: for the number write it without; for the string write \
         '007' in quotes\n  3 |     input: {number: 007}\n    |                     ^"
    );
    assert!(said("18446744073709551616").contains("is beyond the integers from"), "{}", said("18446744073709551616"));
    for taken in ["7", "'007'", "18446744073709551615"] {
        assert_eq!(said(taken), "");
    }
}
