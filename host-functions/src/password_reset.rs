//! Tokens that let somebody who forgot their password choose another.

use diesel::prelude::*;
use hostfn::{Clock, DbConnection, Entropy, HostError, Timestamp, Uuid, host_fn, on_backend};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    insert::inserted_for_user,
    schema::password_reset_tokens,
    values::{Deleted, Lifetime, Token, TtlSeconds},
};

/// A token that lets its holder choose a new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PasswordResetToken {
    /// The token itself, a secret.
    pub token: Token,
    /// Whose it is.
    pub user_uuid: Uuid,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is gone.
    pub expires_at: Timestamp,
}

/// Makes a token to send to a user who forgot their password.
///
/// Answers `not_found` when there is no such user, and `conflict` when the token is taken.
#[host_fn(permission = "password_reset:write", errors(not_found, conflict))]
pub fn db_create_password_reset_token(
    db: &mut DbConnection,
    clock: &Clock,
    entropy: &Entropy,
    user_uuid: Uuid,
    /// How long it can be used.
    ttl_seconds: TtlSeconds,
    /// The token; the host makes one that nobody can guess when it is left out.
    token: Option<Token>,
) -> Result<PasswordResetToken, HostError> {
    let token = token.unwrap_or_else(|| Token::random(entropy));
    let Lifetime { created_at, expires_at } = Lifetime::starting_now(clock, ttl_seconds);
    let inserted = on_backend!(db, |connection| {
        diesel::insert_into(password_reset_tokens::table)
            .values((
                password_reset_tokens::token_sha256.eq(token.sha256()),
                password_reset_tokens::user_uuid.eq(user_uuid),
                password_reset_tokens::created_at.eq(created_at),
                password_reset_tokens::expires_at.eq(expires_at),
            ))
            .execute(connection)
    });
    inserted_for_user(inserted, "token")?;
    Ok(PasswordResetToken { token, user_uuid, created_at, expires_at })
}

/// Finds a password reset token; `null` when there is none, or none any more.
#[host_fn(permission = "password_reset:read", read_only)]
pub fn db_get_password_reset_token(
    db: &mut DbConnection,
    clock: &Clock,
    token: Token,
) -> Result<Option<PasswordResetToken>, HostError> {
    let found = on_backend!(db, |connection| {
        password_reset_tokens::table
            .find(token.sha256())
            .filter(password_reset_tokens::expires_at.gt(clock.now()))
            .select((
                password_reset_tokens::user_uuid,
                password_reset_tokens::created_at,
                password_reset_tokens::expires_at,
            ))
            .get_result(connection)
    });
    Ok(found.optional()?.map(|(user_uuid, created_at, expires_at)| PasswordResetToken {
        token,
        user_uuid,
        created_at,
        expires_at,
    }))
}

/// Removes a password reset token.
///
/// Of several callers that remove the same one, exactly one is told `{"deleted": 1}`. Get it first: an
/// expired one is removed as well.
#[host_fn(permission = "password_reset:write")]
pub fn db_delete_password_reset_token(db: &mut DbConnection, token: Token) -> Result<Deleted, HostError> {
    let deleted = on_backend!(db, |connection| {
        diesel::delete(password_reset_tokens::table.find(token.sha256())).execute(connection)
    });
    Ok(deleted?.into())
}

/// Removes all password reset tokens of a user.
#[host_fn(permission = "password_reset:write")]
pub fn db_delete_user_password_reset_tokens(db: &mut DbConnection, user_uuid: Uuid) -> Result<Deleted, HostError> {
    let deleted = on_backend!(db, |connection| {
        diesel::delete(password_reset_tokens::table.filter(password_reset_tokens::user_uuid.eq(user_uuid)))
            .execute(connection)
    });
    Ok(deleted?.into())
}

#[cfg(test)]
mod tests {
    use hostfn::ErrorCode::{Conflict, NotFound};

    use super::*;
    use crate::test_support::{Fixture, nobody, refusal, seconds, token};

    fn create(fixture: &Fixture, user: Uuid, token: Option<Token>) -> Result<PasswordResetToken, HostError> {
        fixture.write(|db| {
            db_create_password_reset_token(db, &fixture.clock, &fixture.entropy(), user, seconds(60), token)
        })
    }

    fn get(fixture: &Fixture, token: &Token) -> Option<PasswordResetToken> {
        fixture.read(|db| db_get_password_reset_token(db, &fixture.clock, token.clone()))
    }

    #[test]
    fn a_token_is_there_until_it_expires() {
        let fixture = Fixture::new();
        let record = create(&fixture, fixture.user(), None).unwrap();
        assert_eq!(record.expires_at, record.created_at.plus_seconds(60));
        fixture.clock.advance_seconds(59);
        assert_eq!(get(&fixture, &record.token), Some(record.clone()));
        fixture.clock.advance_seconds(1);
        assert_eq!(get(&fixture, &record.token), None);
    }

    #[test]
    fn a_token_needs_a_user_and_must_be_new() {
        let fixture = Fixture::new();
        let user = fixture.user();
        let own = token("a-guests-own-token");
        assert_eq!(create(&fixture, user, Some(own.clone())).unwrap().token, own);
        assert_eq!(refusal(create(&fixture, user, Some(own))), (Conflict, Some("token".into())));
        assert_eq!(refusal(create(&fixture, nobody(), None)), (NotFound, Some("user_uuid".into())));
    }

    #[test]
    fn a_token_is_deleted_once() {
        let fixture = Fixture::new();
        let user = fixture.user();
        let (first, second) = (create(&fixture, user, None).unwrap(), create(&fixture, user, None).unwrap());
        let delete = || fixture.write(|db| db_delete_password_reset_token(db, first.token.clone())).unwrap().deleted;
        assert_eq!((delete(), delete()), (1, 0));
        assert_eq!(get(&fixture, &first.token), None);
        assert!(get(&fixture, &second.token).is_some());
    }

    #[test]
    fn all_tokens_of_one_user_are_deleted() {
        let fixture = Fixture::new();
        let (ada, bob) = (fixture.user(), fixture.create_user("bob@example.com").unwrap().uuid);
        let tokens: Vec<_> = [ada, ada, bob].iter().map(|user| create(&fixture, *user, None).unwrap()).collect();
        let delete_of = |user| fixture.write(|db| db_delete_user_password_reset_tokens(db, user)).unwrap().deleted;
        assert_eq!((delete_of(ada), delete_of(ada)), (2, 0));
        assert!(get(&fixture, &tokens[2].token).is_some(), "somebody else's");
    }
}
