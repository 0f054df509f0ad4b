//! What PostgreSQL is asked, so that it shows what SQLite shows.

use hostfn_runtime::Timestamp;
use serde_json::Value;

use super::{Column, identifier, is_hexadecimal, text_literal};

const TIME: &str = "timestamp with time zone";

/// Names of tables, diesel's own left out.
pub(super) const TABLES: &str = "SELECT relname::text AS name FROM pg_class \
                                 WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') \
                                 AND NOT relispartition AND relname <> '__diesel_schema_migrations' \
                                 ORDER BY relname";

/// Transactions that nobody works in and nobody ended: their locks would keep others waiting for ever, and what
/// they did is not there for anybody else. And constraints that rows need not meet.
pub(super) const PROBLEMS: &str = "SELECT 'a connection was left in an open transaction, after: ' || query AS name \
                                   FROM pg_stat_activity WHERE datname = current_database() \
                                   AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%' \
                                   UNION ALL SELECT 'rows of ' || conrelid::regclass || ' need not meet ' || conname \
                                   FROM pg_constraint WHERE NOT convalidated \
                                   AND connamespace = current_schema()::regnamespace";

pub(super) fn columns(table: &str) -> String {
    let table = text_literal(table);
    // Of a domain the type that it is made of; `indkey` counts from 0.
    format!(
        "SELECT attname::text AS name, format_type(COALESCE(NULLIF(typbasetype, 0), atttypid), NULL) AS kind, \
         COALESCE(array_position(indkey::int2[], attnum) + 1, 0) AS pk \
         FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_type ON pg_type.oid = atttypid \
         LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary \
         WHERE relnamespace = current_schema()::regnamespace AND relname = {table} AND relkind IN ('r', 'p') \
         AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
}

/// Each row as JSON.
pub(super) fn rows(table: &str, columns: &[Column]) -> String {
    let shown = columns.iter().map(|column| {
        let name = identifier(&column.name);
        match column.kind.as_str() {
            "bytea" => format!("encode({name}, 'hex') AS {name}"),
            "boolean" => format!("{name}::integer AS {name}"),
            TIME => format!(
                "CASE WHEN isfinite({name}) THEN to_json((extract(epoch FROM {name}) * 1000000)::bigint) \
                 ELSE to_json({name}::text) END AS {name}"
            ),
            _ => name,
        }
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    format!("SELECT row_to_json(shown)::text AS row FROM (SELECT {shown} FROM {}) AS shown", identifier(table))
}

/// A row, with whatever it says of columns that count by themselves.
pub(super) fn insert(table: &str, columns: &[&str], values: &[String]) -> String {
    let table = identifier(table);
    if columns.is_empty() {
        return format!("INSERT INTO {table} DEFAULT VALUES");
    }
    let columns: Vec<_> = columns.iter().map(|column| identifier(column)).collect();
    format!("INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE VALUES ({})", columns.join(", "), values.join(", "))
}

/// Makes a column that counts by itself go on after what was put there, as on SQLite. To any other it does nothing.
pub(super) fn go_on_counting(table: &str, column: &Column) -> Option<String> {
    ["smallint", "integer", "bigint"].contains(&column.kind.as_str()).then(|| {
        let (from, counted) = (identifier(table), identifier(&column.name));
        let sequence = format!("pg_get_serial_sequence({}, {})", text_literal(&from), text_literal(&column.name));
        format!("SELECT setval({sequence}, greatest(max({counted}), 1)) FROM {from} HAVING {sequence} IS NOT NULL")
    })
}

/// A value as SQL, read as [`rows`] and [`readable`] show it.
pub(super) fn literal(column: &Column, value: &Value) -> Result<String, String> {
    let Column { name, kind, .. } = column;
    let time = |time: Option<Timestamp>| {
        let time = time.ok_or_else(|| format!("`{name}` is a time: write it as 2026-01-02T03:04:05Z"))?;
        Ok(text_literal(&time.to_string()))
    };
    Ok(match (kind.as_str(), value) {
        (_, Value::Null) => "NULL".to_owned(),
        ("json" | "jsonb", value) => text_literal(&value.to_string()),
        ("boolean", value) => match (value.as_bool(), value.as_u64()) {
            (Some(true), _) | (_, Some(1)) => "TRUE".to_owned(),
            (Some(false), _) | (_, Some(0)) => "FALSE".to_owned(),
            _ => return Err(format!("`{name}` is true or false")),
        },
        (TIME, Value::String(text)) => return time(text.parse().ok()),
        (TIME, Value::Number(number)) => return time(number.as_i64().and_then(Timestamp::from_microseconds)),
        ("bytea", Value::String(text)) if is_hexadecimal(text) => format!("'\\x{text}'"),
        ("bytea", _) => return Err(format!("`{name}` is binary: write it in hexadecimal")),
        (_, Value::String(text)) => text_literal(text),
        (_, Value::Bool(value)) => i32::from(*value).to_string(),
        (_, Value::Number(number)) => number.to_string(),
        (_, Value::Array(_) | Value::Object(_)) => return Err(format!("`{name}` is no single value")),
    })
}

/// A time as the wire has it; one that is outside the years 0 to 9999 as it is.
pub(super) fn readable(column: &Column, value: Value) -> Value {
    let time = value.as_i64().filter(|_| column.kind == TIME);
    time.and_then(Timestamp::from_microseconds).map_or(value, |time| time.to_string().into())
}
