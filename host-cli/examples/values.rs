//! A host whose function takes a value of every type, for `cargo xtask new values`: a plugin of it is made in each language,
//! and each is called with the same good and bad values, of which all are to think the same.
//!
//! `values rows MODULE` does the latter. Everything else is the command of any project.
#![forbid(unsafe_code)]

extern crate hostfn_runtime as hostfn;

use std::{collections::BTreeMap, env, error::Error, fs, process::ExitCode};

use hostfn::{Change, Grants, HostResponse, Json, Patch, PluginManager, Secret, host_fn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

hostfn::registry!();

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Values {
    flag: bool,
    small: i32,
    byte: u8,
    wide: i64,
    ratio: f64,
    text: String,
    kind: Kind,
    secret: Secret,
    list: Vec<i32>,
    grid: Vec<Vec<i64>>,
    by_name: BTreeMap<String, i32>,
    inner: Inner,
    inners: Vec<Inner>,
    nothing_or_number: Vec<Option<i32>>,
    optional: Option<i32>,
    #[serde(default)]
    patch: Patch<i32>,
    #[serde(default)]
    change: Change<i32>,
}

/// In a plugin's language it may have another name than in JSON.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inner {
    #[serde(rename = "type")]
    kind: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Bug,
    Feature,
}

/// What arrived.
#[derive(Serialize, JsonSchema)]
struct Arrived {
    flag: bool,
    small: i32,
    byte: u8,
    wide: i64,
    ratio: f64,
    text: String,
    kind: Kind,
    secret: Secret,
    list: Vec<i32>,
    grid: Vec<Vec<i64>>,
    by_name: BTreeMap<String, i32>,
    inner: Inner,
    inners: Vec<Inner>,
    nothing_or_number: Vec<Option<i32>>,
    optional: Option<i32>,
    patch: String,
    change: Option<i32>,
}

/// Answers the values that it takes.
#[host_fn(permission = "values")]
fn take_values(Json(values): Json<Values>) -> Arrived {
    Arrived {
        flag: values.flag,
        small: values.small,
        byte: values.byte,
        wide: values.wide,
        ratio: values.ratio,
        text: values.text,
        kind: values.kind,
        secret: values.secret,
        list: values.list,
        grid: values.grid,
        by_name: values.by_name,
        inner: values.inner,
        inners: values.inners,
        nothing_or_number: values.nothing_or_number,
        optional: values.optional,
        patch: match values.patch {
            Patch::Keep => "keep".to_owned(),
            Patch::Clear => "clear".to_owned(),
            Patch::Set(value) => value.to_string(),
        },
        change: values.change.into_column(),
    }
}

/// A request in which all is well.
const GOOD: &str = r#"{"flag": true, "small": 1, "byte": 2, "wide": 3, "ratio": 0.5, "text": "a", "kind": "bug",
    "secret": "s", "list": [1], "grid": [[2]], "by_name": {"a": 3}, "inner": {"type": 4}, "inners": [{"type": 5, "note": "b"}],
    "nothing_or_number": [null, 6]}"#;

/// What is written in the place of a field, and what comes of it.
struct Row {
    field: &'static str,
    json: &'static str,
    /// The value that arrives, or the field that is refused.
    expected: Result<Value, &'static str>,
}

fn takes(field: &'static str, json: &'static str) -> Row {
    Row { field, json, expected: Ok(serde_json::from_str(json).expect("it is JSON")) }
}

fn refuses(field: &'static str, json: &'static str, place: &'static str) -> Row {
    Row { field, json, expected: Err(place) }
}

