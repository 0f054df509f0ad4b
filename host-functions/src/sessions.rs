//! Sessions: who is signed in.

use diesel::prelude::*;
use hostfn::{Clock, DbConnection, Entropy, HostError, Timestamp, Uuid, host_fn, on_backend};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    insert::inserted_for_user,
    schema::sessions,
    values::{Deleted, Lifetime, Token, TtlSeconds},
};

/// A session of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Session {
    /// Its id, a secret: whoever holds it is signed in.
    pub id: Token,
    /// Whose it is.
    pub user_uuid: Uuid,
    /// When it began.
    pub created_at: Timestamp,
    /// From then on it is gone.
    pub expires_at: Timestamp,
}

/// Begins a session of a user.
///
/// Answers `not_found` when there is no such user, and `conflict` when the id is taken.
#[host_fn(permission = "sessions:write", errors(not_found, conflict))]
pub fn db_create_session(
    db: &mut DbConnection,
    clock: &Clock,
    entropy: &Entropy,
    user_uuid: Uuid,
    /// How long it lasts.
    ttl_seconds: TtlSeconds,
    /// Its id; the host makes one that nobody can guess when it is left out.
    id: Option<Token>,
) -> Result<Session, HostError> {
    let id = id.unwrap_or_else(|| Token::random(entropy));
    let Lifetime { created_at, expires_at } = Lifetime::starting_now(clock, ttl_seconds);
    let inserted = on_backend!(db, |connection| {
        diesel::insert_into(sessions::table)
            .values((
                sessions::id_sha256.eq(id.sha256()),
                sessions::user_uuid.eq(user_uuid),
                sessions::created_at.eq(created_at),
                sessions::expires_at.eq(expires_at),
            ))
            .execute(connection)
    });
    inserted_for_user(inserted, "id")?;
    Ok(Session { id, user_uuid, created_at, expires_at })
}

/// Finds a session by its id; `null` when there is none, or none any more.
#[host_fn(permission = "sessions:read", read_only)]
pub fn db_get_session(db: &mut DbConnection, clock: &Clock, id: Token) -> Result<Option<Session>, HostError> {
    let found = on_backend!(db, |connection| {
        sessions::table
            .find(id.sha256())
            .filter(sessions::expires_at.gt(clock.now()))
            .select((sessions::user_uuid, sessions::created_at, sessions::expires_at))
            .get_result(connection)
    });
    Ok(found.optional()?.map(|(user_uuid, created_at, expires_at)| Session { id, user_uuid, created_at, expires_at }))
}

/// Ends a session.
#[host_fn(permission = "sessions:write")]
pub fn db_delete_session(db: &mut DbConnection, id: Token) -> Result<Deleted, HostError> {
    let deleted = on_backend!(db, |connection| diesel::delete(sessions::table.find(id.sha256())).execute(connection));
    Ok(deleted?.into())
}

/// Ends all sessions of a user.
#[host_fn(permission = "sessions:write")]
pub fn db_delete_user_sessions(db: &mut DbConnection, user_uuid: Uuid) -> Result<Deleted, HostError> {
    let deleted = on_backend!(db, |connection| {
        diesel::delete(sessions::table.filter(sessions::user_uuid.eq(user_uuid))).execute(connection)
    });
    Ok(deleted?.into())
}

/// Removes the sessions that have expired, of all users.
///
/// They are gone for everybody already; this gives back their place on the disk.
#[host_fn(permission = "sessions:write")]
pub fn db_cleanup_expired_sessions(db: &mut DbConnection, clock: &Clock) -> Result<Deleted, HostError> {
    let deleted = on_backend!(db, |connection| {
        diesel::delete(sessions::table.filter(sessions::expires_at.le(clock.now()))).execute(connection)
    });
    Ok(deleted?.into())
}

#[cfg(test)]
mod tests;
