//! What is in a database, and what became of it: the same on every backend.

mod effect;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types};
use hostfn_runtime::{Database, DbConnection, HostError, db::Backend, on_backend};
use serde_json::{Map, Value};

use crate::fixture::{Failure, internal};
pub use effect::DatabaseEffect;
use effect::{Change, Kind};

/// A row by its columns.
type Row = Map<String, Value>;

/// All rows of all tables at one time.
///
/// They are shown alike on every backend, so that one transcript is true of all. Binary values are shown in
/// hexadecimal, and a boolean as 0 or 1, since SQLite has no other. A time is shown as on the wire: what PostgreSQL
/// has as `timestamptz`, and on SQLite an integer in a column whose name ends in `_at`, when it is one in
/// microseconds, of this century.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableRows {
    tables: BTreeMap<String, Table>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    columns: Vec<String>,
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
            let sql = match db.backend() {
                #[cfg(feature = "postgres")]
                Backend::Postgres => postgres::TABLES,
                _ => sqlite::TABLES,
            };
            let tables: Vec<Name> = query(db, sql)?;
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
            let backend = db.backend();
            let mut values = Vec::new();
            for (name, value) in row {
                let column = columns.iter().find(|column| column.name == *name);
                let column = column.ok_or_else(|| HostError::invalid_request(format!("it has no column `{name}`")))?;
                values.push(column.literal(backend, value).map_err(HostError::invalid_request)?);
            }
            let names: Vec<_> = row.keys().map(String::as_str).collect();
            let statements = match backend {
                #[cfg(feature = "postgres")]
                Backend::Postgres => {
                    let counted = columns.iter().filter(|column| names.contains(&column.name.as_str()));
                    let counted = counted.filter_map(|column| postgres::go_on_counting(table, column));
                    [postgres::insert(table, &names, &values)].into_iter().chain(counted).collect()
                }
                _ => vec![sqlite::insert(table, &names, &values)],
            };
            for sql in &statements {
                on_backend!(db, |connection| sql_query(sql).execute(connection))?;
            }
            Ok(())
        })
    }

    /// The rows of a table, in the order of its key, if there is such a table.
    pub fn table(&self, name: &str) -> Option<impl Iterator<Item = &Map<String, Value>>> {
        self.tables.get(name).map(|table| table.rows.values())
    }

    /// The names of the tables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// The tables, each with its columns in the order in which they were declared.
    pub(crate) fn columns(&self) -> BTreeMap<&str, Vec<&str>> {
        let tables = self.tables.iter();
        tables.map(|(name, table)| (name.as_str(), table.columns.iter().map(String::as_str).collect())).collect()
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.tables.get(table).map_or(0, |table| table.rows.len())
    }
}

impl Table {
    fn read(db: &mut DbConnection, name: &str) -> Result<Self, HostError> {
        let columns = columns_of(db, name)?;
        let backend = db.backend();
        let sql = match backend {
            #[cfg(feature = "postgres")]
            Backend::Postgres => postgres::rows(name, &columns),
            _ => sqlite::rows(name, &columns),
        };
        let rows: Vec<JsonRow> = query(db, &sql)?;

        let mut key: Vec<_> = columns.iter().filter(|column| column.pk > 0).collect();
        key.sort_by_key(|column| column.pk);
        // Rows of a table without a primary key are told apart by all that they hold.
        let key = if key.is_empty() { columns.iter().collect() } else { key };
        let names = |columns: Vec<&Column>| columns.into_iter().map(|column| column.name.clone()).collect();
        let mut table = Self { key: names(key), columns: names(columns.iter().collect()), rows: BTreeMap::new() };
        for row in rows {
            let mut row: Row = serde_json::from_str(&row.row).map_err(HostError::internal)?;
            for column in &columns {
                if let Some(value) = row.get_mut(&column.name) {
                    *value = column.readable(backend, value.take());
                }
            }
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
    let sql = match db.backend() {
        #[cfg(feature = "postgres")]
        Backend::Postgres => postgres::columns(table),
        _ => sqlite::columns(table),
    };
    query(db, &sql)
}

impl Column {
    fn literal(&self, backend: Backend, value: &Value) -> Result<String, String> {
        if value.as_str().is_some_and(|text| text.contains('\0')) {
            // SQL ends there, and PostgreSQL's texts have none.
            return Err(format!("`{}` has a NUL in it", self.name));
        }
        match backend {
            #[cfg(feature = "postgres")]
            Backend::Postgres => postgres::literal(self, value),
            _ => sqlite::literal(self, value),
        }
    }

    /// A value as it is shown to people.
    fn readable(&self, backend: Backend, value: Value) -> Value {
        match backend {
            #[cfg(feature = "postgres")]
            Backend::Postgres => postgres::readable(self, value),
            _ => sqlite::readable(&self.name, value),
        }
    }
}

/// How long a server may take to notice that a connection was closed.
const CLOSING: Duration = Duration::from_secs(5);

/// Says what is wrong with a database: one that is damaged, holds rows that refer to what is not there, or, on a
/// server, has a transaction that was left open.
pub(crate) fn check(database: &Database) -> Result<(), Failure> {
    let sql = match database.backend() {
        #[cfg(feature = "postgres")]
        Backend::Postgres => postgres::PROBLEMS,
        _ => sqlite::PROBLEMS,
    };
    let started = Instant::now();
    loop {
        let problems: Vec<Name> = database.read(|db| query(db, sql)).map_err(internal)?;
        if problems.is_empty() {
            return Ok(());
        }
        // A connection that was closed in the middle of a transaction is open on the server for a moment longer.
        if database.backend() == Backend::Sqlite || started.elapsed() > CLOSING {
            let problems: Vec<_> = problems.into_iter().map(|problem| problem.name).collect();
            return Err(format!("the database is not as it should be: {}", problems.join(", ")).into());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn query<T>(db: &mut DbConnection, sql: &str) -> Result<Vec<T>, HostError>
where
    T: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
{
    Ok(on_backend!(db, |connection| sql_query(sql).load(connection))?)
}

fn is_hexadecimal(text: &str) -> bool {
    text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
