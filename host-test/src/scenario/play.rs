//! Running the steps of a scenario.

use std::time::Instant;

use base64::{Engine, engine::general_purpose::STANDARD};
use hostfn_runtime::{
    CallError, HostFunction, LoadError, Plugin, PluginManager, PluginManagerBuilder, PluginOptions, Timestamp,
};
use serde_json::{Map, Value, json};

use super::{
    ScenarioFailure, ScenarioOutcome,
    compare::{Comparison, Difference},
    edit::Edit,
    file::{MockedCall, Rows, ScenarioFile, Step},
    names::{Names, refusal},
    place::{Part, at_path},
    update::Update,
    variables::{MORE, Variables},
};
use crate::{
    database::{TableRows, check},
    fixture::{Failure, Fixture, internal},
    mock::MockedFunction,
    test_database::TestDatabase,
    transcript::Event,
};

/// Loads the plugin into the scenario's own host.
type Load<'a> = dyn Fn(&PluginManager, PluginOptions) -> Result<Plugin, LoadError> + 'a;

/// Runs the steps until one does not end as it says.
pub(super) fn run(
    file: &ScenarioFile,
    text: &str,
    host: PluginManagerBuilder,
    load: &Load<'_>,
) -> Result<ScenarioOutcome, Failure> {
    let mut play = Play::begin(file, text, Variables::default(), host, load)?;
    let started = Instant::now();
    let mut failure = None;
    for (number, step) in (1..).zip(&file.steps) {
        let happened = play.act(&step.value).map_err(|error| play.at(number, step.referenced.line(), &error))?;
        let mut differences = play.differences(&step.value, &happened)?;
        if number == file.steps.len() {
            differences.extend(play.fixture.script.unmet().into_iter().map(|unmet| Difference::remark("mocks", unmet)));
        }
        if !differences.is_empty() {
            let what = step.value.name.clone().unwrap_or_else(|| format!("`{}`", step.value.export));
            failure = Some(ScenarioFailure { step: number, line: step.referenced.line(), what, differences });
            break;
        }
    }
    let duration = started.elapsed();
    check(play.fixture.database())?;
    Ok(ScenarioOutcome { steps: file.steps.len(), host_calls: play.host_calls, duration, failure })
}

/// Runs all steps, and finds what would have to be written for them to end as they say. No name is made
/// up that stands in the text already.
pub(super) fn edits(
    file: &ScenarioFile,
    text: &str,
    host: PluginManagerBuilder,
    load: &Load<'_>,
) -> Result<Vec<Edit>, Failure> {
    let mut play = Play::begin(file, text, Variables::of(text), host, load)?;
    let mut edits = Vec::new();
    for (position, step) in file.steps.iter().enumerate() {
        let line = step.referenced.line();
        let happened = play.act(&step.value).map_err(|error| play.at(position + 1, line, &error))?;
        let expectations = play.expectations(&step.value, &happened)?;
        edits.extend(expectations.into_iter().map(|(member, value)| Edit { step: position, member, value }));
    }
    match play.fixture.script.unmet().first() {
        Some(unmet) => Err(format!("mocks: {unmet}; nothing was written").into()),
        None => Ok(edits),
    }
}

/// A scenario that is being run.
struct Play {
    fixture: Fixture,
    plugin: Plugin,
    variables: Variables,
    host_calls: usize,
}

/// What came of a step.
struct Happened {
    calls: Vec<Value>,
    outcome: Result<Value, Value>,
    rows: TableRows,
    /// What no contract allows.
    breaches: Vec<String>,
}

impl Play {
    fn begin(
        file: &ScenarioFile,
        text: &str,
        variables: Variables,
        host: PluginManagerBuilder,
        load: &Load<'_>,
    ) -> Result<Self, Failure> {
        let fixture = Fixture::new(TestDatabase::Sqlite, host)?;
        let functions = fixture.manager.functions().map(HostFunction::name).collect();
        Names { functions, tables: fixture.empty_rows().columns() }.check(file, text)?;
        let mut options = PluginOptions::from(file.grants.clone());
        if let Some(timeout) = file.timeout {
            options = options.timeout(timeout);
        }
        let options = file.config.iter().fold(options, |options, (key, value)| options.config(key, value));
        let plugin = load(&fixture.manager, options)?;
        let play = Self { fixture, plugin, variables, host_calls: 0 };
        if let Some(time) = file.clock {
            play.fixture.clock.set(time);
        }
        play.insert(&file.database, text)?;
        play.mock(&file.mocks)?;
        Ok(play)
    }

    /// Says where an error is, and no secret that is known by then.
    fn at(&self, step: usize, line: u64, error: &Failure) -> Failure {
        let error = self.fixture.recorder.redactor.redact_text(&error.to_string());
        format!("step {step} on line {line}: {error}").into()
    }

