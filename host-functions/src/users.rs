//! User accounts.

use diesel::{
    dsl::case_when,
    prelude::*,
    result::{DatabaseErrorKind::UniqueViolation, Error},
};
use hostfn::{
    Caller, Change, Clock, DbConnection, Disclosed, Entropy, HostError, Json, KeepPrepared, Patch, Secret, Timestamp,
    Uuid, host_fn, on_backend,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    schema::{email_verification_tokens, password_reset_tokens, users},
    values::{Email, Line, PasswordHash, Prose},
};

/// Somebody's name, as they write it.
pub type Name = Line<200>;
/// Where a picture is: usually a URL.
pub type Avatar = Line<2048>;
/// What somebody says of themselves.
pub type Bio = Prose<4096>;

/// A user account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct User {
    /// Who it is, for ever.
    pub uuid: Uuid,
    /// The name, as the user writes it.
    pub name: String,
    /// The e-mail address, as it was written. No other account has it, in whatever case.
    pub email: String,
    /// Whether the user was shown to receive e-mail there.
    pub email_verified: bool,
    /// Where a picture is, if there is one.
    pub avatar: Option<String>,
    /// What the user says of themselves, if anything.
    pub bio: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The hash of the password, for callers that were granted `credentials:read`; null for others.
    pub password_hash: Option<Disclosed<Secret>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct UserRow {
    uuid: Uuid,
    name: String,
    email: String,
    email_verified: bool,
    password_hash: String,
    avatar: Option<String>,
    bio: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl UserRow {
    fn seen_by(self, caller: &Caller) -> User {
        User {
            uuid: self.uuid,
            name: self.name,
            email: self.email,
            email_verified: self.email_verified,
            avatar: self.avatar,
            bio: self.bio,
            created_at: self.created_at,
            updated_at: self.updated_at,
            password_hash: Disclosed::to(PasswordHash::stored(self.password_hash), caller),
        }
    }
}

/// A row to be. It borrows the hash, so that there is no copy of it that nobody wipes.
// With defaults for what is none, diesel would prepare it anew each time on PostgreSQL.
#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct NewUserRow<'a> {
    uuid: Uuid,
    name: String,
    email: &'a str,
    email_key: String,
    email_verified: bool,
    password_hash: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// What a new account is made of.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUserRequest {
    /// The name, as the user writes it.
    pub name: Name,
    /// The e-mail address. It starts unverified.
    pub email: Email,
    /// The hash of the password, as `hash_password` answers it.
    pub password_hash: PasswordHash,
    /// Who it shall be; the host draws one when it is left out.
    pub uuid: Option<Uuid>,
}

