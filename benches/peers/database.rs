//! Reading a user by e-mail address, and writing several rows, through a plugin.

use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};
use extism::{UserData, ValType};
use hostfn::{
    Caller, Clock, Database, EntropySource, Grants, Json, Plugin, PluginManager, Timestamp, Uuid,
    functions::{
        users::{CreateUserRequest, User, db_create_user},
        values::Email,
    },
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    boundary::{answer, options, peer},
    turns::{Comparison, Work, each},
};

const REQUEST: &str = r#"{"email": "ada@example.com"}"#;
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";
/// How many host calls a plugin call makes.
const CALLS: u32 = 100;

/// Databases with one user: one that other processes may open too, as the peer does, and one that they may not.
pub(crate) struct Users {
    folder: tempfile::TempDir,
    shared: Host,
    alone: Host,
}

struct Host {
    manager: PluginManager,
    user: Uuid,
}

impl Host {
    fn new(folder: &tempfile::TempDir, name: &str, option: &str) -> Self {
        let file = folder.path().join(name).display().to_string();
        let database = Database::open(&format!("sqlite://{file}{option}")).expect("the database opens");
        let manager = PluginManager::builder()
            .functions(hostfn::functions::registry())
            .database(database.clone())
            .build()
            .expect("the host lacks nothing");
        let caller = Caller::new("bench", Grants::all(), hostfn::CallId::default());
        let request: CreateUserRequest =
            serde_json::from_value(json!({"name": "Ada Lovelace", "email": "ada@example.com", "password_hash": HASH}))
                .expect("the request is one");
        let entropy = EntropySource::system().for_call("bench", "db_create_user", b"");
        let user = database
            .write(|db| db_create_user(db, &Clock::system(), &entropy, &caller, Json(request)))
            .expect("the user is created");
        Self { manager, user: user.uuid }
    }

    /// The built-in function, called by a guest.
    fn get_user(&self) -> Box<dyn FnMut() + Send> {
        let plugin = self.manager.load("bench", &guest("db_get_user_by_email", CALLS), options()).expect("it loads");
        Box::new(move || {
            black_box(plugin.call("run", REQUEST).expect("the guest runs"));
        })
    }
}

impl Users {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (shared, alone) = (Host::new(&folder, "bench.db", ""), Host::new(&folder, "alone.db", "?processes=one"));
        Self { folder, shared, alone }
    }

    pub(crate) fn comparisons(&self) -> impl Iterator<Item = Comparison<'_>> {
        let parts = f64::from(CALLS);
        let (plain, atomic) = (self.writes(Plugin::call), self.writes(Plugin::call_atomic));
        let usual = |id, host: &Host| Comparison {
            id,
            ours: on_threads(vec![host.get_user()]),
            theirs: on_threads(vec![self.theirs(self.connection())]),
            parts,
        };
        let on_two = |id, host: &Host| {
            let connection = self.connection();
            Comparison {
                id,
                ours: on_threads(vec![host.get_user(), host.get_user()]),
                theirs: on_threads(vec![self.theirs(connection.clone()), self.theirs(connection)]),
                parts: 2.0 * parts,
            }
        };
        let diesel =
            |id, host: &Host| Comparison { id, ours: on_threads(vec![host.get_user()]), theirs: self.diesel(), parts };
        [
            usual("get_user/as usual", &self.shared),
            on_two("get_user/as usual, 2 threads", &self.shared),
            diesel("get_user/diesel alone", &self.shared),
            usual("get_user/processes=one", &self.alone),
            on_two("get_user/processes=one, 2 threads", &self.alone),
            diesel("get_user/processes=one, diesel alone", &self.alone),
            Comparison { id: "write/4 rows, atomic", ours: atomic, theirs: plain, parts: 1.0 },
        ]
        .into_iter()
    }

    fn connection(&self) -> UserData<SqliteConnection> {
        UserData::new(self.connect())
    }

    fn connect(&self) -> SqliteConnection {
        let file = self.folder.path().join("bench.db").display().to_string();
        SqliteConnection::establish(&file).expect("the database opens")
    }

    /// As it is usually written, called by the same guest: a connection behind a lock, and diesel's way to read one row.
    fn theirs(&self, connection: UserData<SqliteConnection>) -> Box<dyn FnMut() + Send> {
        let mut plugin = peer(&guest("db_get_user_by_email", CALLS))
            .with_function("db_get_user_by_email", [ValType::I64], [ValType::I64], connection, peer_get_user)
            .build()
            .expect("it loads");
        Box::new(move || {
            black_box(plugin.call::<&str, Vec<u8>>("run", REQUEST).expect("the guest runs"));
        })
    }

    /// The same query and its JSON, with nothing of WebAssembly, of a host or of a pool.
    fn diesel(&self) -> Work<'_> {
        let mut connection = self.connect();
        each(move || {
            for _ in 0..CALLS {
                let Request { email } = serde_json::from_str(black_box(REQUEST)).expect("the request is one");
                let query = users::table.filter(users::email_key.eq(email.key())).select(columns!());
                let found: Option<Row> = query.get_result(&mut connection).optional().expect("the database answers");
                black_box(answer(&found.map(user)));
            }
        })
    }

    /// A plugin call that writes four rows, each acknowledged write on the disk.
    fn writes(&self, call: fn(&Plugin, &str, String) -> Result<Vec<u8>, hostfn::CallError>) -> Work<'_> {
        let plugin = self.shared.manager.load("bench", &guest("db_create_session", 4), options()).expect("it loads");
        let request = json!({"user_uuid": self.shared.user, "ttl_seconds": 60}).to_string();
        each(move || {
            black_box(call(&plugin, "run", request.clone()).expect("the guest runs"));
        })
    }
}

