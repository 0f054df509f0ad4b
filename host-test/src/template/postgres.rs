use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, result::QueryResult,
    sql_query, sql_types,
};
use hostfn_runtime::Registry;

use super::{Key, migrate};
use crate::{fixture::Failure, postgres::Server, test_database::TemporaryDatabase};

/// What the names of all databases begin with that this crate makes. Behind it stand the number of the session that
/// made it and one more.
const PREFIX: &str = "hostfn_test_";

/// The template of each key. On somebody else's server it is there as long as a copy of it is, and not when the last
/// test has ended: what is static is never dropped.
static TEMPLATES: Mutex<Option<HashMap<Key, Weak<OwnDatabase>>>> = Mutex::new(None);

/// Makes and drops the databases of this process, in a session that is there as long as the process is.
struct Administrator {
    server: &'static Server,
    connection: Mutex<PgConnection>,
    /// The server's number for the session. No other that is there has it.
    session: i32,
    databases: AtomicU32,
    /// The templates on a server that goes with the process anyway.
    kept: Mutex<Vec<Arc<OwnDatabase>>>,
}

/// A database on the server, which is dropped with this.
pub(crate) struct OwnDatabase {
    administrator: &'static Administrator,
    name: String,
    /// What it was copied from, which is dropped after the last copy.
    _template: Option<Arc<OwnDatabase>>,
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = sql_types::Integer)]
    number: i32,
    #[diesel(sql_type = sql_types::Bool)]
    may_create: bool,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = sql_types::Text)]
    name: String,
}

/// Why no database can be had, if none can.
pub(crate) fn unavailable() -> Option<String> {
    Administrator::get().err()
}

/// A copy of the migrated database.
pub(super) fn copy(key: Key, registries: &[Registry]) -> Result<TemporaryDatabase, Failure> {
    let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let weak = templates.get_or_insert_default().entry(key).or_default();
    let template = match weak.upgrade() {
        Some(template) => template,
        None => {
            let template = OwnDatabase::empty()?;
            migrate(&template.url(), registries)?;
            let template = Arc::new(template);
            *weak = Arc::downgrade(&template);
            let Administrator { server, kept, .. } = template.administrator;
            if server.is_own() {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(template.clone());
            }
            template
        }
    };
    drop(templates);
    let options = format!("TEMPLATE {}", template.name);
    Ok(TemporaryDatabase::on_server(OwnDatabase::new(&options, Some(template))?))
}

impl Administrator {
    fn get() -> Result<&'static Self, String> {
        static ADMINISTRATOR: OnceLock<Result<Administrator, String>> = OnceLock::new();
        let administrator = ADMINISTRATOR.get_or_init(|| {
            let server = Server::shared().map_err(ToString::to_string)?;
            Self::begin(server).map_err(|error| format!("the server for tests cannot be used: {error}"))
        });
        administrator.as_ref().map_err(Clone::clone)
    }

    fn begin(server: &'static Server) -> Result<Self, Failure> {
        let mut connection = PgConnection::establish(&server.url("postgres"))?;
        connection.batch_execute("SET application_name = 'hostfn_test'; SET client_min_messages = warning")?;
        let session: Session = sql_query(
            "SELECT pg_backend_pid() AS number, rolsuper OR rolcreatedb AS may_create FROM pg_roles \
             WHERE rolname = current_user",
        )
        .get_result(&mut connection)?;
        if !session.may_create {
            return Err("its user may not create databases".into());
        }
        remove_orphans(&mut connection)?;
        let connection = Mutex::new(connection);
        Ok(Self { server, connection, session: session.number, databases: AtomicU32::new(0), kept: Mutex::default() })
    }

    fn execute(&self, sql: &str) -> QueryResult<()> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).batch_execute(sql)
    }
}

/// Drops what processes left behind that were killed: whatever is named after a session that is not there any more, or
/// that is this one, which has made none yet.
fn remove_orphans(connection: &mut PgConnection) -> Result<(), Failure> {
    let orphans: Vec<Name> = sql_query(format!(
        "SELECT datname::text AS name FROM pg_database WHERE datname ~ '^{PREFIX}[0-9]+_[0-9]+$' \
         AND split_part(datname, '_', 3) NOT IN (SELECT pid::text FROM pg_stat_activity \
         WHERE application_name = 'hostfn_test' AND pid <> pg_backend_pid())"
    ))
    .load(connection)?;
    for Name { name } in orphans {
        // Another process may be about to drop the same.
        if let Err(error) = connection.batch_execute(&drop_statement(&name)) {
            eprintln!("{name}, which a test left behind, cannot be dropped: {error}");
        }
    }
    Ok(())
}

impl OwnDatabase {
    /// Like those of a server that is started here, whatever the one that was given would make.
    pub(crate) fn empty() -> Result<Self, Failure> {
        Self::new("TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'", None)
    }

    fn new(options: &str, template: Option<Arc<Self>>) -> Result<Self, Failure> {
        let administrator = Administrator::get()?;
        let number = administrator.databases.fetch_add(1, Relaxed);
        let name = format!("{PREFIX}{}_{number}", administrator.session);
        administrator.execute(&format!("CREATE DATABASE {name} {options}"))?;
        Ok(Self { administrator, name, _template: template })
    }

    /// Nothing outlives a test, so that nothing need survive a loss of power.
    pub(crate) fn url(&self) -> String {
        let url = self.administrator.server.url(&self.name);
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}durability=normal")
    }
}

/// Also where somebody is connected to it: whose connection was closed is so for a moment longer.
fn drop_statement(name: &str) -> String {
    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        if let Err(error) = self.administrator.execute(&drop_statement(&self.name)) {
            eprintln!("{}, which a test made, cannot be dropped: {error}", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

    use super::*;
    use crate::TestDatabase;

    #[test]
    fn what_a_killed_process_left_is_dropped_and_nothing_else() {
        if !TestDatabase::available().any(|database| database == TestDatabase::Postgres) {
            return;
        }
        let ours = OwnDatabase::empty().unwrap();
        let server = ours.administrator.server;
        // No session has such a number, and the last is no name of ours.
        let (orphan, other) = (format!("{PREFIX}2147483647_0"), format!("{PREFIX}2147483647_0_kept"));
        let mut connection = PgConnection::establish(&server.url("postgres")).unwrap();
        for name in [&orphan, &other] {
            connection.batch_execute(&format!("{}; ", drop_statement(name))).unwrap();
            connection.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        }
        remove_orphans(&mut connection).unwrap();
        let names: Vec<Name> =
            sql_query("SELECT datname::text AS name FROM pg_database").load(&mut connection).unwrap();
        let is_there = |name: &str| names.iter().any(|found| found.name == name);
        assert_eq!([is_there(&ours.name), is_there(&orphan), is_there(&other)], [true, false, true]);
        connection.batch_execute(&drop_statement(&other)).unwrap();
    }
}
