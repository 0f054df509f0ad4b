//! What a scenario names: functions of the host, and tables and columns of its database. Each must be there.

use std::collections::BTreeMap;

use hostfn_runtime::nearest;
use serde_json::Value;

use super::{
    file::{MockedCall, Rows, ScenarioFile},
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

/// Nothing, or what is wrong at the end of a path.
type Found<'p> = Result<(), (Vec<Part<'p>>, String)>;

impl Names<'_> {
    /// Says where the first name stands that nothing has, and what was meant; or where something is of another form than
    /// it must be.
    pub(super) fn check(&self, file: &ScenarioFile, text: &str) -> Result<(), String> {
        self.all(file).map_err(|(path, said)| at_path(text, &path, &said))
    }

    fn all<'p>(&self, file: &'p ScenarioFile) -> Found<'p> {
        for (table, rows) in &file.database {
            let path = vec![Member("database"), Member(table)];
            let Some(rows) = rows.as_array() else {
                return Err((path, "write a list of rows here, each an object of its columns".to_owned()));
            };
            if let Some(position) = rows.iter().position(|row| !row.is_object()) {
                let path = [path, vec![Item(position)]].concat();
                return Err((path, "write an object here, of columns and their values".to_owned()));
            }
        }
        self.rows(&[], &file.database)?;
        self.mocks(&[], &file.mocks)?;
        for (position, step) in file.steps.iter().enumerate() {
            let path = [Member("steps"), Item(position)];
            self.mocks(&path, &step.value.mocks)?;
            if let Some(calls) = &step.value.calls {
                self.calls([&path[..], &[Member("calls")]].concat(), calls)?;
            }
            if let Some(rows) = &step.value.database {
                self.rows(&path, rows)?;
            }
        }
        Ok(())
    }

    fn mocks<'p>(&self, path: &[Part<'p>], mocks: &'p [MockedCall]) -> Found<'p> {
        for (position, mock) in mocks.iter().enumerate() {
            let path = [path, &[Member("mocks"), Item(position)]].concat();
            if mock.returns.is_some() == mock.fails.is_some() {
                return Err((path, format!("say what `{}` does: by `returns`, or by `fails`", mock.function)));
            }
            self.function([path, vec![Member("function")]].concat(), &mock.function)?;
        }
        Ok(())
    }

    fn calls<'p>(&self, path: Vec<Part<'p>>, calls: &'p Value) -> Found<'p> {
        let calls = match calls {
            Value::Null => return Ok(()),
            Value::Array(calls) => calls,
            _ => return Err((path, "write a list of host calls here, such as `[hash_password, ...]`".to_owned())),
        };
        for (position, call) in calls.iter().enumerate() {
            let path = [&path[..], &[Item(position)]].concat();
            match (call, call.get("function")) {
                (Value::String(name), _) => self.function(path, name)?,
                (_, Some(name)) => {
                    self.function([path, vec![Member("function")]].concat(), name.as_str().unwrap_or(MORE))?;
                }
                (_, None) => {
                    return Err((path, "write the name of a function here, or an object with `function`".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn function<'p>(&self, path: Vec<Part<'p>>, name: &str) -> Found<'p> {
        if is_open(name) || self.functions.contains(&name) {
            return Ok(());
        }
        Err((path, missing(&format!("the host has no function `{name}`"), name, "functions", &self.functions)))
    }

    fn rows<'p>(&self, path: &[Part<'p>], rows: &'p Rows) -> Found<'p> {
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

/// Why the database does not take a row, where it has words of its own for it.
pub(super) fn refusal(table: &str, said: &str) -> String {
    let columns = |list: &str| {
        let names = list.split(", ").map(|column| format!("`{}`", column.rsplit('.').next().unwrap_or(column)));
        names.collect::<Vec<_>>().join(", ")
    };
    let why = match said.split_once(" failed: ").map_or((said, ""), |(what, which)| (what, which)) {
        ("NOT NULL constraint", column) => format!("{} must have a value", columns(column)),
        ("UNIQUE constraint", list) => format!("another row has the same {}", columns(list)),
        ("CHECK constraint", check) => format!("it breaks the table's check `{check}`"),
        ("FOREIGN KEY constraint failed", _) => "it refers to a row that is not there: write that row first".to_owned(),
        ("datatype mismatch", _) => "a value is of another type than its column".to_owned(),
        _ => said.to_owned(),
    };
    format!("the table `{table}` cannot take this row: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_refuses_is_told_in_words_of_ours() {
        for (said, why) in [
            ("NOT NULL constraint failed: notes.title", "`title` must have a value"),
            ("UNIQUE constraint failed: notes.id, notes.day", "another row has the same `id`, `day`"),
            ("CHECK constraint failed: length(title) > 0", "it breaks the table's check `length(title) > 0`"),
            ("FOREIGN KEY constraint failed", "it refers to a row that is not there: write that row first"),
            ("datatype mismatch", "a value is of another type than its column"),
            ("`pin` has a NUL in it", "`pin` has a NUL in it"),
        ] {
            assert_eq!(refusal("notes", said), format!("the table `notes` cannot take this row: {why}"));
        }
    }
}
