//! What is in a database, and what became of it.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use hostfn_runtime::{Database, DbConnection, HostError, Redactor, Timestamp, on_backend};
use serde_json::{Map, Value};

use crate::fixture::{Failure, internal};

/// A row by its columns.
type Row = Map<String, Value>;

/// All rows of all tables at one time.
///
/// Binary values are shown in hexadecimal. An integer in a column whose name ends in `_at` is shown
/// as a time when it is one in microseconds, of this century.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableRows {
    tables: BTreeMap<String, Table>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    key: Vec<String>,
    /// By the values of the key, and a count for those that have none.
    rows: BTreeMap<(Vec<KeyPart>, usize), Row>,
}

/// A value of a key, in the order in which databases have them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeyPart {
    Nothing,
    Integer(i64),
    Text(String),
}

/// The difference between the rows before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseEffect {
    changes: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq)]
struct Change {
    table: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Added(Row),
    Changed { key: Row, columns: Vec<(String, Value, Value)> },
    Removed(Row),
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = sql_types::Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = sql_types::Text)]
    name: String,
    /// The declared type.
    #[diesel(sql_type = sql_types::Text)]
    kind: String,
    /// The place in the primary key from 1, or 0.
    #[diesel(sql_type = sql_types::Integer)]
    pk: i32,
}

#[derive(QueryableByName)]
struct JsonRow {
    #[diesel(sql_type = sql_types::Text)]
    row: String,
}

impl TableRows {
    pub(crate) fn read(database: &Database) -> Result<Self, HostError> {
        database.read(|db| {
            let tables: Vec<Name> = query(
                db,
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 AND name <> '__diesel_schema_migrations' ORDER BY name",
            )?;
            let tables = tables.into_iter().map(|table| Ok((table.name.clone(), Table::read(db, &table.name)?)));
            Ok(Self { tables: tables.collect::<Result<_, HostError>>()? })
        })
    }

    /// What was done between these rows and `after`.
    pub fn effect(&self, after: &Self) -> DatabaseEffect {
        let none = Table::default();
        let mut changes = Vec::new();
        for (name, now) in &after.tables {
            let was = self.tables.get(name).unwrap_or(&none);
            let mut push = |kind| changes.push(Change { table: name.clone(), kind });
            for (key, row) in &now.rows {
                match was.rows.get(key) {
                    None => push(Kind::Added(row.clone())),
                    Some(old) if old != row => push(now.difference(old, row)),
                    Some(_) => {}
                }
            }
            was.rows
                .iter()
                .filter(|(key, _)| !now.rows.contains_key(*key))
                .for_each(|(_, row)| push(Kind::Removed(row.clone())));
        }
        DatabaseEffect { changes }
    }

    /// Puts a row into a table, each value as it is shown: a binary one in hexadecimal, a time as text.
    pub(crate) fn insert(database: &Database, table: &str, row: &Row) -> Result<(), HostError> {
        database.write(|db| {
            let columns = columns_of(db, table)?;
            if columns.is_empty() {
                return Err(HostError::invalid_request("there is no such table"));
            }
            let mut values = Vec::new();
            for (name, value) in row {
                let column = columns.iter().find(|column| column.name == *name);
                let column = column.ok_or_else(|| HostError::invalid_request(format!("it has no column `{name}`")))?;
                values.push(column.literal(value).map_err(HostError::invalid_request)?);
            }
            let names: Vec<_> = row.keys().map(|name| identifier(name)).collect();
            let (table, names, values) = (identifier(table), names.join(", "), values.join(", "));
            let what = match values.is_empty() {
                true => "DEFAULT VALUES".to_owned(),
                false => format!("({names}) VALUES ({values})"),
            };
            let insert = sql_query(format!("INSERT INTO {table} {what}"));
            on_backend!(db, |connection| insert.execute(connection))?;
            Ok(())
        })
    }

    /// The rows of a table, in the order of its key, if there is such a table.
    pub(crate) fn table(&self, name: &str) -> Option<impl Iterator<Item = &Row>> {
        self.tables.get(name).map(|table| table.rows.values())
    }

    /// The names of the tables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.tables.get(table).map_or(0, |table| table.rows.len())
    }
}

impl Table {
    fn read(db: &mut DbConnection, name: &str) -> Result<Self, HostError> {
        let columns = columns_of(db, name)?;
        let members: Vec<_> = columns
            .iter()
            .map(|column| {
                let (label, value) = (text_literal(&column.name), identifier(&column.name));
                format!("{label}, CASE typeof({value}) WHEN 'blob' THEN lower(hex({value})) ELSE {value} END")
            })
            .collect();
        let rows: Vec<JsonRow> =
            query(db, &format!("SELECT json_object({}) AS row FROM {}", members.join(", "), identifier(name)))?;

        let mut key: Vec<_> = columns.iter().filter(|column| column.pk > 0).collect();
        key.sort_by_key(|column| column.pk);
        // Rows of a table without a primary key are told apart by all that they hold.
        let key = if key.is_empty() { columns.iter().collect() } else { key };
        let mut table =
            Self { key: key.into_iter().map(|column| column.name.clone()).collect(), rows: BTreeMap::new() };
        for row in rows {
            let row: Row = serde_json::from_str(&row.row).map_err(HostError::internal)?;
            let row: Row = row.into_iter().map(|(column, value)| (column.clone(), readable(&column, value))).collect();
            let key: Vec<_> = table.key_of(&row).values().map(KeyPart::of).collect();
            let count = (0..).find(|count| !table.rows.contains_key(&(key.clone(), *count))).unwrap_or_default();
            table.rows.insert((key, count), row);
        }
        Ok(table)
    }