    fn insert(&self, tables: &Rows, text: &str) -> Result<(), Failure> {
        for (table, rows) in tables {
            for (position, row) in rows.as_array().into_iter().flatten().enumerate() {
                let path = [Part::Member("database"), Part::Member(table), Part::Item(position)];
                let at = |problem: String| Failure::from(at_path(text, &path, &problem));
                let filled = self.variables.fill(row).map_err(at)?;
                let inserted =
                    TableRows::insert(self.fixture.database(), table, filled.as_object().unwrap_or(&Map::new()));
                inserted.map_err(|error| at(refusal(table, &internal(error).to_string())))?;
            }
        }
        Ok(())
    }

    fn mock(&self, mocks: &[MockedCall]) -> Result<(), Failure> {
        for mock in mocks {
            let name = &mock.function;
            let function = self.fixture.manager.functions().find(|function| function.name() == name);
            let function = function.ok_or_else(|| format!("mocks: the host has no function `{name}`"))?;
            let mocked =
                MockedFunction { script: &self.fixture.script, schemas: &self.fixture.recorder.schemas, function };
            let planned = match (&mock.returns, &mock.fails) {
                (Some(data), None) => mocked.try_returns(self.variables.fill(data)?)?,
                (None, Some(error)) => mocked.try_fails(error.to_error())?,
                _ => return Err(format!("mocks: say what `{name}` does, with `returns` or with `fails`").into()),
            };
            if let Some(times) = mock.times {
                planned.times(times);
            }
        }
        Ok(())
    }

    /// Makes the call of a step.
    fn act(&mut self, step: &Step) -> Result<Happened, Failure> {
        let clock = &self.fixture.clock;
        if let Some(time) = step.clock {
            clock.set(time);
        }
        if let Some(duration) = step.advance {
            let later = i64::try_from(duration.as_micros()).ok();
            let later = later.and_then(|later| clock.now().microseconds().checked_add(later));
            clock.set(later.and_then(Timestamp::from_microseconds).ok_or("`advance` goes beyond the last year")?);
        }
        self.mock(&step.mocks)?;
        let input = match self.variables.fill(&step.input).map_err(|problem| format!("input: {problem}"))? {
            Value::Null => String::new(),
            Value::String(text) => text,
            value => value.to_string(),
        };
        let position = self.fixture.recorder.position();
        let output = match step.atomic {
            true => self.plugin.call_atomic(&step.export, input),
            false => self.plugin.call(&step.export, input),
        };
        let outcome = match output {
            Ok(output) => Ok(said_bytes(&output)),
            Err(CallError::Failed { message, .. }) => Err(said(&message)),
            Err(error @ CallError::UnknownExport { .. }) => return Err(error.into()),
            Err(error) => Err(error.to_string().into()),
        };
        let calls: Vec<_> = self.fixture.recorder.since(position).iter().filter_map(host_call).collect();
        self.host_calls += calls.len();
        let breaches = self.fixture.recorder.take_breaches();
        Ok(Happened { calls, outcome, rows: self.fixture.rows()?, breaches })
    }

    /// How what happened differs from what the step expects.
    fn differences(&mut self, step: &Step, happened: &Happened) -> Result<Vec<Difference>, Failure> {
        let redactor = &self.fixture.recorder.redactor;
        let shown = |value: &Value| redactor.redact(value).to_string();
        let mut comparison = Comparison {
            variables: &mut self.variables,
            numbers_are_booleans: false,
            shown: &shown,
            found: happened.breaches.iter().map(|breach| Difference::remark("contract", breach)).collect(),
        };
        match (&happened.outcome, &step.output, &step.error) {
            (Ok(output), Some(expected), _) => comparison.compare("output", expected, output),
            (Err(error), _, Some(expected)) => comparison.compare("error", expected, error),
            (Ok(_), None, None) => {}
            (Ok(output), None, Some(expected)) => comparison.found.push(Difference {
                path: "error: the call was to fail".to_owned(),
                expected: Some(shown(expected)),
                actual: Some(shown(output)),
            }),
            (Err(error), expected, None) => comparison.found.push(Difference {
                path: "output: the call was to succeed".to_owned(),
                expected: expected.as_ref().map(shown),
                actual: Some(shown(error)),
            }),
        }
        if let Some(expected) = &step.calls {
            match as_calls(expected)? {
                Some(expected) => comparison.compare("calls", &expected.into(), &happened.calls.clone().into()),
                None => comparison.found.push(not_yet("calls")),
            }
        }
        comparison.numbers_are_booleans = true;
        for (table, expected) in step.database.iter().flatten() {
            let path = format!("database.{table}");
            match expected {
                Value::Null => comparison.found.push(not_yet(&path)),
                expected => comparison.compare(&path, expected, &rows_of(&happened.rows, table)?),
            }
        }
        Ok(comparison.found)
    }

