//! What a scenario names: functions of the host, and tables and columns of its database. Each must be there.

use std::collections::BTreeMap;

use hostfn_runtime::nearest;
use serde_json::Value;

use super::{
    file::{Rows, ScenarioFile},
    place::{Part, Part::Item, Part::Member, at_path},
    variables::MORE,
};

/// What there is to name.
pub(super) struct Names<'a> {
    pub(super) functions: Vec<&'a str>,
    /// The tables, each with its columns.
    pub(super) tables: BTreeMap<&'a str, Vec<&'a str>>,
}

/// More of them are counted.
const MOST_LISTED: usize = 50;

impl Names<'_> {
    /// Says where the first name stands that nothing has, and what was meant.
    pub(super) fn check(&self, file: &ScenarioFile, text: &str) -> Result<(), String> {
        let at = |(path, said): (Vec<Part<'_>>, String)| at_path(text, &path, &said);
        self.rows(&[], &file.database).map_err(at)?;
        let mocks = |path: &[Part<'static>], mocks: &[super::file::MockedCall]| {
            mocks.iter().enumerate().try_for_each(|(position, mock)| {
                let path = [path, &[Member("mocks"), Item(position), Member("function")]].concat();
                self.function(path, &mock.function).map_err(at)
            })
        };
        mocks(&[], &file.mocks)?;
        for (position, step) in file.steps.iter().enumerate() {
            let path = [Member("steps"), Item(position)];
            mocks(&path, &step.value.mocks)?;
            let calls = step.value.calls.as_ref().and_then(Value::as_array).into_iter().flatten().enumerate();
            for (position, call) in calls {
                let in_list = [&path[..], &[Member("calls"), Item(position)]].concat();
                match call {
                    Value::String(name) => self.function(in_list, name),
                    call => {
                        let name = call.get("function").and_then(Value::as_str).unwrap_or(MORE);
                        self.function([in_list, vec![Member("function")]].concat(), name)
                    }
                }
                .map_err(at)?;
            }
            if let Some(rows) = &step.value.database {
                self.rows(&path, rows).map_err(at)?;
            }
        }
        Ok(())
    }

    fn function<'p>(&self, path: Vec<Part<'p>>, name: &str) -> Result<(), (Vec<Part<'p>>, String)> {
        if is_open(name) || self.functions.contains(&name) {
            return Ok(());
        }
        Err((path, missing(&format!("the host has no function `{name}`"), name, "functions", &self.functions)))
    }

    fn rows<'p>(&self, path: &[Part<'p>], rows: &'p Rows) -> Result<(), (Vec<Part<'p>>, String)> {
        for (table, rows) in rows {
            let path = [path, &[Member("database"), Member(table)]].concat();
            let Some(columns) = self.tables.get(table.as_str()) else {
                let tables: Vec<_> = self.tables.keys().copied().collect();
                return Err((path, missing(&format!("there is no table `{table}`"), table, "tables", &tables)));
            };
            let rows = rows.as_array().into_iter().flatten().enumerate();
            let rows = rows.filter_map(|(position, row)| Some((position, row.as_object()?)));
            for (position, row) in rows {
                let unknown = row.keys().find(|name| !is_open(name) && !columns.contains(&name.as_str()));
                if let Some(column) = unknown {
                    let path = [path, vec![Item(position), Member(column)]].concat();
                    let what = format!("the table `{table}` has no column `{column}`");
                    return Err((path, missing(&what, column, "columns", columns)));
                }
            }
        }
        Ok(())
    }
}

/// Whether something else may stand for it.
fn is_open(name: &str) -> bool {
    name == MORE || name.starts_with('$')
}

/// What is missing, what was meant, and all that there is.
fn missing(what: &str, name: &str, all: &str, names: &[&str]) -> String {
    let listed: Vec<_> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let then = match nearest(name, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? The"),
        None => "the".to_owned(),
    };
    match listed.is_empty() {
        true => format!("{what}: there are none"),
        false => format!("{what}; {then} {all} are {}{more}", listed.join(", ")),
    }
}