fn rows() -> Vec<Row> {
    let mut rows = vec![
        takes("flag", "false"),
        takes("small", "-2147483648"),
        takes("small", "2147483647"),
        takes("small", "0"),
        takes("byte", "255"),
        takes("wide", "9007199254740991"),
        takes("wide", "-9007199254740991"),
        takes("ratio", "-1.25e-3"),
        takes("ratio", "7"),
        takes("text", r#""""#),
        takes("text", r#""\u00e4 \ud83c\udf89 \"\\\/\b\f\n\r\t""#),
        takes("kind", r#""feature""#),
        takes("list", "[]"),
        takes("list", "[1, 2, 3]"),
        takes("grid", "[[], [1], [2, 3]]"),
        takes("by_name", r#"{"": 1, "a.b": 2}"#),
        takes("inner", r#"{"type": 0, "note": "n"}"#),
        takes("optional", "5"),
        takes("change", "5"),
        Row { field: "patch", json: "5", expected: Ok(json!("5")) },
        Row { field: "patch", json: "null", expected: Ok(json!("clear")) },
        refuses("change", "null", "change"),
        refuses("flag", "\"true\"", "flag"),
        refuses("flag", "1", "flag"),
        refuses("flag", "null", "flag"),
        refuses("byte", "256", "byte"),
        refuses("byte", "-1", "byte"),
        refuses("small", "2147483648", "small"),
        refuses("small", "-2147483649", "small"),
        refuses("small", "4294967297", "small"),
        refuses("wide", "9007199254740992", "wide"),
        refuses("wide", "18446744073709551617", "wide"),
        refuses("wide", "123456789012345678901234567890", "wide"),
        refuses("ratio", "\"1\"", "ratio"),
        refuses("ratio", "null", "ratio"),
        refuses("text", "1", "text"),
        refuses("text", "null", "text"),
        refuses("text", "[\"a\"]", "text"),
        refuses("kind", "\"other\"", "kind"),
        refuses("kind", "{\"bug\": null}", "kind"),
        refuses("secret", "7", "secret"),
        refuses("list", "{}", "list"),
        refuses("list", "null", "list"),
        refuses("list", "[1, 2.5]", "list[1]"),
        refuses("list", "[1, null]", "list[1]"),
        refuses("grid", "[[1], [2, \"3\"]]", "grid[1][1]"),
        refuses("by_name", "[]", "by_name"),
        refuses("by_name", "{\"a\": 1.5}", "by_name.a"),
        refuses("inner", "{\"type\": 1, \"more\": 2}", "inner.more"),
        refuses("inners", "[{\"type\": 1}, {\"more\": 2, \"type\": 1}]", "inners[1].more"),
        refuses("inner", "[1]", "inner"),
        refuses("inner", "{}", "inner.type"),
        refuses("inner", "{\"type\": \"1\"}", "inner.type"),
        refuses("inners", "[{\"type\": 1}, {\"type\": 2, \"note\": 3}]", "inners[1].note"),
        refuses("nothing_or_number", "[null, \"1\"]", "nothing_or_number[1]"),
        refuses("optional", "1.5", "optional"),
        refuses("patch", "1.5", "patch"),
        refuses("unknown", "1", "unknown"),
    ];
    for json in ["1.5", "1e2", "1.0", "-0", "\"60\"", "true", "null", "[1]", "{}"] {
        rows.push(refuses("small", json, "small"));
        rows.push(refuses("wide", json, "wide"));
    }
    rows
}

/// Values that are made up, of which a plugin is to think as the host does that it calls.
struct MadeUp(u64);

impl MadeUp {
    /// Xorshift, which is the same in every run: Marsaglia, <https://doi.org/10.18637/jss.v008.i14>.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn of<const N: usize>(&mut self, options: [Value; N]) -> Value {
        options[self.below(N)].clone()
    }

    fn value(&mut self, depth: usize) -> Value {
        let integers = [0, 1, -1, 255, 256, i64::from(i32::MAX), i64::from(i32::MIN), 1 << 31, (1 << 53) - 1, 1 << 53];
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => self.of([json!(true), json!(false)]),
            2 => integers[self.below(integers.len())].into(),
            3 => self.of([json!(0.5), json!(-1.25), json!(1e300), json!(2.5e-10)]),
            4 => {
                self.of([json!("bug"), json!("feature"), json!(""), json!("1"), json!("ä\u{1f389}\"\\\n"), json!("\0")])
            }
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let names = ["type", "note", "bug", "a", "ä.b", ""];
                (0..self.below(3)).map(|_| (names[self.below(names.len())].to_owned(), self.value(depth - 1))).collect()
            }
        }
    }
}

/// How many values are made up.
const MADE_UP: usize = 2000;

/// Calls a plugin with values that are made up, and tells of each of which the host thinks otherwise.
fn call_with_made_up(call: impl Fn(&str) -> Result<Vec<u8>, String>) -> Result<Vec<String>, Box<dyn Error>> {
    let host = hostfn_test::TestHost::new(registry());
    let good: Value = serde_json::from_str(GOOD)?;
    let fields: Vec<_> = good.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let fields = [&fields[..], &["optional", "patch", "change"]].concat();
    let mut made_up = MadeUp(2026);
    let mut others = Vec::new();
    for _ in 0..MADE_UP {
        let field = fields[made_up.below(fields.len())];
        let value = made_up.value(2);
        let mut request = good.clone();
        request[field] = value.clone();
        let agrees = match (call(&request.to_string()), host.call("take_values", &request).response()) {
            (Ok(output), HostResponse::Success(data)) => is_same_all(&serde_json::from_slice(&output)?, &data),
            // Of several faults in a value each may name another, but it is in the same field.
            (Err(said), HostResponse::Failure(_)) => is_refusal_within(&said, field),
            _ => false,
        };
        if !agrees {
            others.push(format!("{field}: {value}: the host thinks otherwise"));
        }
    }
    Ok(others)
}

/// The same members, and numbers that may be written in more than one way.
fn is_same_all(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| is_same_all(value, other)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same_all(one, other))
        }
        (one, other) => is_same(one, other),
    }
}

