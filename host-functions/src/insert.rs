//! What becomes of an insert, said once for everything that belongs to a user.

use diesel::result::{DatabaseErrorKind, Error, QueryResult};
use hostfn::HostError;

/// The outcome of inserting a record that refers to a user by `user_uuid` and has a secret of its own
/// as its key, in the field of this name.
pub(crate) fn inserted_for_user(inserted: QueryResult<usize>, secret: &str) -> Result<(), HostError> {
    match inserted {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            let message = format!("this {secret} is taken: leave `{secret}` out to get one");
            Err(HostError::conflict(message).in_field(secret.to_owned()))
        }
        Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {
            Err(HostError::not_found("there is no user with this UUID").in_field("user_uuid"))
        }
        Err(error) => Err(error.into()),
    }
}
