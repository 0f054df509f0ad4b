//! A call, as it is drawn and as it is sent.

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::{
    accounts::Accounts,
    values::{ADDRESSES, HASHES, LIFETIMES, NAMES, TEXTS, TOKENS, UUIDS},
};

/// What comes of a call: data, or the code and the field of an error.
pub(super) type Expected = Result<Value, Value>;

/// One of the built-in functions with its arguments, or time that passes.
#[derive(Clone, Debug)]
pub(super) enum Call {
    CreateUser { name: &'static str, address: usize, hash: &'static str, uuid: Option<&'static str> },
    UserByEmail { address: usize },
    UserByUuid { user: User },
    Password { user: User, hash: &'static str },
    EmailVerified { user: User, verified: bool },
    Profile { user: User, name: Option<&'static str>, address: Option<usize>, avatar: Change, bio: Change },
    Create { kind: Kind, user: User, lifetime: u32, secret: Option<&'static str> },
    Get { kind: Kind, secret: Secret },
    Delete { kind: Kind, secret: Secret },
    DeleteOfUser { kind: Kind, user: User },
    CleanUpSessions,
    Refused { function: &'static str, request: &'static str, field: Option<&'static str> },
    Wait { seconds: u32 },
}

/// A user: by a UUID that a guest may have brought, or one of those that are there.
#[derive(Clone, Copy, Debug)]
pub(super) enum User {
    Brought(&'static str),
    Present(usize),
}

/// A session id or a token: one that a guest may have brought, or one of those that the host made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Secret {
    Brought(&'static str),
    Made(usize),
}

/// A field that is left out, null, or there.
pub(super) type Change = Option<Option<&'static str>>;

/// What belongs to a user and expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Session,
    EmailVerification,
    PasswordReset,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Session, Self::EmailVerification, Self::PasswordReset];

    /// The field in which its secret is.
    pub(super) const fn secret(self) -> &'static str {
        if matches!(self, Self::Session) { "id" } else { "token" }
    }

    /// The table that it is in.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Session => "sessions",
            Self::EmailVerification => "email_verification_tokens",
            Self::PasswordReset => "password_reset_tokens",
        }
    }
}

/// Requests that no function takes. Refused by whoever reads them, before any database.
const REFUSED: [(&str, &str, Option<&str>); 10] = [
    ("db_create_user", r#"{"name": "Ada", "email": "ada", "password_hash": "$2b$"}"#, Some("email")),
    ("db_create_user", r#"{"name": "Ada", "email": "ada@example.com"}"#, Some("password_hash")),
    ("db_get_user_by_email", r#"{"email": null}"#, Some("email")),
    ("db_get_user_by_uuid", r#"{"uuid": "67e55044"}"#, Some("uuid")),
    ("db_update_user_profile", r#"{"uuid": "67e55044-10b1-426f-9247-bb680e5fe0c8", "name": null}"#, Some("name")),
    (
        "db_create_session",
        r#"{"user_uuid": "67e55044-10b1-426f-9247-bb680e5fe0c8", "ttl_seconds": 0}"#,
        Some("ttl_seconds"),
    ),
    ("db_get_session", r#"{"id": "too-short"}"#, Some("id")),
    ("db_delete_session", r#"{"id": "a-token-of-a-guest", "force": true}"#, Some("force")),
    ("db_delete_password_reset_token", r#"["a-token-of-a-guest"]"#, None),
    ("db_cleanup_expired_sessions", r#"{"all": 1}"#, Some("all")),
];

/// Any call. Users are made more often than one call in thirteen, so that there are some.
pub(super) fn call() -> impl Strategy<Value = Call> {
    let address = || 0..ADDRESSES.len();
    let hash = || select(&HASHES[..]);
    let secret = || prop_oneof![select(&TOKENS[..]).prop_map(Secret::Brought), any::<usize>().prop_map(Secret::Made)];
    let change = || proptest::option::of(proptest::option::of(select(&TEXTS[..])));
    let kind = || select(&Kind::ALL[..]);
    let refused =
        select(&REFUSED[..]).prop_map(|(function, request, field)| Call::Refused { function, request, field });
    prop_oneof![
        5 => (select(&NAMES[..]), address(), hash(), proptest::option::of(select(&UUIDS[..])))
            .prop_map(|(name, address, hash, uuid)| Call::CreateUser { name, address, hash, uuid }),
        1 => address().prop_map(|address| Call::UserByEmail { address }),
        1 => user().prop_map(|user| Call::UserByUuid { user }),
        1 => (user(), hash()).prop_map(|(user, hash)| Call::Password { user, hash }),
        2 => (user(), any::<bool>()).prop_map(|(user, verified)| Call::EmailVerified { user, verified }),
        3 => (user(), proptest::option::of(select(&NAMES[..])), proptest::option::of(address()), change(), change())
            .prop_map(|(user, name, address, avatar, bio)| Call::Profile { user, name, address, avatar, bio }),
        6 => (kind(), user(), select(&LIFETIMES[..]), proptest::option::of(select(&TOKENS[..])))
            .prop_map(|(kind, user, lifetime, secret)| Call::Create { kind, user, lifetime, secret }),
        4 => (kind(), secret()).prop_map(|(kind, secret)| Call::Get { kind, secret }),
        2 => (kind(), secret()).prop_map(|(kind, secret)| Call::Delete { kind, secret }),
        1 => (select(&[Kind::Session, Kind::PasswordReset][..]), user())
            .prop_map(|(kind, user)| Call::DeleteOfUser { kind, user }),
        1 => Just(Call::CleanUpSessions),
        1 => refused,
        3 => (select(&LIFETIMES[..3]), 0..2_u32).prop_map(|(seconds, less)| Call::Wait { seconds: seconds - less }),
    ]
}

fn user() -> impl Strategy<Value = User> {
    prop_oneof![
        1 => select(&UUIDS[..]).prop_map(User::Brought),
        3 => any::<usize>().prop_map(User::Present),
    ]
}

impl Call {
    /// The function, and what it is sent.
    pub(super) fn request(&self, model: &Accounts) -> (&'static str, Value) {
        let uuid = |user: &User| Value::from(model.uuid(*user));
        match self {
            Self::CreateUser { name, address, hash, uuid } => {
                let request = json!({"name": name, "email": ADDRESSES[*address].text, "password_hash": hash});
                ("db_create_user", with(request, [("uuid", uuid.map(Value::from))]))
            }
            Self::UserByEmail { address } => ("db_get_user_by_email", json!({"email": ADDRESSES[*address].text})),
            Self::UserByUuid { user } => ("db_get_user_by_uuid", json!({"uuid": uuid(user)})),
            Self::Password { user, hash } => {
                ("db_update_user_password", json!({"uuid": uuid(user), "password_hash": hash}))
            }
            Self::EmailVerified { user, verified } => {
                ("db_update_user_email_verified", json!({"uuid": uuid(user), "verified": verified}))
            }
            Self::Profile { user, name, address, avatar, bio } => {
                let members = [
                    ("name", name.map(Value::from)),
                    ("email", address.map(|address| ADDRESSES[address].text.into())),
                    ("avatar", avatar.map(Value::from)),
                    ("bio", bio.map(Value::from)),
                ];
                ("db_update_user_profile", with(json!({"uuid": uuid(user)}), members))
            }
            Self::Create { kind, user, lifetime, secret } => {
                let request = json!({"user_uuid": uuid(user), "ttl_seconds": lifetime});
                let function = match kind {
                    Kind::Session => "db_create_session",
                    Kind::EmailVerification => "db_create_email_verification_token",
                    Kind::PasswordReset => "db_create_password_reset_token",
                };
                (function, with(request, [(kind.secret(), secret.map(Value::from))]))
            }
            Self::Get { kind, secret } => {
                let function = match kind {
                    Kind::Session => "db_get_session",
                    Kind::EmailVerification => "db_get_email_verification_token",
                    Kind::PasswordReset => "db_get_password_reset_token",
                };
                (function, json!({kind.secret(): model.secret(*kind, *secret)}))
            }
            Self::Delete { kind, secret } => {
                let function = match kind {
                    Kind::Session => "db_delete_session",
                    Kind::EmailVerification => "db_delete_email_verification_token",
                    Kind::PasswordReset => "db_delete_password_reset_token",
                };
                (function, json!({kind.secret(): model.secret(*kind, *secret)}))
            }
            Self::DeleteOfUser { kind: Kind::Session, user } => {
                ("db_delete_user_sessions", json!({"user_uuid": uuid(user)}))
            }
            Self::DeleteOfUser { user, .. } => {
                ("db_delete_user_password_reset_tokens", json!({"user_uuid": uuid(user)}))
            }
            Self::CleanUpSessions => ("db_cleanup_expired_sessions", json!({})),
            Self::Refused { function, request, .. } => {
                (function, serde_json::from_str(request).expect("the table has JSON"))
            }
            Self::Wait { .. } => unreachable!("nobody is asked to wait"),
        }
    }
}

/// A request with those members that are there.
fn with<const N: usize>(mut request: Value, members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter().filter_map(|(name, member)| Some((name.to_owned(), member?)));
    if let Some(request) = request.as_object_mut() {
        request.extend(members.collect::<Map<_, _>>());
    }
    request
}