/// A request with a text in the place of a field, or beside the others. The text is as it is, and not as it would be
/// written once it was read.
fn request(field: &str, json: &str) -> String {
    let good: Value = serde_json::from_str(GOOD).expect("it is JSON");
    let others = good.as_object().into_iter().flatten().filter(|(name, _)| *name != field);
    let members: Vec<_> = others
        .map(|(name, value)| format!("{}: {value}", json!(name)))
        .chain([format!("{}: {json}", json!(field))])
        .collect();
    format!("{{{}}}", members.join(", "))
}

/// Calls a plugin with every row, and tells of each whose outcome is another one.
fn call_with_rows(module: &str) -> Result<usize, Box<dyn Error>> {
    let manager = PluginManager::builder().functions(registry()).build()?;
    let plugin = manager.load("values", &fs::read(module)?, Grants::all())?;
    let call = |request: &str| plugin.call("run", request.as_bytes()).map_err(|error| error.to_string());
    let mut others = Vec::new();
    let rows = rows();
    for Row { field, json, expected } in &rows {
        let told = match (call(&request(field, json)), expected) {
            (Ok(output), Ok(value)) => {
                let arrived: Value = serde_json::from_slice(&output)?;
                (!is_same(&arrived[*field], value)).then(|| format!("{} arrived", arrived[*field]))
            }
            (Ok(output), Err(_)) => {
                let arrived: Value = serde_json::from_slice(&output)?;
                Some(format!("it is taken, and {} arrived", arrived[*field]))
            }
            (Err(error), Ok(_)) => Some(error),
            (Err(error), Err(place)) => (!is_refusal(&error, Some(place))).then_some(error),
        };
        others.extend(told.map(|told| format!("{field}: {json}: {told}")));
    }
    for (name, _) in serde_json::from_str::<Value>(GOOD)?.as_object().into_iter().flatten() {
        let mut request: Value = serde_json::from_str(GOOD)?;
        request.as_object_mut().map(|members| members.shift_remove(name));
        match call(&request.to_string()) {
            Err(error) if is_refusal(&error, Some(name)) => {}
            outcome => others.push(format!("without {name}: {outcome:?}")),
        }
    }
    for text in [
        "",
        "{",
        "[]",
        "5",
        "\"a\"",
        "null",
        "{\"flag\" true}",
        "{\"flag\": tru}",
        "{\"flag\": 01}",
        &format!("{GOOD} {{}}"),
    ] {
        match call(text) {
            Err(error) if is_refusal(&error, None) => {}
            outcome => others.push(format!("{text}: {outcome:?}")),
        }
    }
    others.extend(call_with_made_up(call)?);
    // Which every project of `cargo xtask new values` has beside `run`.
    match plugin.call("give_up", "").map_err(|error| error.to_string()) {
        Err(error) if error.contains("on purpose") => {}
        outcome => others.push(format!("a panic is told as {outcome:?}")),
    }
    if others.is_empty() { Ok(rows.len() + MADE_UP) } else { Err(others.join("\n").into()) }
}

/// A number may be written in more than one way.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| other.as_f64() == Some(number))
}

/// Whether an error is the one of a request in which a field is wrong, or all of it.
fn is_refusal(error: &str, place: Option<&str>) -> bool {
    refused(error).is_some_and(|told| told["field"].as_str() == place)
}

fn is_refusal_within(error: &str, field: &str) -> bool {
    let place = refused(error).and_then(|told| Some(told["field"].as_str()?.to_owned()));
    place.is_some_and(|place| place.split(['.', '[']).next() == Some(field))
}

fn refused(error: &str) -> Option<Value> {
    let told: Value = serde_json::from_str(&error[error.find('{')?..]).ok()?;
    (told["code"] == "invalid_request").then_some(told)
}

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match &arguments[..] {
        [rows, module] if rows == "rows" => match call_with_rows(module) {
            Ok(count) => {
                println!("{count} values, and all as they should be");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        _ => hostfn_cli::main(registry()),
    }
}
