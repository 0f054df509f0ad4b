use std::io::Write;

use clap::Args;
use hostfn_runtime::{
    Database, PluginManagerBuilder,
    db::{DatabaseUrl, Location},
};

use crate::Failure;

/// The arguments of `migrate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hostfn migrate --database sqlite://app.db\n  hostfn migrate --database sqlite://app.db --dry-run"
)]
pub struct MigrateArguments {
    /// The database, such as sqlite://app.db; a file that is not there is made
    #[arg(long, value_name = "URL")]
    database: String,
    /// Only say what would be applied
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(arguments: &MigrateArguments, host: &PluginManagerBuilder) -> Result<(), Failure> {
    let url: DatabaseUrl = arguments.database.parse()?;
    let database = match &url.location {
        // Nothing is made to say that all of it is missing.
        Location::SqliteFile { path, .. } if arguments.dry_run && !path.exists() => Database::open("sqlite::memory:")?,
        _ => Database::open_url(url)?,
    };
    let mut stdout = anstream::stdout();
    let mut count = 0;
    for registry in host.registries() {
        let Some(migrations) = registry.migrations() else { continue };
        let (names, word) = if arguments.dry_run {
            (database.pending_migrations(registry.owner(), migrations)?, "pending")
        } else {
            (database.migrate(registry.owner(), migrations)?, "applied")
        };
        count += names.len();
        for name in names {
            writeln!(stdout, "{word} {}/{name}", registry.owner())?;
        }
    }
    if count == 0 {
        writeln!(stdout, "{} is up to date", database.url())?;
    }
    Ok(())
}
