//! The answers of idempotent plugin calls: a call that is made again with its key gets the first answer.

use std::{fmt, sync::LazyLock};

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl,
    result::{DatabaseErrorKind, Error},
};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use hostfn_contract::{EntropySource, HostError, Secret};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    Clock, Database, DbConnection, KeepPrepared, Registry, Timestamp,
    cleanup::{Rows, remove_oldest},
    db::Migrations,
    on_backend,
};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The table that the answers are kept in, as the migrations of a crate without functions.
pub(crate) fn registry() -> Registry {
    static MIGRATIONS: LazyLock<Migrations> =
        LazyLock::new(|| Migrations::sqlite(SQLITE_MIGRATIONS).and_postgres(POSTGRES_MIGRATIONS));
    Registry::new(OWNER, []).with_migrations(MIGRATIONS.clone()).of_version(env!("CARGO_PKG_VERSION"))
}

/// Not the name of this crate, whose tests have migrations of their own.
const OWNER: &str = "hostfn";

diesel::table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::sql_types::Timestamp;

    hostfn_answers (key_sha256) {
        key_sha256 -> Binary,
        input_sha256 -> Binary,
        nonce -> Binary,
        answer -> Nullable<Binary>,
        created_at -> Timestamp,
    }
}

/// What tells a plugin call that is made again from another one: drawn by whoever makes the call, sent
/// again with each retry, and never used for another call.
///
/// It is a secret as long as the answer is one: the database holds only its hash, and the answer encrypted
/// with it. A random UUID will do.
///
/// ```
/// use hostfn_runtime::IdempotencyKey;
///
/// let key: IdempotencyKey = "0c4a9e6e-3f1b-4d0e-9f0a-1f2d3c4b5a69".parse()?;
/// assert!("order 7".parse::<IdempotencyKey>().is_err());
/// # Ok::<(), hostfn_runtime::InvalidIdempotencyKey>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(Secret);

/// A text that is no idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 16 to 255 bytes, and nobody can guess it: draw a random UUID")]
pub struct InvalidIdempotencyKey;

impl std::str::FromStr for IdempotencyKey {
    type Err = InvalidIdempotencyKey;

    fn from_str(key: &str) -> Result<Self, InvalidIdempotencyKey> {
        if (16..=255).contains(&key.len()) { Ok(Self(Secret::new(key))) } else { Err(InvalidIdempotencyKey) }
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(<secret>)")
    }
}

/// What is known of a key.
pub(crate) enum Known {
    /// Nothing: the call is the first, and its answer will be kept.
    Nothing,
    /// The first answer.
    Answer(Vec<u8>),
    /// It was used for another input.
    OtherInput,
}

/// Why an answer can be neither looked up nor kept.
pub(crate) enum Failure {
    /// Another call of the same key is just done: look again.
    JustDone,
    /// The database.
    Database(HostError),
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Database(error)
    }
}

/// One plugin call with a key.
pub(crate) struct IdempotentCall {
    key_sha256: [u8; 32],
    input_sha256: [u8; 32],
    nonce: [u8; 24],
    cipher: XChaCha20Poly1305,
}

