use diesel::ConnectionError;

use super::{DatabaseUrl, InvalidDatabaseUrl};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The URL is wrong.
    #[error(transparent)]
    Url(#[from] InvalidDatabaseUrl),
    /// The folder that the database's file should be in is not there.
    #[error("cannot open {url}: the folder {folder:?} does not exist; create it first")]
    NoFolder {
        /// The database.
        url: String,
        /// The folder of its file.
        folder: String,
    },
    /// PostgreSQL was to be reached with TLS, and this build has none.
    #[error("cannot open {url}: this build has no TLS; turn on the feature `postgres-tls` of hostfn")]
    NoTls {
        /// The database.
        url: String,
    },
    /// There is no file, and none shall be made.
    #[error("cannot open {url}: there is no such file")]
    NoFile {
        /// The database.
        url: String,
    },
    /// Another process has the SQLite file for itself, or has it open where this one was to have it for itself.
    #[error("cannot open {url}: {reason}")]
    InUse {
        /// The database.
        url: String,
        /// Who has it, and what to do.
        reason: &'static str,
    },
    /// The password in a PostgreSQL URL would be read as something else, and told to whoever sees the message.
    #[error(
        "cannot open {url}: special characters of a password are percent-encoded: write %40 for @, %2F for /, %3F for \
         ?, %23 for # and %25 for %"
    )]
    Password {
        /// The database.
        url: String,
    },
    /// The database management system refused.
    #[error("cannot open {url}: {source}")]
    Open {
        /// The database.
        url: String,
        /// What it said.
        source: ConnectionError,
    },
}

impl DatabaseError {
    pub(super) fn in_use(url: &DatabaseUrl, wants_it_alone: bool) -> Self {
        let reason = if wants_it_alone {
            "another process has it open, and with `processes=one` no other may: stop that one, or leave `processes=one` out \
             of its URL and of this one"
        } else {
            "another process has locked it: a host whose URL says `processes=one` has it for itself until it ends, so stop \
             that one, or leave `processes=one` out of its URL; or a tool keeps a transaction open"
        };
        Self::InUse { url: url.to_string(), reason }
    }
}