    fn key_of(&self, row: &Row) -> Row {
        self.key.iter().filter_map(|column| Some((column.clone(), row.get(column)?.clone()))).collect()
    }

    fn difference(&self, old: &Row, new: &Row) -> Kind {
        let columns = new.iter().filter_map(|(column, value)| {
            let before = old.get(column).cloned().unwrap_or_default();
            (before != *value).then(|| (column.clone(), before, value.clone()))
        });
        Kind::Changed { key: self.key_of(new), columns: columns.collect() }
    }
}

impl KeyPart {
    fn of(value: &Value) -> Self {
        match (value, value.as_i64()) {
            (Value::Null, _) => Self::Nothing,
            (_, Some(integer)) => Self::Integer(integer),
            (Value::String(text), _) => Self::Text(text.clone()),
            (other, _) => Self::Text(other.to_string()),
        }
    }
}

fn columns_of(db: &mut DbConnection, table: &str) -> Result<Vec<Column>, HostError> {
    query(db, &format!("SELECT name, type AS kind, pk FROM pragma_table_info({})", text_literal(table)))
}

impl Column {
    /// A value as SQL, read as [`readable`] and the query of [`Table::read`] show it.
    fn literal(&self, value: &Value) -> Result<String, String> {
        Ok(match value {
            Value::Null => "NULL".to_owned(),
            Value::Bool(value) => i32::from(*value).to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) if self.kind.eq_ignore_ascii_case("BLOB") => {
                let is_hexadecimal = text.len() % 2 == 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                if !is_hexadecimal {
                    return Err(format!("`{}` is binary: write it in hexadecimal", self.name));
                }
                format!("X'{text}'")
            }
            Value::String(text) => match text.parse::<Timestamp>() {
                Ok(time) if self.kind.eq_ignore_ascii_case("INTEGER") => time.microseconds().to_string(),
                // SQL ends at a NUL.
                _ if text.contains('\0') => return Err(format!("`{}` has a NUL in it", self.name)),
                _ => text_literal(text),
            },
            Value::Array(_) | Value::Object(_) => return Err(format!("`{}` is no single value", self.name)),
        })
    }
}

impl DatabaseEffect {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn render(&self, out: &mut String, redactor: &Redactor) -> fmt::Result {
        if self.is_empty() {
            return out.write_str("unchanged");
        }
        for Change { table, kind } in &self.changes {
            match kind {
                Kind::Added(row) => row_lines(out, "added to", table, row, redactor)?,
                Kind::Removed(row) => row_lines(out, "removed from", table, row, redactor)?,
                Kind::Changed { key, columns } => {
                    let key: Vec<_> =
                        key.iter().map(|(name, value)| format!("{name} {}", redactor.redact(value))).collect();
                    writeln!(out, "changed in {table}, {}", key.join(", "))?;
                    for (column, old, new) in columns {
                        writeln!(out, "  {column}: {} -> {}", redactor.redact(old), redactor.redact(new))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn row_lines(out: &mut String, what: &str, table: &str, row: &Row, redactor: &Redactor) -> fmt::Result {
    writeln!(out, "{what} {table}")?;
    row.iter().try_for_each(|(column, value)| writeln!(out, "  {column}: {}", redactor.redact(value)))
}

/// The years 2001 to 2100, in microseconds since 1970.
const THIS_CENTURY: std::ops::Range<i64> = 978_307_200_000_000..4_133_980_800_000_000;

fn readable(column: &str, value: Value) -> Value {
    let time = value.as_i64().filter(|number| column.ends_with("_at") && THIS_CENTURY.contains(number));
    time.and_then(Timestamp::from_microseconds).map_or(value, |time| time.to_string().into())
}

/// Says what is wrong with a database that is damaged, or holds rows that refer to what is not there.
pub(crate) fn check(database: &Database) -> Result<(), Failure> {
    let problems: Vec<Name> = database
        .read(|db| {
            let mut problems = query(db, "SELECT integrity_check AS name FROM pragma_integrity_check")?;
            problems.extend(query(db, "SELECT \"table\" AS name FROM pragma_foreign_key_check")?);
            Ok(problems)
        })
        .map_err(internal)?;
    match problems.iter().map(|problem| problem.name.as_str()).collect::<Vec<_>>()[..] {
        ["ok"] => Ok(()),
        ref problems => {
            let problems = problems.join(", ");
            Err(format!("the database is damaged, or rows of a table refer to what is not there: {problems}").into())
        }
    }
}

fn query<T>(db: &mut DbConnection, sql: &str) -> Result<Vec<T>, HostError>
where
    T: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
{
    Ok(on_backend!(db, |connection| sql_query(sql).load(connection))?)
}

fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