impl IdempotentCall {
    pub(crate) fn new(key: &IdempotencyKey, plugin: &str, export: &str, input: &[u8], entropy: &EntropySource) -> Self {
        // Each hash is for one purpose and of texts whose lengths it knows, so that no two calls have one in common.
        let hash = |purpose: &str, parts: &[&[u8]]| -> [u8; 32] {
            let mut hasher = Sha256::new_with_prefix(purpose);
            for part in parts {
                hasher.update((part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
            hasher.finalize().into()
        };
        let call = [plugin.as_bytes(), export.as_bytes(), key.0.expose().as_bytes()];
        let secret = Zeroizing::new(hash("hostfn answer: encryption", &call));
        let input_sha256 = hash("hostfn answer: input", &[key.0.expose().as_bytes(), input]);
        Self {
            key_sha256: hash("hostfn answer: key", &call),
            input_sha256,
            // A key may be used again after its answer was removed, and a nonce may not.
            nonce: entropy.for_call(plugin, "answer", &input_sha256).bytes(),
            cipher: XChaCha20Poly1305::new(Key::from_slice(&*secret)),
        }
    }

    /// Looks the key up in the transaction of the call, and takes it where it is new. A second call of the
    /// same key waits here for the first.
    pub(crate) fn begin(&self, database: &Database, clock: &Clock) -> Result<Known, Failure> {
        let mut just_done = false;
        let known = database.write(|db| {
            let known = self.look_up(db)?;
            if !matches!(known, Known::Nothing) {
                return Ok(known);
            }
            let row = (
                hostfn_answers::key_sha256.eq(self.key_sha256.as_slice()),
                hostfn_answers::input_sha256.eq(self.input_sha256.as_slice()),
                hostfn_answers::nonce.eq(self.nonce.as_slice()),
                hostfn_answers::created_at.eq(clock.now()),
            );
            let taken = on_backend!(db, |connection| diesel::insert_into(hostfn_answers::table)
                .values(row)
                .execute(connection));
            match taken {
                Ok(_) => Ok(Known::Nothing),
                Err(error) => {
                    just_done = matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _));
                    Err(error.into())
                }
            }
        });
        known.map_err(|error| if just_done { Failure::JustDone } else { Failure::Database(error) })
    }

    /// Looks the key up.
    pub(crate) fn find(&self, database: &Database) -> Result<Known, HostError> {
        database.read(|db| self.look_up(db))
    }

    fn look_up(&self, db: &mut DbConnection) -> Result<Known, HostError> {
        type Row = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);
        let found: Option<Row> = on_backend!(db, |connection| {
            hostfn_answers::table
                .find(self.key_sha256.as_slice())
                .select((hostfn_answers::input_sha256, hostfn_answers::nonce, hostfn_answers::answer))
                .get_result(connection)
        })
        .optional()?;
        let Some((input_sha256, nonce, answer)) = found else { return Ok(Known::Nothing) };
        // Hashed with the key, which is a secret.
        if !bool::from(input_sha256.ct_eq(&self.input_sha256)) {
            return Ok(Known::OtherInput);
        }
        let damaged = || HostError::internal("an answer that was kept is damaged: remove its row of hostfn_answers");
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| damaged())?;
        let answer = answer.ok_or_else(damaged)?;
        let payload = Payload { msg: &answer, aad: &self.key_sha256 };
        let answer = self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| damaged())?;
        Ok(Known::Answer(answer))
    }

    /// Keeps the answer, in the transaction of the call.
    pub(crate) fn keep(&self, database: &Database, answer: &[u8]) -> Result<(), HostError> {
        let payload = Payload { msg: answer, aad: &self.key_sha256 };
        let encrypted = self
            .cipher
            .encrypt(&XNonce::from(self.nonce), payload)
            .map_err(|_| HostError::internal("the answer is too long to be encrypted"))?;
        database.write(|db| {
            let row = hostfn_answers::table.find(self.key_sha256.as_slice());
            let kept: Option<Vec<u8>> = on_backend!(db, |connection| {
                diesel::update(row)
                    .set(hostfn_answers::answer.eq(encrypted))
                    .returning(hostfn_answers::key_sha256)
                    .keep_prepared()
                    .get_result(connection)
            })
            .optional()?;
            kept.map(drop).ok_or_else(|| HostError::internal("the row of this call's answer was removed"))
        })
    }
}

impl Database {
    /// Removes answers of idempotent calls that were kept before `time`, at most `limit` of them, and answers how
    /// many there were. A call that is made again after that runs again.
    ///
    /// # Errors
    /// When the database refuses, or has no answers: see
    /// [`keep_answers`](crate::PluginManagerBuilder::keep_answers).
    pub fn remove_answers_before(&self, time: Timestamp, limit: u32) -> Result<usize, HostError> {
        // `remove_oldest` takes the time itself along.
        let Some(latest) = Timestamp::from_microseconds(time.microseconds() - 1) else { return Ok(0) };
        let rows = Rows { table: "hostfn_answers", key: "key_sha256", column: "created_at" };
        self.write(|db| remove_oldest(db, rows, latest, limit))
    }

    /// Whether it has the table in which the answers of idempotent calls are kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn keeps_answers(&self) -> Result<bool, HostError> {
        self.read(|db| Ok(db.newest_migration(OWNER)?.is_some()))
    }
}
