use diesel::{
    RunQueryDsl,
    dsl::sql,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use hostfn_runtime::{Clock, Database, DbConnection, HostError, db::Durability, on_backend};

use super::check::Check;

pub(super) fn checks(database: &Database, connections: u32) -> Vec<Check> {
    let durability = database.url().durability;
    vec![
        Check::of("primary", database.read(primary)),
        Check::of("role", database.read(role)),
        Check::of("durability", database.read(|db| settings(db, durability))),
        Check::of("encoding", database.read(encoding)),
        Check::of("messages", database.read(messages)),
        Check::of("connections", database.read(|db| enough_connections(db, connections))),
        Check::of("encryption", database.read(encryption)),
        Check::of("clock", database.read(clock)),
        Check::of("integrity", database.read(integrity)),
    ]
}

fn setting(db: &mut DbConnection, name: &str) -> Result<String, HostError> {
    let query = format!("SELECT current_setting('{name}')");
    Ok(on_backend!(db, |connection| sql::<Text>(&query).get_result(connection))?)
}

fn primary(db: &mut DbConnection) -> Result<Check, HostError> {
    let is_replica: bool =
        on_backend!(db, |connection| sql::<Bool>("SELECT pg_is_in_recovery()").get_result(connection))?;
    Ok(if is_replica {
        Check::failed("primary", "this server is a replica, and nothing can be written").advise(
            "name the primary; or name all servers, and let libpq choose: \
             postgres://app@db1,db2/app?target_session_attrs=read-write",
        )
    } else if setting(db, "default_transaction_read_only")? == "on" {
        Check::warning("primary", "transactions only read unless they say otherwise, as those of hosts do")
            .advise("if somebody has set default_transaction_read_only to keep writers out, stop the hosts")
    } else {
        Check::ok("primary", "the server is one, and takes writes")
    })
}

/// Whether the user of the URL may do what host functions do.
fn role(db: &mut DbConnection) -> Result<Check, HostError> {
    let closed = "SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class \
                  WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') \
                  AND relname <> '__diesel_schema_migrations' AND NOT (has_table_privilege(oid, 'SELECT') \
                  AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE') \
                  AND has_table_privilege(oid, 'DELETE'))";
    let closed: Option<String> = on_backend!(db, |connection| sql::<Nullable<Text>>(closed).get_result(connection))?;
    Ok(match closed {
        None => Check::ok("role", "it may read and write every table"),
        // They may be somebody else's.
        Some(tables) => Check::warning("role", format!("it may not read and write {tables}")).advise(
            "if host functions use them: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO …",
        ),
    })
}

/// What an acknowledged write survives.
fn settings(db: &mut DbConnection, durability: Durability) -> Result<Check, HostError> {
    let commit = setting(db, "synchronous_commit")?;
    if setting(db, "fsync")? == "off" {
        return Ok(Check::failed("durability", "fsync is off: a crash of the server may destroy the whole database")
            .advise("set fsync = on in postgresql.conf, and reload it"));
    }
    if setting(db, "full_page_writes")? == "off" {
        return Ok(Check::warning("durability", "full_page_writes is off: a loss of power may damage pages").advise(
            "set full_page_writes = on in postgresql.conf, unless the file system writes pages as a whole, as ZFS does",
        ));
    }
    Ok(match (durability, &*commit) {
        (Durability::Full, "off") => {
            Check::failed("durability", "synchronous_commit is off, and what was acknowledged may be lost")
                .advise("set it to on; or write ?durability=normal if that is what is wanted")
        }
        (Durability::Full, _) => Check::ok(
            "durability",
            format!("full: what was acknowledged is on the disk (synchronous_commit = {commit})"),
        ),
        (Durability::Normal, _) => Check::ok(
            "durability",
            format!("normal: a crash of the server may undo the last moments (synchronous_commit = {commit})"),
        ),
    })
}

fn encoding(db: &mut DbConnection) -> Result<Check, HostError> {
    let encoding = setting(db, "server_encoding")?;
    Ok(if encoding == "UTF8" {
        Check::ok("encoding", encoding)
    } else {
        Check::failed("encoding", format!("{encoding}: not every text can be stored"))
            .advise("make another database: CREATE DATABASE app ENCODING 'UTF8' TEMPLATE template0")
    })
}

/// Errors are told apart by their messages, since diesel hands on no code for most.
fn messages(db: &mut DbConnection) -> Result<Check, HostError> {
    let language = setting(db, "lc_messages")?;
    let is_english = language.is_empty() || ["C", "POSIX", "en"].iter().any(|english| language.starts_with(english));
    Ok(if is_english {
        Check::ok("messages", "the server's errors are in English")
    } else {
        Check::warning(
            "messages",
            format!("the server's errors are of {language}: some that are temporary are answered `internal`"),
        )
        .advise("as a superuser: ALTER DATABASE app SET lc_messages = 'C'")
    })
}

fn enough_connections(db: &mut DbConnection, wanted: u32) -> Result<Check, HostError> {
    // Of the three limits the least counts; -1 is none. PostgreSQL 16 keeps some back for another role.
    let query = "SELECT least(
            current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
                - coalesce(current_setting('reserved_connections', true)::bigint, 0),
            (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
            (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user))";
    let most: i64 = on_backend!(db, |connection| sql::<BigInt>(query).get_result(connection))?;
    let hosts = most / i64::from(wanted);
    Ok(if hosts == 0 {
        Check::failed("connections", format!("each host may open {wanted}, and the server takes {most}")).advise(
            format!(
                "write ?connections={}, or less where there are several hosts; or raise max_connections",
                most.max(1)
            ),
        )
    } else if hosts == 1 {
        Check::warning("connections", format!("each host may open {wanted} of {most}: a second one finds too few"))
            .advise("write ?connections=… with less, or raise max_connections")
    } else {
        Check::ok("connections", format!("each host may open {wanted} of {most}: enough for {hosts} hosts"))
    })
}

fn encryption(db: &mut DbConnection) -> Result<Check, HostError> {
    let query = "SELECT CASE WHEN ssl THEN version END FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let version: Option<String> = on_backend!(db, |connection| sql::<Nullable<Text>>(query).get_result(connection))?;
    let query = "SELECT coalesce(inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1', true)";
    let is_local: bool = on_backend!(db, |connection| sql::<Bool>(query).get_result(connection))?;
    Ok(match version {
        Some(version) => Check::ok("encryption", version),
        None if is_local => Check::ok("encryption", "none, and the connection does not leave this machine"),
        None => Check::warning("encryption", "none: passwords and records can be read on the way to the server")
            .advise("write ?sslmode=verify-full&sslrootcert=…, with a hostfn of the feature `postgres-tls`"),
    })
}

/// What expires does so by the host's clock, and several hosts agree with each other as far as they do with this.
fn clock(db: &mut DbConnection) -> Result<Check, HostError> {
    let query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let before = Clock::system().now().microseconds();
    let server: i64 = on_backend!(db, |connection| sql::<BigInt>(query).get_result(connection))?;
    let after = Clock::system().now().microseconds();
    // The server was asked at some moment between the two.
    let apart = if server < before { server - before } else { (server - after).max(0) };
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
    let seconds = apart.abs() as f64 / 1_000_000.0;
    let way = if apart < 0 { "behind" } else { "ahead of" };
    Ok(if seconds > 1.0 {
        Check::warning("clock", format!("the server's is {seconds:.1} s {way} this machine's"))
            .advise("synchronise both by NTP: sessions and tokens expire by the hosts' clocks")
    } else {
        Check::ok("clock", "this machine's and the server's agree to the second")
    })
}

/// Constraints that were never checked against the rows, and indexes whose building failed.
fn integrity(db: &mut DbConnection) -> Result<Check, HostError> {
    let ours = "nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg_toast%'";
    let constraints = format!(
        "SELECT conrelid::regclass || '.' || conname FROM pg_constraint JOIN pg_namespace n ON n.oid = connamespace \
         WHERE NOT convalidated AND {ours} ORDER BY 1"
    );
    let indexes = format!(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT indisvalid AND {ours} ORDER BY 1"
    );
    let constraints: Vec<String> = on_backend!(db, |connection| sql::<Text>(&constraints).load(connection))?;
    let indexes: Vec<String> = on_backend!(db, |connection| sql::<Text>(&indexes).load(connection))?;
    Ok(match (constraints.as_slice(), indexes.as_slice()) {
        ([], []) => Check::ok("integrity", "all constraints were checked, and all indexes are built"),
        ([], indexes) => Check::failed("integrity", format!("not built to the end: {}", indexes.join(", ")))
            .advise("REINDEX INDEX CONCURRENTLY …, unless one is being built at this moment"),
        (constraints, _) => {
            Check::failed("integrity", format!("never checked against all rows: {}", constraints.join(", ")))
                .advise("ALTER TABLE … VALIDATE CONSTRAINT …")
        }
    })
}
