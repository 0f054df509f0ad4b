//! What calling a host function as plain Rust takes.

use hostfn::{
    CallId, Caller, Clock, Database, DbConnection, Entropy, EntropySource, ErrorCode, Grants, HostError, Json, Secret,
    Uuid,
};

use crate::{
    users::{CreateUserRequest, User, db_create_user},
    values::{Token, TtlSeconds},
};

/// A hash of `correct horse` with as little work as argon2 takes, so that tests are quick.
pub(crate) const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";

pub(crate) struct Fixture {
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    entropy: EntropySource,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let database = Database::open("sqlite::memory:").unwrap();
        let registry = crate::registry();
        database.migrate(registry.owner(), registry.migrations().unwrap()).unwrap();
        let clock = Clock::fixed("2026-01-02T03:04:05Z".parse().unwrap());
        Self { database, clock, entropy: EntropySource::seeded(1) }
    }

    pub(crate) fn entropy(&self) -> Entropy {
        self.entropy.for_call("test", "test", b"")
    }

    pub(crate) fn write<T>(
        &self,
        call: impl FnOnce(&mut DbConnection) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        self.database.write(call)
    }

    pub(crate) fn read<T>(&self, call: impl FnOnce(&mut DbConnection) -> Result<T, HostError>) -> T {
        self.database.read(call).unwrap()
    }

    pub(crate) fn create_user(&self, email: &str) -> Result<User, HostError> {
        self.create(request(email))
    }

    pub(crate) fn create(&self, request: CreateUserRequest) -> Result<User, HostError> {
        self.write(|db| db_create_user(db, &self.clock, &self.entropy(), &caller(Grants::none()), Json(request)))
    }

    /// A user with nothing but a UUID that tests care about.
    pub(crate) fn user(&self) -> Uuid {
        self.create_user("ada@example.com").unwrap().uuid
    }
}

pub(crate) fn request(email: &str) -> CreateUserRequest {
    CreateUserRequest {
        name: "Ada".to_owned().try_into().unwrap(),
        email: email.parse().unwrap(),
        password_hash: Secret::new(HASH).try_into().unwrap(),
        uuid: None,
    }
}

pub(crate) fn caller(grants: Grants) -> Caller {
    Caller::new("test", grants, CallId::default())
}

pub(crate) fn seconds(seconds: u32) -> TtlSeconds {
    seconds.try_into().unwrap()
}

pub(crate) fn token(text: &str) -> Token {
    Secret::new(text).try_into().unwrap()
}

pub(crate) fn nobody() -> Uuid {
    "ffffffff-ffff-4fff-bfff-ffffffffffff".parse().unwrap()
}

/// The code and the field of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, HostError>) -> (ErrorCode, Option<String>) {
    let error = result.unwrap_err();
    (error.code(), error.field().map(str::to_owned))
}
