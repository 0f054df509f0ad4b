//! Bindings of a small contract that has every kind of type, and what is no contract for bindings.
//!
//! That they compile and work is for the conformance suite and for each language's own tools; here is
//! what they look like.
#![forbid(unsafe_code)]

mod names;

use hostfn_bindings::{Contract, LANGUAGES, Language, bindings};
use serde_json::{Value, json};

fn small() -> Value {
    serde_json::from_str(include_str!("small.json")).expect("it is JSON")
}

fn contract(value: &Value) -> Contract {
    Contract::from_json(&value.to_string()).expect("it is a contract")
}

#[test]
fn they_look_like_the_accepted_ones() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/bindings"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for language in LANGUAGES {
            for file in bindings(&contract(&small()), language).expect("each language can say it") {
                insta::assert_snapshot!(format!("{}.{}", language.name, file.name), file.text);
            }
        }
    });
}

#[test]
fn the_same_contract_gives_the_same_bytes() {
    let builtin = || Contract::of([&hostfn_functions::registry()]);
    for language in LANGUAGES {
        let first = bindings(&builtin(), language).unwrap();
        assert_eq!(first, bindings(&builtin(), language).unwrap());
        for file in first {
            let head = file.text.lines().take(4).collect::<String>();
            let expected = format!("enerated by `hostfn bindings --language {}` from hostfn-functions ", language.name);
            assert!(head.contains(&expected), "{}: {head}", file.name);
            assert!(file.text.ends_with("\n") && !file.text.ends_with("\n\n"), "{}", file.name);
            let trailing = file.text.lines().find(|line| line.ends_with(' '));
            assert_eq!(trailing, None, "{}", file.name);
        }
    }
}

/// What the bindings of a contract with another type of a field are refused with.
fn refused(field: Value) -> String {
    let mut contract_of_it = small();
    contract_of_it["$defs"]["Tag"]["properties"]["weight"] = field;
    let rust = Language::named("rust").expect("there is one");
    bindings(&contract(&contract_of_it), rust).expect_err("no language can say it").to_string()
}

#[test]
fn what_no_type_can_say_is_refused_with_its_path() {
    for (field, reason) in [
        (json!(true), "it can be anything; say what it is by a struct"),
        (json!({}), "it can be anything; say what it is by a struct"),
        (json!({"type": ["string", "integer"]}), "it is of several types; make it one, or two fields"),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            "it is one of several types; make it a struct with optional fields",
        ),
        (
            json!({"type": "array", "prefixItems": [{"type": "string"}]}),
            "its schema says `prefixItems`, which bindings cannot",
        ),
        (json!({"type": "string", "enum": ["a"]}), "it is one of several texts without a name; make it an enum"),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            "it is an object without a name; take it out of the other struct",
        ),
        (json!({"$ref": "#/$defs/Gone"}), "it refers to `#/$defs/Gone`, which the contract lacks"),
        (json!({"$ref": "#/$defs/Tag"}), "`Tag` holds `Tag`, which holds it again; put a list between them"),
    ] {
        let message = refused(field);
        // Where it was met first: `note_find` answers with a note, which has tags.
        let start = "`note_find`: response.tags[]";
        assert!(message.starts_with(start), "{message}");
        assert!(message.ends_with(&format!(": {reason}")), "{message}");
    }
    assert!(refused(json!({"type": "array", "items": true})).contains(": response.tags[].weight[]: "));
}

#[test]
fn what_can_only_be_null_is_refused_except_as_a_response() {
    let reason = "it can only be null; leave it out";
    let nothing = json!({"type": "null"});
    for (field, below) in [
        (nothing.clone(), ""),
        (json!({"$ref": "#/$defs/Done"}), ""),
        (json!({"type": ["null", "null"]}), ""),
        (json!({"anyOf": [nothing, nothing]}), ""),
        (json!({"type": "null", "x-secret": true}), ""),
        (json!({"type": "array", "items": nothing}), "[]"),
        (json!({"type": "object", "additionalProperties": nothing}), "{}"),
    ] {
        let message = refused(field);
        assert!(message.ends_with(&format!(": response.tags[].weight{below}: {reason}")), "{message}");
    }
    for (part, schema, path) in [
        ("request", nothing.clone(), "request"),
        ("response", json!({"anyOf": [{"$ref": "#/$defs/Done"}, nothing]}), "response"),
        ("response", json!({"type": "null", "x-secret": true}), "response"),
        ("response", json!({"type": "array", "items": {"$ref": "#/$defs/Done"}}), "response[]"),
    ] {
        let mut contract_of_it = small();
        contract_of_it["functions"][0][part] = schema;
        let rust = Language::named("rust").expect("there is one");
        let error = bindings(&contract(&contract_of_it), rust).expect_err("no language can say it");
        assert_eq!(error.to_string(), format!("`note_count`: {path}: {reason}"));
    }
}

#[test]
fn a_namespace_that_a_pdk_cannot_import_from_is_refused() {
    let mut elsewhere = small();
    elsewhere["functions"][1]["namespace"] = "notes".into();
    assert!(bindings(&contract(&elsewhere), Language::named("rust").unwrap()).is_ok());
    let error = bindings(&contract(&elsewhere), Language::named("typescript").unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`note_find` is in the namespace `notes`, and Extism's PDK for TypeScript imports from `extism:host/user` alone"
    );
}
