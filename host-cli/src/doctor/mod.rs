//! `hostfn doctor`: what a host relies on, checked on a database that is left as it is.

mod check;
mod postgres;
mod sqlite;

use std::{io::Write, time::Instant};

#[cfg(test)]
pub(crate) use self::check::CHECKS;
use self::check::{Check, Status};
use crate::{Failure, Progress, explain::Coded, in_full, verdict_stdout};
use anstyle::Style;
use clap::Args;
use hostfn_runtime::{
    Database, PluginManagerBuilder,
    db::{Backend, DatabaseError, DatabaseUrl, Location},
};

/// The arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn doctor --database sqlite://app.db
  hostfn doctor --database 'postgres://app@db/app?sslmode=verify-full' --json

Nothing is changed. Exits with 1 when a check failed; a warning is none. A large SQLite file is read as a whole, \
which takes its time.")]
pub struct DoctorArguments {
    /// The database, such as sqlite://app.db
    #[arg(long, value_name = "URL")]
    database: String,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &DoctorArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let url: DatabaseUrl = arguments.database.parse()?;
    if url.location == Location::SqliteMemory {
        return Err("there is nothing in sqlite::memory: yet; name a file or a server".into());
    }
    let progress = Progress::of("examining the database");
    let checks = examine(&url, host);
    drop(progress);
    let failed = checks.iter().filter(|check| check.status == Status::Failed).count();
    let mut out = verdict_stdout();
    if arguments.json {
        let report = serde_json::json!({"database": url.to_string(), "ok": failed == 0, "checks": checks});
        writeln!(out, "{report:#}")?;
    } else {
        let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
        for Check { name, status, found, advice } in &checks {
            let style = status.style();
            writeln!(out, "{style}{:7}{style:#}  {name:width$}  {found}", status.name())?;
            if let Some(advice) = advice {
                let aside = Style::new().dimmed();
                writeln!(out, "{:7}  {:width$}  {aside}{advice}{aside:#}", "", "")?;
            }
        }
    }
    // Whoever reads JSON has the names of the checks.
    let told = checks.iter().filter(|check| check.status == Status::Failed && !arguments.json);
    let codes = told.map(|check| check.name);
    match failed {
        0 => Ok(()),
        1 => Err(Coded::new(codes, format!("something is wrong with {url}")).into()),
        failed => Err(Coded::new(codes, format!("{failed} things are wrong with {url}")).into()),
    }
}

fn examine(url: &DatabaseUrl, host: &PluginManagerBuilder) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Location::SqliteFile { path, .. } = &url.location {
        checks.extend(sqlite::files(path));
        // What is not there, or not a file, need not be opened to be known.
        if checks.iter().any(|check| check.name == "file" && check.status == Status::Failed) {
            return checks;
        }
    }
    let started = Instant::now();
    let database = match Database::open_unchanged(url.clone()) {
        Ok(database) => database,
        Err(error) => {
            let advice = match (&error, &url.location) {
                (DatabaseError::InUse { .. }, _) => {
                    "run this again when that process has ended: until then nobody else can read the database"
                }
                (_, Location::Postgres { .. }) => {
                    "check that the server runs and can be reached from here, and the user, the password and the name \
                     of the database"
                }
                _ => "name a SQLite database, or restore it from a backup",
            };
            checks.push(Check::failed("connection", error).advise(advice));
            return checks;
        }
    };
    let took = started.elapsed();
    let backend = database.backend();
    match database.read(|db| Ok(db.version()?)) {
        Ok(version) => {
            let product = if backend == Backend::Sqlite { "SQLite" } else { "PostgreSQL" };
            let took = took.as_secs_f64() * 1000.0;
            checks.push(Check::ok("connection", format!("{product} {version}, connected in {took:.1} ms")));
        }
        Err(error) => {
            checks.push(Check::failed("connection", in_full(&error)));
            return checks;
        }
    }
    checks.extend(match &url.location {
        Location::Postgres { connections, .. } => postgres::checks(&database, *connections),
        _ => sqlite::checks(&database),
    });
    checks.push(migrations(&database, host));
    checks
}

/// Whether the database has the tables that this program expects, neither fewer nor more.
fn migrations(database: &Database, host: &PluginManagerBuilder) -> Check {
    let (mut applied, mut pending, mut unknown) = (0, Vec::new(), Vec::new());
    for registry in host.registries() {
        let Some(migrations) = registry.migrations() else { continue };
        let owner = registry.owner();
        let names = migrations.names(owner, database.backend());
        let state = names.and_then(|names| {
            let pending = database.pending_migrations(owner, migrations)?;
            Ok((names.len(), pending, database.unknown_migrations(owner, migrations)?))
        });
        let (all, new, strange) = match state {
            Ok(state) => state,
            Err(error) => return Check::failed("migrations", error),
        };
        applied += all - new.len();
        pending.extend(new.into_iter().map(|name| format!("{owner}/{name}")));
        unknown.extend(strange.into_iter().map(|version| format!("{owner}/{version}")));
    }
    if !unknown.is_empty() {
        return Check::failed("migrations", format!("this program does not know {}", unknown.join(", ")))
            .advise("the database is of a newer program: upgrade this one, or restore a backup from before");
    }
    if !pending.is_empty() {
        return Check::failed("migrations", format!("not applied: {}", pending.join(", ")))
            .advise(format!("make a backup, and then run: hostfn migrate --database '{}'", database.url()));
    }
    Check::ok("migrations", format!("all {applied} are applied"))
}
