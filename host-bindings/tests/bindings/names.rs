//! What has a name in the contract has one of its own in every language, whatever else has that name.

use hostfn_bindings::{Language, bindings};
use serde_json::{Value, json};

use super::contract;

/// A function with a request, a response, and nothing to say.
fn function(name: &str, request: Value, response: Value) -> Value {
    json!({
        "name": name, "namespace": "extism:host/user", "crate": "a", "documentation": "", "permission": "a",
        "read_only": true, "deprecated": null, "errors": [], "request": request, "response": response, "answer": {}
    })
}

fn of(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn record(fields: &[(&str, Value)]) -> Value {
    let required: Vec<_> = fields.iter().map(|(name, _)| name).collect();
    let properties: serde_json::Map<_, _> =
        fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn boolean() -> Value {
    json!({"type": "boolean"})
}

fn document(functions: &[Value], types: &[(&str, Value)]) -> Value {
    let mut definitions: serde_json::Map<_, _> =
        types.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    definitions.insert("ErrorCode".to_owned(), json!({"enum": ["internal", "report"]}));
    json!({"hostfn": 1, "crates": {"a": "1.0.0"}, "functions": functions, "$defs": definitions})
}

/// The bindings for a language, all files as one.
fn made(language: &str, document: &Value) -> String {
    let language = Language::named(language).expect("there is one");
    let files = bindings(&contract(document), language).expect("it has bindings");
    files.into_iter().map(|file| file.text).collect()
}

fn of_an_enumeration(language: &str, values: &[&str]) -> String {
    let kind = json!({"type": "string", "enum": values});
    made(language, &document(&[function("kind_of", Value::Null, of("Kind"))], &[("Kind", kind)]))
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        let count = text.matches(part).count();
        assert_eq!(count, 1, "`{part}` is there {count} times in:\n{text}");
    }
}

#[test]
fn a_value_is_no_variant_that_the_generator_adds() {
    has(&of_an_enumeration("rust", &["bug", "feature", "other"]), &["    Bug,", "    Feature,", "    Other_,"]);
}

#[test]
fn a_word_of_the_language_is_escaped_after_its_case_was_changed() {
    has(&of_an_enumeration("rust", &["self", "crate"]), &["    Self_,", "    Crate,"]);
    let resume = document(&[function("resume", Value::Null, boolean())], &[]);
    has(&made("zig", &resume), &["fn @\"resume\"() u64;", "pub fn resume_(", "imports.@\"resume\"()"]);
}

#[test]
fn a_field_is_no_method_that_the_generator_adds() {
    let access = record(&[("read", boolean()), ("write", boolean()), ("constructor", boolean())]);
    let access = document(&[function("access", Value::Null, of("Access"))], &[("Access", access)]);
    let access = made("assemblyscript", &access);
    has(&access, &["  read_: bool;", "  write_: bool;", "  constructor_: bool;", "json.key(\"write\");"]);
}

#[test]
fn a_function_is_no_name_of_the_template() {
    for (language, name, declared) in [
        ("rust", "read", "pub fn read_()"),
        ("rust", "write", "pub fn write_()"),
        ("c", "reset", "bool hostfn_reset_("),
        ("c", "number", "bool hostfn_number_("),
        ("go", "set", "func Set_()"),
        ("go", "null", "func Null_()"),
        ("typescript", "call", "export function call_()"),
        ("typescript", "exactly", "export function exactly_()"),
        ("python", "list", "def list_()"),
        ("python", "dict", "def dict_()"),
        ("python", "data", "def data_()"),
        ("zig", "receive", "pub fn receive_("),
        ("assemblyscript", "share", "export function share_()"),
    ] {
        let document = document(&[function(name, Value::Null, boolean())], &[]);
        has(&made(language, &document), &[declared]);
    }
}

#[test]
fn a_type_is_no_name_of_the_template() {
    for (language, name, declared) in [
        ("typescript", "Import", "export interface Import_ {"),
        ("python", "Literal", "class Literal_(TypedDict):"),
        ("python", "Exception", "class Exception_(TypedDict):"),
        ("rust", "Secret", "pub struct Secret_ {"),
        ("rust", "Vec", "pub struct Vec_ {"),
        ("go", "Patch", "type Patch_ struct {"),
        ("c", "Text", "struct hostfn_text_ {"),
        ("zig", "Allocator", "pub const Allocator_ = struct {"),
        ("assemblyscript", "Json", "export class Json_ {"),
    ] {
        let document = document(&[function("find", Value::Null, of(name))], &[(name, record(&[("a", text())]))]);
        has(&made(language, &document), &[declared]);
    }
}

#[test]
fn a_type_that_no_language_has_needs_no_other_name() {
    let document = document(&[function("find", Value::Null, of("Memory"))], &[("Memory", record(&[("a", text())]))]);
    has(&made("python", &document), &["class Memory(TypedDict):"]);
    has(&made("zig", &document), &["pub const Memory = struct {"]);
}

#[test]
fn in_go_types_functions_and_constants_have_one_namespace() {
    let note = record(&[("a", text())]);
    let notes = document(
        &[function("note", Value::Null, of("Note")), function("status", Value::Null, of("Status"))],
        &[
            ("Note", note.clone()),
            ("Status", json!({"type": "string", "enum": ["report", "done"]})),
            ("StatusReport", note.clone()),
            ("ErrorReport", note),
        ],
    );
    let mut reports = notes.clone();
    reports["functions"]
        .as_array_mut()
        .unwrap()
        .extend([function("report", of("StatusReport"), boolean()), function("error", of("ErrorReport"), boolean())]);
    has(&made("go", &notes), &["type Note struct", "func Note_() ", "const StatusReport Status = \"report\""]);
    has(
        &made("go", &reports),
        &[
            "type StatusReport struct",
            "const StatusReport_ Status = \"report\"",
            "const ErrorReport ErrorCode = ",
            "type ErrorReport_ struct",
        ],
    );
}

#[test]
fn values_that_differ_in_signs_and_case_have_names_that_differ() {
    for (values, rust, c) in [
        (["+1", "-1"], ["    Plus1,", "    Minus1,"], ["KIND_PLUS_1 ", "KIND_MINUS_1 "]),
        (["<", ">"], ["    Less,", "    Greater,"], ["KIND_LESS ", "KIND_GREATER "]),
        (["m", "M"], ["    M,", "    UpperM,"], ["KIND_M ", "KIND_UPPER_M "]),
        (["v1", "v_1"], ["    V1,", "    VUnderscore1,"], ["KIND_V1 ", "KIND_V_1 "]),
    ] {
        has(&of_an_enumeration("rust", &values), &rust);
        has(&of_an_enumeration("c", &values), &c);
        // What keeps values as they are has nothing to tell apart, and the order of the values tells nothing.
        has(&of_an_enumeration("typescript", &values), &[&format!("{:?} | {:?}", values[0], values[1])]);
        has(&of_an_enumeration("python", &values), &[&format!("    {:?},\n    {:?},", values[0], values[1])]);
        has(&of_an_enumeration("rust", &[values[1], values[0]]), &rust);
    }
}

#[test]
fn fields_that_become_one_have_names_that_differ() {
    let record = record(&[("by_name", text()), ("byName", text()), ("type", text()), ("type_", text())]);
    let document = document(&[function("find", Value::Null, of("Note"))], &[("Note", record)]);
    has(
        &made("rust", &document),
        &["pub by_name: String", "pub by_upper_name: String", "pub type_: String", "pub type_underscore: String"],
    );
    has(
        &made("typescript", &document),
        &["  by_name: string;", "  byName: string;", "  type: string;", "  type_: string;"],
    );
}

#[test]
fn a_type_with_parameters_is_found_by_its_reference() {
    let page = record(&[("items", json!({"type": "array", "items": of("Note")}))]);
    let document = document(
        &[function("pages", Value::Null, of("Page%3CNote%3E"))],
        &[("Page<Note>", page), ("Note", record(&[("a", text())]))],
    );
    for language in hostfn_bindings::LANGUAGES {
        let made = made(language.name, &document);
        assert!(made.contains(if language.name == "c" { "hostfn_page_note" } else { "PageNote" }), "{made}");
    }
}

#[test]
fn what_is_missing_is_told_as_it_reads() {
    let document = document(&[function("pages", Value::Null, of("Page%3CNote%3E"))], &[]);
    let error = bindings(&contract(&document), Language::named("c").unwrap()).unwrap_err().to_string();
    assert_eq!(error, "`pages`: response: it refers to `#/$defs/Page<Note>`, which the contract lacks");
}

#[test]
fn only_go_refuses_a_member_and_says_which() {
    let strange = record(&[("a\"b", text()), ("c,d", text())]);
    let document = document(&[function("find", Value::Null, of("Note"))], &[("Note", strange)]);
    for language in hostfn_bindings::LANGUAGES.iter().filter(|language| language.name != "go") {
        made(language.name, &document);
    }
    let error = bindings(&contract(&document), Language::named("go").unwrap()).unwrap_err().to_string();
    let expected = "`a\"b` of `Note` is a name that Go cannot give a member of a JSON object; rename it";
    assert_eq!(error, expected);
}

#[test]
fn a_record_that_holds_itself_in_a_map_is_complete_in_c() {
    let folder = record(&[
        ("folders", json!({"type": "object", "additionalProperties": of("Folder")})),
        ("maybe", json!({"type": "array", "items": {"anyOf": [of("Folder"), {"type": "null"}]}})),
    ]);
    let document = document(&[function("find", Value::Null, of("Folder"))], &[("Folder", folder)]);
    let made = made("c", &document);
    let [record, entry] =
        ["struct hostfn_folder {", "struct hostfn__entry_1 {\n    hostfn_text key;\n    hostfn_folder value;"]
            .map(|part| made.find(part).unwrap_or_else(|| panic!("{part}: {made}")));
    assert!(record < entry);
    has(
        &made,
        &[
            "struct { struct hostfn__entry_1 *items; size_t length; } folders;",
            "struct { struct hostfn__entry_2 *items;",
        ],
    );
}

#[test]
fn texts_stay_where_they_belong() {
    let mut find = function("find", Value::Null, of("Note"));
    find["documentation"] = "A pattern such as src/*/mod.rs".into();
    find["deprecated"] = "use x,\nwhich asks".into();
    let mut note = record(&[("path", text()), ("next", text())]);
    note["properties"]["path"]["description"] = "A folder such as C:\\temp\\".into();
    let document = document(&[find], &[("Note", note)]);
    has(&made("typescript", &document), &["src/*\u{2215}mod.rs"]);
    has(&made("c", &document), &["    // A folder such as C:\\temp\u{2216}\n    hostfn_text path;"]);
    has(&made("go", &document), &["// Deprecated: use x,\n// which asks\n"]);
    has(&made("zig", &document), &["/// Deprecated: use x,\n/// which asks\n"]);
    has(&made("rust", &document), &["#[deprecated = \"use x,\\nwhich asks\"]"]);
}

#[test]
fn records_that_hold_each_other_are_declared_before_they_are_read_in_c() {
    let many = |name: &str| record(&[("many", json!({"type": "array", "items": of(name)}))]);
    let functions = [function("find", Value::Null, of("One"))];
    let made = made("c", &document(&functions, &[("One", many("Other")), ("Other", many("One"))]));
    let [declared, called] =
        ["hostfn_read_one(const hostfn__json *json, hostfn_one *value);", "hostfn_read_one(item_1"]
            .map(|part| made.find(part).unwrap_or_else(|| panic!("{part}: {made}")));
    assert!(declared < called);
}

#[test]
fn what_holds_itself_only_behind_a_list_is_no_part_of_itself() {
    let day = record(&[("hours", json!({"type": "array", "items": of("Hour")}))]);
    let functions = [function("find", Value::Null, of("Day"))];
    let made = made("c", &document(&functions, &[("Day", day), ("Hour", record(&[("day", of("Day"))]))]));
    assert!(made.find("struct hostfn_day {") < made.find("struct hostfn_hour {"), "{made}");
}
