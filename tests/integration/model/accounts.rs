//! Users and what belongs to them, in lists.

use hostfn::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    call::{Call, Change, Expected, Kind, Secret, User},
    values::{ADDRESSES, Address},
};

/// What the functions are to do, said without a database.
pub(super) struct Accounts {
    now: Timestamp,
    users: Vec<Account>,
    records: Vec<Record>,
}

struct Account {
    uuid: String,
    name: &'static str,
    address: &'static Address,
    email_verified: bool,
    hash: &'static str,
    avatar: Option<&'static str>,
    bio: Option<&'static str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

struct Record {
    kind: Kind,
    secret: String,
    user: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl Accounts {
    /// Nobody is there yet.
    pub(super) fn new() -> Self {
        let now = "2026-01-02T03:04:05Z".parse().expect("it is a time");
        Self { now, users: Vec::new(), records: Vec::new() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn wait(&mut self, seconds: u32) {
        self.now = self.now.plus_seconds(seconds);
    }

    /// The UUID that a call names.
    pub(super) fn uuid(&self, user: User) -> String {
        match user {
            User::Present(place) if !self.users.is_empty() => self.users[place % self.users.len()].uuid.clone(),
            User::Brought(uuid) => uuid.to_owned(),
            User::Present(_) => "ffffffff-ffff-4fff-bfff-ffffffffffff".to_owned(),
        }
    }

    /// The session id or the token that a call names.
    pub(super) fn secret(&self, kind: Kind, secret: Secret) -> String {
        let made: Vec<_> = self.records.iter().filter(|record| record.kind == kind).collect();
        match secret {
            Secret::Made(place) if !made.is_empty() => made[place % made.len()].secret.clone(),
            Secret::Brought(secret) => secret.to_owned(),
            Secret::Made(_) => "nobody-has-this-one".to_owned(),
        }
    }

    /// Does what a call asks for, and says what it is to be answered. What only a host can make up is taken from the
    /// data that it answered.
    pub(super) fn answer(&mut self, call: &Call, data: &Value) -> Expected {
        match *call {
            Call::CreateUser { name, address, hash, uuid } => self.create_user(name, address, hash, uuid, data),
            Call::UserByEmail { address } => {
                let found = self.users.iter().find(|user| user.address.key == ADDRESSES[address].key);
                Ok(found.map_or(Value::Null, Account::data))
            }
            Call::UserByUuid { user } => Ok(self.user(user).map_or(Value::Null, |user| user.data())),
            Call::Password { user, hash } => self.update(user, |user| user.hash = hash),
            Call::EmailVerified { user, verified } => self.update(user, |user| user.email_verified = verified),
            Call::Profile { user, name, address, avatar, bio } => self.profile(user, name, address, avatar, bio),
            Call::Create { kind, user, lifetime, secret } => self.create(kind, user, lifetime, secret, data),
            Call::Get { kind, secret } => {
                let secret = self.secret(kind, secret);
                let found = self.records.iter().find(|record| record.kind == kind && record.secret == secret);
                let found = found.filter(|record| record.expires_at.microseconds() > self.now.microseconds());
                Ok(found.map_or(Value::Null, Record::data))
            }
            Call::Delete { kind, secret } => {
                let secret = self.secret(kind, secret);
                Ok(self.remove(|record, _| record.kind == kind && record.secret == secret))
            }
            Call::DeleteOfUser { kind, user } => {
                let user = self.uuid(user);
                Ok(self.remove(|record, _| record.kind == kind && record.user == user))
            }
            Call::CleanUpSessions => Ok(self.remove(|record, now| {
                record.kind == Kind::Session && record.expires_at.microseconds() <= now.microseconds()
            })),
            Call::Refused { field, .. } => Err(json!(["invalid_request", field])),
            Call::Wait { .. } => unreachable!("nobody is asked to wait"),
        }
    }

    /// All that is to be stored, as tables show it, each in the order of its key.
    pub(super) fn rows(&self) -> Vec<(&'static str, Value)> {
        let mut users: Vec<_> = self.users.iter().collect();
        users.sort_by_key(|user| &user.uuid);
        let tables = Kind::ALL.map(|kind| {
            let mut rows: Vec<_> = self.records.iter().filter(|record| record.kind == kind).map(Record::row).collect();
            rows.sort_by_key(|row| row[&*format!("{}_sha256", kind.secret())].to_string());
            (kind.table(), rows.into())
        });
        [("users", users.into_iter().map(Account::row).collect())].into_iter().chain(tables).collect()
    }

    fn user(&mut self, user: User) -> Option<&mut Account> {
        let uuid = self.uuid(user);
        self.users.iter_mut().find(|user| user.uuid == uuid)
    }

    fn create_user(
        &mut self,
        name: &'static str,
        address: usize,
        hash: &'static str,
        uuid: Option<&str>,
        data: &Value,
    ) -> Expected {
        let address = &ADDRESSES[address];
        if self.users.iter().any(|user| user.address.key == address.key) {
            return Err(json!(["conflict", "email"]));
        }
        if self.users.iter().any(|user| Some(&*user.uuid) == uuid) {
            return Err(json!(["conflict", "uuid"]));
        }
        let uuid = uuid.map_or_else(|| made(data, "uuid", 36), str::to_owned);
        let (avatar, bio, now) = (None, None, self.now);
        let user =
            Account { uuid, name, address, email_verified: false, hash, avatar, bio, created_at: now, updated_at: now };
        let data = user.data();
        self.users.push(user);
        Ok(data)
    }

    fn update(&mut self, user: User, change: impl FnOnce(&mut Account)) -> Expected {
        let now = self.now;
        let Some(user) = self.user(user) else { return Err(json!(["not_found", "uuid"])) };
        change(user);
        user.updated_at = now;
        Ok(user.data())
    }

    fn profile(
        &mut self,
        whose: User,
        name: Option<&'static str>,
        address: Option<usize>,
        avatar: Change,
        bio: Change,
    ) -> Expected {
        let Some(user) = self.user(whose) else { return Err(json!(["not_found", "uuid"])) };
        if name.is_none() && address.is_none() && avatar.is_none() && bio.is_none() {
            return Ok(user.data());
        }
        let uuid = user.uuid.clone();
        let moves = address.map(|address| &ADDRESSES[address]).filter(|address| address.text != user.address.text);
        if let Some(address) = moves {
            if self.users.iter().any(|user| user.uuid != uuid && user.address.key == address.key) {
                return Err(json!(["conflict", "email"]));
            }
            self.records.retain(|record| record.kind == Kind::Session || record.user != uuid);
        }
        self.update(whose, |user| {
            user.name = name.unwrap_or(user.name);
            user.avatar = avatar.unwrap_or(user.avatar);
            user.bio = bio.unwrap_or(user.bio);
            if let Some(address) = moves {
                (user.address, user.email_verified) = (address, false);
            }
        })
    }

    fn create(&mut self, kind: Kind, user: User, lifetime: u32, secret: Option<&str>, data: &Value) -> Expected {
        if self.records.iter().any(|record| record.kind == kind && Some(&*record.secret) == secret) {
            return Err(json!(["conflict", kind.secret()]));
        }
        let Some(user) = self.user(user).map(|user| user.uuid.clone()) else {
            return Err(json!(["not_found", "user_uuid"]));
        };
        let secret = secret.map_or_else(|| made(data, kind.secret(), 43), str::to_owned);
        let (created_at, expires_at) = (self.now, self.now.plus_seconds(lifetime));
        let record = Record { kind, secret, user, created_at, expires_at };
        let data = record.data();
        self.records.push(record);
        Ok(data)
    }

    fn remove(&mut self, goes: impl Fn(&Record, Timestamp) -> bool) -> Value {
        let before = self.records.len();
        self.records.retain(|record| !goes(record, self.now));
        json!({"deleted": before - self.records.len()})
    }
}

/// What the host made up, which has a length and is no other's by chance.
fn made(data: &Value, member: &str, length: usize) -> String {
    let made = data[member].as_str().unwrap_or_default().to_owned();
    assert_eq!(made.len(), length, "`{member}` that the host made: {made:?}");
    made
}

impl Account {
    fn data(&self) -> Value {
        json!({
            "uuid": self.uuid, "name": self.name, "email": self.address.text, "email_verified": self.email_verified,
            "avatar": self.avatar, "bio": self.bio, "created_at": self.created_at, "updated_at": self.updated_at,
            "password_hash": self.hash,
        })
    }

    fn row(&self) -> Value {
        let mut row = self.data();
        row["email_key"] = self.address.key.into();
        row["email_verified"] = u8::from(self.email_verified).into();
        row
    }
}

impl Record {
    fn data(&self) -> Value {
        json!({
            self.kind.secret(): self.secret, "user_uuid": self.user, "created_at": self.created_at,
            "expires_at": self.expires_at,
        })
    }

    fn row(&self) -> Value {
        let hash = Sha256::digest(&self.secret).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let sha256 = format!("{}_sha256", self.kind.secret());
        json!({
            sha256: hash, "user_uuid": self.user, "created_at": self.created_at, "expires_at": self.expires_at,
        })
    }
}