    /// The members of a step that would have to be others, each with its value, or none to be taken out.
    fn expectations(
        &mut self,
        step: &Step,
        happened: &Happened,
    ) -> Result<Vec<(&'static str, Option<Value>)>, Failure> {
        if let Some(breach) = happened.breaches.first() {
            return Err(breach.clone().into());
        }
        let mut update = Update {
            variables: &mut self.variables,
            redactor: &self.fixture.recorder.redactor,
            plugin: self.plugin.name(),
            numbers_are_booleans: false,
        };
        let (member, actual, expected, other) = match &happened.outcome {
            Ok(output) => ("output", output, &step.output, ("error", &step.error)),
            Err(error) => ("error", error, &step.error, ("output", &step.output)),
        };
        let mut changes = Vec::new();
        if other.1.is_some() {
            changes.push((other.0, None));
        }
        let updated = update.changed(member, expected.as_ref(), actual);
        changes.extend(updated.map(|updated| (member, Some(updated))));
        if let Some(written) = &step.calls {
            let mut expected = as_calls(written)?;
            expected.iter_mut().for_each(|expected| ask_for_what_came(expected, &happened.calls));
            let expected = expected.map(Value::from);
            let updated = update.changed("calls", expected.as_ref(), &happened.calls.clone().into());
            changes.extend(updated.map(|updated| ("calls", Some(as_written(written, updated)))));
        }

        update.numbers_are_booleans = true;
        if let Some(expected) = &step.database {
            let mut tables = expected.clone();
            for (table, rows) in &mut tables {
                let wanted = if rows.is_null() { None } else { Some(&*rows) };
                if let Some(updated) = update.changed(table, wanted, &rows_of(&happened.rows, table)?) {
                    *rows = updated;
                }
            }
            if tables != *expected {
                changes.push(("database", Some(tables.into())));
            }
        }
        Ok(changes)
    }
}

/// What a plugin answered: what is no text stands there as its bytes, `{$base64: gP8=}`, so that two of them that
/// differ are never the same.
fn said_bytes(output: &[u8]) -> Value {
    match std::str::from_utf8(output) {
        Ok(text) => said(text),
        Err(_) => json!({"$base64": STANDARD.encode(output)}),
    }
}

/// What a plugin passed or answered: JSON if it is, nothing, or else the text.
fn said(text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn host_call(event: &Event) -> Option<Value> {
    let Event::HostCall { function, request, response, .. } = event else { return None };
    let mut call = Map::new();
    call.insert("function".to_owned(), (*function).into());
    call.insert("request".to_owned(), request.as_deref().map_or(Value::Null, said));
    let mut response = said(response);
    if response["success"] == true {
        call.insert("data".to_owned(), response["data"].take());
    } else {
        let mut error = response["error"].take();
        if let Some(error) = error.as_object_mut() {
            // It is another in each call, and tells nothing.
            error.shift_remove("call_id");
            error.retain(|_, value| !value.is_null());
        }
        call.insert("error".to_owned(), error);
    }
    Some(call.into())
}

/// Expected calls, of which only what is said is compared; nothing, when they are to be written yet.
fn as_calls(written: &Value) -> Result<Option<Vec<Value>>, Failure> {
    let Value::Array(items) = written else {
        return if written.is_null() { Ok(None) } else { Err("`calls` is no list of host calls".into()) };
    };
    let calls = items.iter().map(|item| match item {
        Value::String(text) if text == MORE => Ok(item.clone()),
        Value::String(name) => Ok(json!({"function": name, MORE: null})),
        Value::Object(members) if members.contains_key("function") => {
            let mut members = members.clone();
            members.insert(MORE.to_owned(), Value::Null);
            Ok(members.into())
        }
        _ => Err("a call in `calls` is neither the name of a function nor an object with a `function`".into()),
    });
    calls.collect::<Result<_, _>>().map(Some)
}

/// Where data was expected and an error came, or the other way round, what came is what is to be written.
fn ask_for_what_came(expected: &mut [Value], calls: &[Value]) {
    for (expected, call) in expected.iter_mut().zip(calls) {
        for (one, other) in [("data", "error"), ("error", "data")] {
            if let Value::Object(members) = expected
                && members.contains_key(one)
                && call.get(one).is_none()
            {
                members.shift_remove(one);
                members.insert(other.to_owned(), Value::Null);
            }
        }
    }
}

/// Updated calls in the words in which they were written: what was only a name is one again.
fn as_written(written: &Value, updated: Value) -> Value {
    let written = written.as_array().map(Vec::as_slice).unwrap_or_default();
    let all_named = !written.is_empty() && written.iter().all(Value::is_string);
    let was_named = |at: usize| written.get(at).map_or(all_named, Value::is_string);
    let Value::Array(calls) = updated else { return updated };
    let calls = calls.into_iter().enumerate().map(|(at, call)| match call {
        Value::Object(mut members) => {
            members.shift_remove(MORE);
            if was_named(at) { members["function"].take() } else { members.into() }
        }
        other => other,
    });
    calls.collect()
}

fn rows_of(rows: &TableRows, table: &str) -> Result<Value, Failure> {
    let found = rows.table(table).ok_or_else(|| {
        let tables: Vec<_> = rows.names().collect();
        format!("database: there is no table `{table}`; there are `{}`", tables.join("`, `"))
    })?;
    Ok(found.map(|row| Value::from(row.clone())).collect())
}

fn not_yet(path: &str) -> Difference {
    Difference::remark(path, "nothing is expected yet; `--update` writes what comes")
}
