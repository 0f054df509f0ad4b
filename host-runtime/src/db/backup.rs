use std::path::Path;

use diesel::{RunQueryDsl, sql_query, sql_types::Text};

use super::{Database, DbConnection};

/// Why a copy of a database could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// It is no SQLite database, which has one file.
    #[error(
        "only SQLite is copied as a file: of PostgreSQL make a backup with pg_dump, which takes one state of it while \
         others write: pg_dump --format=custom --file=app.dump URL"
    )]
    NotSqlite,
    /// The path cannot be told to SQLite.
    #[error("the path {0:?} is not UTF-8, which SQLite's paths are")]
    Path(String),
    /// A connection could not be had.
    #[error(transparent)]
    Connect(#[from] diesel::ConnectionError),
    /// SQLite refused.
    #[error(transparent)]
    Copy(#[from] diesel::result::Error),
}

impl Database {
    /// Writes a copy of a SQLite database, as it is at this moment, into a file that is not there yet or empty. Others
    /// read and write meanwhile, and do not wait for it.
    ///
    /// The copy is not on the disk until the file was synchronised.
    ///
    /// # Errors
    /// When it is no SQLite database, or the copy cannot be written; what was written of it is left.
    pub fn copy_into(&self, file: &Path) -> Result<(), CopyError> {
        let path = file.to_str().ok_or_else(|| CopyError::Path(file.display().to_string()))?;
        // A connection of its own: the ones of the pools are for functions, and this may take a while.
        match &mut self.manager().open()? {
            DbConnection::Sqlite(session) => {
                sql_query("VACUUM INTO ?").bind::<Text, _>(path).execute(session.connection())?;
                Ok(())
            }
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(_) => Err(CopyError::NotSqlite),
        }
    }
}
