use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use hostfn_runtime::{
    Database,
    db::{CopyError, DatabaseUrl, Durability, Location, Processes},
};
use serde_json::json;
use tempfile::NamedTempFile;

use crate::{Failure, Progress, in_full, integrity::damages};

/// The arguments of `backup`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hostfn backup --database sqlite://app.db backup.db
  hostfn backup --database sqlite:///var/lib/app/app.db /backup/app-$(date +%F).db

The copy is one state of the database; others read and write meanwhile. It is checked for damage and on the disk \
when the command succeeds. To restore it, stop all hosts and put it in the place of the database's file.")]
pub struct BackupArguments {
    /// The database, such as sqlite://app.db
    #[arg(long, value_name = "URL")]
    database: String,
    /// The file to write, which is not there yet
    #[arg(value_name = "TO.db")]
    to: PathBuf,
    /// Write JSON: the file, its bytes, and how many seconds it took
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &BackupArguments) -> Result<(), Failure> {
    let started = Instant::now();
    let url: DatabaseUrl = arguments.database.parse()?;
    let to = arguments.to.as_path();
    match &url.location {
        Location::SqliteFile { .. } => {}
        Location::SqliteMemory => return Err("there is nothing in sqlite::memory: yet; name a file".into()),
        Location::Postgres { .. } => return Err(CopyError::NotSqlite.into()),
    }
    // A link that leads nowhere is there as well.
    if to.symlink_metadata().is_ok() {
        return Err(format!("{} is there already: name another file, or remove it first", to.display()).into());
    }
    let folder = match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(format!("the folder {} does not exist; create it first", folder.display()).into());
    }
    let source = Database::open_unchanged(url)?;
    let failed = |error: Failure| format!("no backup was made of {}: {error}", source.url());
    // Under its name stands a whole copy or nothing. What is not finished is removed when this ends.
    let copy = NamedTempFile::with_prefix_in(".hostfn-backup-", folder).map_err(|error| failed(error.into()))?;
    let progress = Progress::of("copying");
    source.copy_into(copy.path()).map_err(|error| failed(error.into()))?;
    progress.say("checking the copy for damage");
    check(copy.path()).map_err(failed)?;
    copy.as_file().sync_all()?;
    let bytes = copy.as_file().metadata()?.len();
    copy.persist_noclobber(to).map_err(|error| failed(error.error.into()))?;
    // The name as well.
    File::open(fs::canonicalize(folder)?)?.sync_all()?;
    drop(progress);
    let took = started.elapsed().as_secs_f64();
    if arguments.json {
        let object = json!({"database": source.url().to_string(), "file": to, "bytes": bytes, "seconds": took});
        let _ = writeln!(anstream::stdout(), "{object:#}");
        return Ok(());
    }
    let size = megabytes(bytes);
    // The copy is made, whether somebody can read that it is or not.
    let _ = writeln!(
        anstream::stdout(),
        "copied {} to {}: {size} in {took:.2} s, without damage",
        source.url(),
        to.display()
    );
    Ok(())
}

fn check(copy: &Path) -> Result<(), Failure> {
    let location = Location::SqliteFile { path: copy.to_owned(), processes: Processes::Many };
    let url = DatabaseUrl { location, durability: Durability::Full };
    let found = Database::open_unchanged(url)?.read(damages).map_err(|error| in_full(&error))?;
    if found.is_empty() {
        Ok(())
    } else {
        Err(format!("the copy is damaged, since the database is: {}", found.join("; ")).into())
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1_000_000.0)
}
