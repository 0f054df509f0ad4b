//! What writers write, so that afterwards it can be told what is missing.
//!
//! Each call has a number, by which its kind and all that it writes are known. One call in three writes once, one
//! writes four times with four transactions, and one four times in one transaction.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Bool, Text},
};
use hostfn::{CallError, Database, on_backend};
use serde_json::{Value, json};

use crate::{Broken, guest::Batch};

/// A hash of nothing in particular, with as little work in it as argon2 takes.
pub(crate) const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";

/// Makes the call of a number.
pub(crate) fn write(batch: &Batch, number: u64) -> Result<Value, CallError> {
    let user = user(number);
    let kind = Kind::of(number);
    let create = json!({"uuid": user, "name": "Ada", "email": kind.email(number), "password_hash": HASH});
    let create = ("db_create_user", create);
    if kind == Kind::Single {
        return batch.call(&[create]);
    }
    let calls = [
        create,
        ("db_create_session", json!({"id": token(number), "user_uuid": user, "ttl_seconds": 86_400})),
        ("db_create_password_reset_token", json!({"token": token(number), "user_uuid": user, "ttl_seconds": 86_400})),
        ("db_update_user_profile", json!({"uuid": user, "bio": "done"})),
    ];
    if kind == Kind::Atomic { batch.call_atomic(&calls) } else { batch.call(&calls) }
}

/// The UUID of the user of a number.
pub(crate) fn user(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// The session, and the token, of a number.
pub(crate) fn token(number: u64) -> String {
    format!("a-token-of-number-{number:012x}")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Single,
    Plain,
    Atomic,
}

impl Kind {
    fn of(number: u64) -> Self {
        [Self::Atomic, Self::Plain, Self::Single][(number % 3) as usize]
    }

    fn email(self, number: u64) -> String {
        let name = match self {
            Self::Single => "single",
            Self::Plain => "plain",
            Self::Atomic => "atomic",
        };
        format!("{name}-{number}@soak.test")
    }
}

/// All that writers have left behind.
pub(crate) struct Ledger {
    /// By number, whether all that the call writes is there.
    whole: BTreeMap<u64, bool>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = BigInt)]
    sessions: i64,
    #[diesel(sql_type = BigInt)]
    tokens: i64,
    #[diesel(sql_type = Bool)]
    has_bio: bool,
}

const ROWS: &str = "SELECT email, bio IS NOT NULL AS has_bio,
    (SELECT count(*) FROM sessions s WHERE s.user_uuid = u.uuid) AS sessions,
    (SELECT count(*) FROM password_reset_tokens t WHERE t.user_uuid = u.uuid) AS tokens
    FROM users u";

impl Ledger {
    /// Reads it.
    pub(crate) fn read(database: &Database) -> Result<Self, Broken> {
        let rows: Vec<Row> = database.read(|db| Ok(on_backend!(db, |connection| sql_query(ROWS).load(connection))?))?;
        let mut whole = BTreeMap::new();
        for row in rows {
            let number = row.email.split(['-', '@']).nth(1).and_then(|number| number.parse().ok());
            let Some(number) = number else { continue };
            let is_whole = Kind::of(number) == Kind::Single || (row.sessions == 1 && row.tokens == 1 && row.has_bio);
            whole.insert(number, is_whole);
        }
        Ok(Self { whole })
    }

    /// Of calls that were acknowledged, those that are not there, or not whole.
    pub(crate) fn lost<'a>(&self, acknowledged: impl IntoIterator<Item = &'a u64>) -> u64 {
        acknowledged.into_iter().filter(|number| self.whole.get(number) != Some(&true)).count() as u64
    }

    /// How many atomic calls are there in part.
    pub(crate) fn half_done(&self) -> u64 {
        self.whole.iter().filter(|(number, whole)| Kind::of(**number) == Kind::Atomic && !**whole).count() as u64
    }

    /// The numbers of the calls that left something.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> {
        self.whole.keys().copied()
    }
}
