use std::{fs::OpenOptions, path::Path};

use diesel::{
    RunQueryDsl,
    dsl::sql,
    sql_types::{Integer, Text},
};
use hostfn_runtime::{
    Database, DbConnection, HostError,
    db::{DatabaseUrl, Durability},
    on_backend,
};

use super::check::Check;
use crate::integrity::damages;

/// What can be said of a file and its folder without opening a database.
pub(super) fn files(path: &Path) -> Vec<Check> {
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) => {
            return vec![
                Check::failed("file", format!("{}: {error}", path.display()))
                    .advise("name another file; `hostfn migrate` makes one that is not there"),
            ];
        }
    };
    if !metadata.is_file() {
        return vec![Check::failed("file", format!("{} is not a file", path.display())).advise("name the file itself")];
    }
    // Opened, and nothing written: who may write depends on more than the file's mode.
    let file = match OpenOptions::new().write(true).open(path) {
        Ok(_) if metadata.permissions().readonly() => {
            Check::warning("file", "it is read-only for all but the superuser, who asks now")
                .advise("make it writable for the user that the hosts run as")
        }
        Ok(_) => Check::ok("file", format!("{} bytes, writable", metadata.len())),
        Err(error) => Check::failed("file", format!("it cannot be written: {error}"))
            .advise("make it writable for the user that the hosts run as"),
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folder = match tempfile::tempfile_in(folder) {
        Ok(_) => Check::ok("folder", "writable"),
        Err(error) => Check::failed("folder", format!("no file can be made in it: {error}"))
            .advise("make it writable for the user that the hosts run as: SQLite keeps two files beside the database"),
    };
    vec![file, folder]
}

pub(super) fn checks(database: &Database) -> Vec<Check> {
    let url = database.url();
    vec![
        Check::of("journal", database.read(journal)),
        Check::of("settings", database.read(|db| settings(db, url))),
        Check::of("integrity", database.read(integrity)),
    ]
}

/// The one setting that is the file's.
fn journal(db: &mut DbConnection) -> Result<Check, HostError> {
    let mode: String = on_backend!(db, |connection| sql::<Text>("PRAGMA journal_mode").get_result(connection))?;
    Ok(if mode == "wal" {
        Check::ok("journal", "wal: readers do not wait for the writer")
    } else {
        Check::warning("journal", format!("{mode}, and not wal: readers wait for the writer"))
            .advise("nothing, if it is a backup or new: the first host that opens it changes this")
    })
}

/// Those that each connection sets for itself, asked on one that did.
fn settings(db: &mut DbConnection, url: &DatabaseUrl) -> Result<Check, HostError> {
    let (synchronous, durability) = match url.durability {
        Durability::Full => (2, "full"),
        Durability::Normal => (1, "normal"),
    };
    let mut wrong = Vec::new();
    for (name, expected) in [("foreign_keys", 1), ("trusted_schema", 0), ("synchronous", synchronous)] {
        let pragma = format!("PRAGMA {name}");
        let value: i32 = on_backend!(db, |connection| sql::<Integer>(&pragma).get_result(connection))?;
        if value != expected {
            wrong.push(format!("{name} is {value} and should be {expected}"));
        }
    }
    Ok(if wrong.is_empty() {
        Check::ok(
            "settings",
            format!("foreign keys are enforced, the schema is not trusted, durability is {durability}"),
        )
    } else {
        Check::failed("settings", wrong.join(", ")).advise("use the SQLite that hostfn brings along")
    })
}

fn integrity(db: &mut DbConnection) -> Result<Check, HostError> {
    let damages = damages(db)?;
    Ok(if damages.is_empty() {
        Check::ok("integrity", "no page, index or reference is damaged")
    } else {
        Check::failed("integrity", damages.join("; ")).advise("stop the hosts, and restore the database from a backup")
    })
}