/// Creates a user.
///
/// Answers `conflict` when the e-mail address or the UUID is taken.
#[host_fn(permission = "users:write", errors(conflict))]
pub fn db_create_user(
    db: &mut DbConnection,
    clock: &Clock,
    entropy: &Entropy,
    caller: &Caller,
    Json(request): Json<CreateUserRequest>,
) -> Result<User, HostError> {
    let uuid = request.uuid.unwrap_or_else(|| entropy.uuid().into());
    if uuid.0.is_nil() {
        return Err(
            HostError::invalid_request("the nil UUID names nobody: leave `uuid` out to get one").in_field("uuid")
        );
    }
    let now = clock.now();
    let row = NewUserRow {
        uuid,
        name: request.name.into_string(),
        email: request.email.as_str(),
        email_key: request.email.key(),
        email_verified: false,
        password_hash: request.password_hash.expose(),
        created_at: now,
        updated_at: now,
    };
    let inserted = on_backend!(db, |connection| {
        diesel::insert_into(users::table)
            .values(row)
            // So that the two keys are told apart without reading what the database says.
            .on_conflict(users::email_key)
            .do_nothing()
            .returning(UserRow::as_returning())
            .get_result(connection)
    });
    match inserted.optional() {
        Ok(Some(row)) => Ok(row.seen_by(caller)),
        Ok(None) => Err(email_taken()),
        Err(Error::DatabaseError(UniqueViolation, _)) => {
            Err(HostError::conflict("a user with this UUID is there already").in_field("uuid"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Finds a user by e-mail address, in whatever case it is written; `null` when there is none.
#[host_fn(permission = "users:read", read_only)]
pub fn db_get_user_by_email(db: &mut DbConnection, caller: &Caller, email: Email) -> Result<Option<User>, HostError> {
    let found = on_backend!(db, |connection| {
        users::table.filter(users::email_key.eq(email.key())).select(UserRow::as_select()).get_result(connection)
    });
    Ok(found.optional()?.map(|row| row.seen_by(caller)))
}

/// Finds a user by UUID; `null` when there is none.
#[host_fn(permission = "users:read", read_only)]
pub fn db_get_user_by_uuid(db: &mut DbConnection, caller: &Caller, uuid: Uuid) -> Result<Option<User>, HostError> {
    let found =
        on_backend!(db, |connection| users::table.find(uuid).select(UserRow::as_select()).get_result(connection));
    Ok(found.optional()?.map(|row| row.seen_by(caller)))
}

/// Gives a user another password.
///
/// Sessions stay; see `db_delete_user_sessions`.
#[host_fn(permission = "users:write", errors(not_found))]
pub fn db_update_user_password(
    db: &mut DbConnection,
    clock: &Clock,
    caller: &Caller,
    uuid: Uuid,
    /// The hash of the password, as `hash_password` answers it.
    password_hash: PasswordHash,
) -> Result<User, HostError> {
    let updated = on_backend!(db, |connection| {
        diesel::update(users::table.find(uuid))
            .set((users::password_hash.eq(password_hash.expose()), users::updated_at.eq(clock.now())))
            .returning(UserRow::as_returning())
            .keep_prepared()
            .get_result(connection)
    });
    updated_user(updated, caller)
}

/// Notes that a user receives e-mail at their address, or that they do not.
#[host_fn(permission = "users:write", errors(not_found))]
pub fn db_update_user_email_verified(
    db: &mut DbConnection,
    clock: &Clock,
    caller: &Caller,
    uuid: Uuid,
    /// Whether the address is verified from now on.
    verified: bool,
) -> Result<User, HostError> {
    let updated = on_backend!(db, |connection| {
        diesel::update(users::table.find(uuid))
            .set((users::email_verified.eq(verified), users::updated_at.eq(clock.now())))
            .returning(UserRow::as_returning())
            .keep_prepared()
            .get_result(connection)
    });
    updated_user(updated, caller)
}

/// What of an account its user changes: what is left out stays as it is.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUserProfileRequest {
    /// Whose profile it is.
    pub uuid: Uuid,
    /// Another name.
    #[serde(default)]
    pub name: Change<Name>,
    /// Another e-mail address, which is then unverified.
    #[serde(default)]
    pub email: Change<Email>,
    /// Another picture; `null` for none.
    #[serde(default)]
    pub avatar: Patch<Avatar>,
    /// Another text; `null` for none.
    #[serde(default)]
    pub bio: Patch<Bio>,
}

#[derive(AsChangeset)]
#[diesel(table_name = users)]
struct ProfileChanges {
    name: Option<String>,
    avatar: Option<Option<String>>,
    bio: Option<Option<String>>,
}

impl ProfileChanges {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.avatar.is_none() && self.bio.is_none()
    }
}

/// Changes what a user says of themselves. Another e-mail address is unverified again.
///
/// Fields that are left out stay as they are; `null` clears `avatar` or `bio`. Answers `conflict`
/// when the e-mail address is taken. Tokens that were sent to the former address, for verification or
/// for another password, are removed with it.
#[host_fn(permission = "users:write", errors(not_found, conflict))]
pub fn db_update_user_profile(
    db: &mut DbConnection,
    clock: &Clock,
    caller: &Caller,
    Json(request): Json<UpdateUserProfileRequest>,
) -> Result<User, HostError> {
    let changes = ProfileChanges {
        name: request.name.into_column().map(Name::into_string),
        avatar: request.avatar.into_column().map(|avatar| avatar.map(Avatar::into_string)),
        bio: request.bio.into_column().map(|bio| bio.map(Bio::into_string)),
    };
    let email = request.email.into_column();
    if changes.is_empty() && email.is_none() {
        // Nothing was changed, so that `updated_at` does not say that something was.
        return db_get_user_by_uuid(db, caller, request.uuid)?.ok_or_else(no_such_user);
    }
    if let Some(email) = &email {
        remove_tokens_for_former_address(db, request.uuid, email)?;
    }
    let email = email.map(|email| {
        (
            users::email.eq(email.as_str().to_owned()),
            users::email_key.eq(email.key()),
            users::email_verified
                .eq(case_when(users::email.eq(email.to_string()), users::email_verified).otherwise(false)),
        )
    });
    let updated = on_backend!(db, |connection| {
        diesel::update(users::table.find(request.uuid))
            .set((changes, email, users::updated_at.eq(clock.now())))
            .returning(UserRow::as_returning())
            .keep_prepared()
            .get_result(connection)
    });
    match updated {
        // The one key that an update can run into: the UUID is not changed.
        Err(Error::DatabaseError(UniqueViolation, _)) => Err(email_taken()),
        updated => updated_user(updated, caller),
    }
}

/// A token that was sent to the former address would verify the new one, which its holder may not
/// own, or let whoever reads the former mailbox choose a password.
fn remove_tokens_for_former_address(db: &mut DbConnection, uuid: Uuid, email: &Email) -> QueryResult<()> {
    on_backend!(db, |connection| {
        let changing = || users::table.find(uuid).filter(users::email.ne(email.as_str())).select(users::uuid);
        let verification = email_verification_tokens::table;
        diesel::delete(verification.filter(email_verification_tokens::user_uuid.eq_any(changing())))
            .execute(connection)?;
        let reset = password_reset_tokens::table;
        diesel::delete(reset.filter(password_reset_tokens::user_uuid.eq_any(changing()))).execute(connection)?;
        Ok(())
    })
}

fn updated_user(updated: QueryResult<UserRow>, caller: &Caller) -> Result<User, HostError> {
    Ok(updated.optional()?.ok_or_else(no_such_user)?.seen_by(caller))
}

fn no_such_user() -> HostError {
    HostError::not_found("there is no user with this UUID").in_field("uuid")
}

fn email_taken() -> HostError {
    HostError::conflict("that e-mail address is taken").in_field("email")
}

#[cfg(test)]
mod tests;
