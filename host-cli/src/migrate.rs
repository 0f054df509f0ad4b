use std::io::Write;

use clap::Args;
use hostfn_runtime::{
    Database, PluginManagerBuilder,
    db::{DatabaseUrl, Location},
};
use serde_json::json;

use crate::{Failure, Progress};

/// The arguments of `migrate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn migrate --database sqlite://app.db
  hostfn migrate --database sqlite://app.db --dry-run
  hostfn migrate --database sqlite://app.db --json | jq -r '.migrations[]'")]
pub struct MigrateArguments {
    /// The database, such as sqlite://app.db; a file that is not there is made
    #[arg(long, value_name = "URL")]
    database: String,
    /// Only say what would be applied
    #[arg(long)]
    dry_run: bool,
    /// Write JSON: the migrations, in their order, and whether they were applied
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &MigrateArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let url: DatabaseUrl = arguments.database.parse()?;
    let database = match &url.location {
        // Nothing is made to say that all of it is missing.
        Location::SqliteFile { path, .. } if arguments.dry_run && !path.exists() => Database::open("sqlite::memory:")?,
        _ => Database::open_url(url)?,
    };
    let mut stdout = anstream::stdout();
    let progress = Progress::of("migrating");
    let mut all = Vec::new();
    for registry in host.registries() {
        let Some(migrations) = registry.migrations() else { continue };
        progress.say(format!("migrating {}", registry.owner()));
        let (names, word) = if arguments.dry_run {
            (database.pending_migrations(registry.owner(), migrations)?, "pending")
        } else {
            (database.migrate(registry.owner(), migrations)?, "applied")
        };
        for name in names {
            let name = format!("{}/{name}", registry.owner());
            if !arguments.json {
                progress.suspend(|| writeln!(stdout, "{word} {name}"))?;
            }
            all.push(name);
        }
    }
    drop(progress);
    if arguments.json {
        let object = json!({"database": database.url().to_string(), "applied": !arguments.dry_run, "migrations": all});
        writeln!(stdout, "{object:#}")?;
    } else if all.is_empty() {
        writeln!(stdout, "{} is up to date", database.url())?;
    }
    Ok(())
}
