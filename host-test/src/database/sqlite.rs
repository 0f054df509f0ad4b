//! What SQLite is asked.

use hostfn_runtime::Timestamp;
use serde_json::Value;

use super::{Column, identifier, is_hexadecimal, text_literal};

/// Names of tables, those of SQLite's and of diesel's own left out.
pub(super) const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
                                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                                 AND name <> '__diesel_schema_migrations' ORDER BY name";

/// What is wrong with the file, and the tables whose rows refer to what is not there.
pub(super) const PROBLEMS: &str = "SELECT integrity_check AS name FROM pragma_integrity_check \
                                   WHERE integrity_check <> 'ok' \
                                   UNION ALL SELECT 'rows of ' || \"table\" || ' refer to what is not there' \
                                   FROM pragma_foreign_key_check";

pub(super) fn columns(table: &str) -> String {
    let table = text_literal(table);
    format!("SELECT name, type AS kind, pk FROM pragma_table_info({table})")
}

/// Each row as JSON.
pub(super) fn rows(table: &str, columns: &[Column]) -> String {
    let members = columns.iter().map(|column| {
        let (label, value) = (text_literal(&column.name), identifier(&column.name));
        format!("{label}, CASE typeof({value}) WHEN 'blob' THEN lower(hex({value})) ELSE {value} END")
    });
    let members = members.collect::<Vec<_>>().join(", ");
    format!("SELECT json_object({members}) AS row FROM {}", identifier(table))
}

pub(super) fn insert(table: &str, columns: &[&str], values: &[String]) -> String {
    let table = identifier(table);
    if columns.is_empty() {
        return format!("INSERT INTO {table} DEFAULT VALUES");
    }
    let columns: Vec<_> = columns.iter().map(|column| identifier(column)).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// A value as SQL, read as [`rows`] and [`readable`] show it.
pub(super) fn literal(column: &Column, value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Bool(value) => i32::from(*value).to_string(),
        Value::String(text) if column.kind.eq_ignore_ascii_case("BLOB") => {
            if !is_hexadecimal(text) {
                return Err(format!("`{}` is binary: write it in hexadecimal", column.name));
            }
            format!("X'{text}'")
        }
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) if column.kind.eq_ignore_ascii_case("INTEGER") => time.microseconds().to_string(),
            _ => text_literal(text),
        },
        Value::Null | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => return Err(format!("`{}` is no single value", column.name)),
    })
}

/// The years 2001 to 2100, in microseconds since 1970.
const THIS_CENTURY: std::ops::Range<i64> = 978_307_200_000_000..4_133_980_800_000_000;

/// The columns have no type for a time: what looks like one, by its name and its value, is shown as one.
pub(super) fn readable(column: &str, value: Value) -> Value {
    let time = value.as_i64().filter(|number| column.ends_with("_at") && THIS_CENTURY.contains(number));
    time.and_then(Timestamp::from_microseconds).map_or(value, |time| time.to_string().into())
}