/// Each on a thread of its own, until all are done.
fn on_threads<'a>(mut bodies: Vec<Box<dyn FnMut() + Send>>) -> Work<'a> {
    Box::new(move |times| {
        let started = Instant::now();
        if let [body] = bodies.as_mut_slice() {
            (0..times).for_each(|_| body());
        } else {
            thread::scope(|scope| {
                for body in &mut bodies {
                    scope.spawn(move || (0..times).for_each(|_| body()));
                }
            });
        }
        Duration::max(started.elapsed(), Duration::from_nanos(1))
    })
}

/// A guest that makes so many calls with its input, gives each answer back, and outputs nothing.
fn guest(name: &str, calls: u32) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (import "extism:host/env" "input_offset" (func $input (result i64)))
            (import "extism:host/env" "free" (func $free (param i64)))
            (import "extism:host/user" "{name}" (func $call (param i64) (result i64)))
            (func (export "run") (result i32)
                (local $left i32)
                (local.set $left (i32.const {calls}))
                (loop $again
                    (call $free (call $call (call $input)))
                    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
                (i32.const 0)))"#
    ))
    .expect("the guest is WebAssembly")
}

#[derive(Deserialize)]
struct Request {
    email: Email,
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use hostfn::sql_types::{Timestamp, Uuid};

    users (uuid) {
        uuid -> Uuid,
        name -> Text,
        email -> Text,
        email_key -> Text,
        email_verified -> Bool,
        password_hash -> Text,
        avatar -> Nullable<Text>,
        bio -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

/// The columns that the built-in function reads.
type Row = (Uuid, String, String, bool, String, Option<String>, Option<String>, Timestamp, Timestamp);

fn user(row: Row) -> User {
    let (uuid, name, email, email_verified, _password_hash, avatar, bio, created_at, updated_at) = row;
    User { uuid, name, email, email_verified, avatar, bio, created_at, updated_at, password_hash: None }
}

macro_rules! columns {
    () => {
        (
            users::uuid,
            users::name,
            users::email,
            users::email_verified,
            users::password_hash,
            users::avatar,
            users::bio,
            users::created_at,
            users::updated_at,
        )
    };
}
use columns;

// As diesel's guide reads one row. `.first()` adds a LIMIT, with which SQLite compiles the statement
// anew each time.
extism::host_fn!(peer_get_user(connection: SqliteConnection; request: String) -> String {
    let Request { email } = serde_json::from_str(&request)?;
    let connection = connection.get()?;
    let mut connection = connection.lock().map_err(|_| extism::Error::msg("the lock is poisoned"))?;
    let query = users::table.filter(users::email_key.eq(email.key())).select(columns!());
    let found: Option<Row> = query.first(&mut *connection).optional()?;
    Ok(answer(&found.map(user)))
});
