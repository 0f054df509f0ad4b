//! Tokens that show that somebody receives e-mail at their address.

use diesel::prelude::*;
use hostfn::{Clock, DbConnection, Entropy, HostError, Timestamp, Uuid, host_fn, on_backend};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    insert::inserted_for_user,
    schema::email_verification_tokens,
    values::{Deleted, Lifetime, Token, TtlSeconds},
};

/// A token that was sent to an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EmailVerificationToken {
    /// The token itself, a secret.
    pub token: Token,
    /// Whose it is.
    pub user_uuid: Uuid,
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it is gone.
    pub expires_at: Timestamp,
}

/// Makes a token to send to a user's e-mail address.
///
/// Answers `not_found` when there is no such user, and `conflict` when the token is taken.
#[host_fn(permission = "email_verification:write", errors(not_found, conflict))]
pub fn db_create_email_verification_token(
    db: &mut DbConnection,
    clock: &Clock,
    entropy: &Entropy,
    user_uuid: Uuid,
    /// How long it can be used.
    ttl_seconds: TtlSeconds,
    /// The token; the host makes one that nobody can guess when it is left out.
    token: Option<Token>,
) -> Result<EmailVerificationToken, HostError> {
    let token = token.unwrap_or_else(|| Token::random(entropy));
    let Lifetime { created_at, expires_at } = Lifetime::starting_now(clock, ttl_seconds);
    let inserted = on_backend!(db, |connection| {
        diesel::insert_into(email_verification_tokens::table)
            .values((
                email_verification_tokens::token_sha256.eq(token.sha256()),
                email_verification_tokens::user_uuid.eq(user_uuid),
                email_verification_tokens::created_at.eq(created_at),
                email_verification_tokens::expires_at.eq(expires_at),
            ))
            .execute(connection)
    });
    inserted_for_user(inserted, "token")?;
    Ok(EmailVerificationToken { token, user_uuid, created_at, expires_at })
}

/// Finds an e-mail verification token; `null` when there is none, or none any more.
#[host_fn(permission = "email_verification:read", read_only)]
pub fn db_get_email_verification_token(
    db: &mut DbConnection,
    clock: &Clock,
    token: Token,
) -> Result<Option<EmailVerificationToken>, HostError> {
    let found = on_backend!(db, |connection| {
        email_verification_tokens::table
            .find(token.sha256())
            .filter(email_verification_tokens::expires_at.gt(clock.now()))
            .select((
                email_verification_tokens::user_uuid,
                email_verification_tokens::created_at,
                email_verification_tokens::expires_at,
            ))
            .get_result(connection)
    });
    Ok(found.optional()?.map(|(user_uuid, created_at, expires_at)| EmailVerificationToken {
        token,
        user_uuid,
        created_at,
        expires_at,
    }))
}

/// Removes an e-mail verification token.
///
/// Of several callers that remove the same one, exactly one is told `{"deleted": 1}`. Get it first: an
/// expired one is removed as well.
#[host_fn(permission = "email_verification:write")]
pub fn db_delete_email_verification_token(db: &mut DbConnection, token: Token) -> Result<Deleted, HostError> {
    let deleted = on_backend!(db, |connection| {
        diesel::delete(email_verification_tokens::table.find(token.sha256())).execute(connection)
    });
    Ok(deleted?.into())
}

#[cfg(test)]
mod tests {
    use hostfn::ErrorCode::{Conflict, NotFound};

    use super::*;
    use crate::test_support::{Fixture, nobody, refusal, seconds, token};

    fn create(fixture: &Fixture, user: Uuid, token: Option<Token>) -> Result<EmailVerificationToken, HostError> {
        fixture.write(|db| {
            db_create_email_verification_token(db, &fixture.clock, &fixture.entropy(), user, seconds(60), token)
        })
    }

    fn get(fixture: &Fixture, token: &Token) -> Option<EmailVerificationToken> {
        fixture.read(|db| db_get_email_verification_token(db, &fixture.clock, token.clone()))
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
        let delete =
            || fixture.write(|db| db_delete_email_verification_token(db, first.token.clone())).unwrap().deleted;
        assert_eq!((delete(), delete()), (1, 0));
        assert_eq!(get(&fixture, &first.token), None);
        assert!(get(&fixture, &second.token).is_some());
    }
}
