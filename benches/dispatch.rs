//! What a host call costs: through `#[host_fn]`, through `extism::host_fn!` as it is usually written
//! (text in and out, the connection behind a mutex in `UserData`), and as a plain Rust call.
//!
//! `cargo bench --bench dispatch` measures each for itself and then side by side, in turns, and
//! prints the ratios. Those are what to go by: the times are this machine's of this moment.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion};
use diesel::{Connection, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};
use extism::{Manifest, UserData, ValType, Wasm};
use hostfn::{
    Caller, Clock, Database, EntropySource, Grants, HostResponse, Json, LimitChanges, Limits, Plugin, PluginManager,
    PluginOptions, Timestamp, Uuid,
    functions::{
        users::{CreateUserRequest, User, db_create_user, db_get_user_by_email},
        values::Email,
    },
    host_fn,
};
use serde::{Deserialize, Serialize};

hostfn::registry!();

const REQUEST: &str = r#"{"email": "ada@example.com"}"#;
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$RGb4QDWADbw8yrC1Hth+3A";

/// Says how long an address is: an operation that needs no database, so that the way there is seen.
#[host_fn(permission = "measure")]
fn measure(email: Email) -> Measured {
    Measured { length: email.as_str().len(), email }
}

#[derive(Serialize, schemars::JsonSchema)]
struct Measured {
    length: usize,
    email: Email,
}

fn main() {
    let fixture = Fixture::new();
    let mut criterion = Criterion::default().configure_from_args();
    for operation in [Operation::Measure, Operation::GetUser] {
        let mut group = criterion.benchmark_group(operation.name());
        group.bench_function("plain Rust", |bencher| bencher.iter(|| fixture.plain(operation)));
        for calls in [1, 100] {
            let mut ours = fixture.ours(operation, calls);
            group.bench_function(BenchmarkId::new("#[host_fn]", calls), |bencher| bencher.iter(&mut ours));
            for peer in operation.peers() {
                let mut theirs = fixture.peer(operation, *peer, calls);
                group.bench_function(BenchmarkId::new(peer.name(), calls), |bencher| bencher.iter(&mut theirs));
            }
        }
        group.finish();
    }
    criterion.final_summary();

    // Cargo says `--bench` when it measures, and not when it only tests that a benchmark runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("\nTime of #[host_fn] over that of another, medians of turns:");
    for operation in [Operation::Measure, Operation::GetUser] {
        for peer in operation.peers() {
            for calls in [1, 100] {
                let ratio = ratio(fixture.ours(operation, calls), fixture.peer(operation, *peer, calls));
                println!("  {:<20} over {:<15} at {calls:>3} host calls: {ratio:.2}", operation.name(), peer.name());
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Operation {
    Measure,
    GetUser,
}

/// How a hand-written host function reads the database.
#[derive(Clone, Copy)]
enum Peer {
    AsUsual,
    Tuned,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::AsUsual => "host_fn!",
            Self::Tuned => "host_fn!, tuned",
        }
    }
}

impl Operation {
    fn peers(self) -> &'static [Peer] {
        match self {
            Self::Measure => &[Peer::AsUsual],
            Self::GetUser => &[Peer::AsUsual, Peer::Tuned],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Measure => "measure",
            Self::GetUser => "db_get_user_by_email",
        }
    }
}

/// How much longer `ours` takes than `peer`. They take turns, so that what else the machine does
/// meets both.
fn ratio(mut ours: impl FnMut(), mut peer: impl FnMut()) -> f64 {
    const TURNS: usize = 201;
    const TURN: Duration = Duration::from_millis(5);
    let mut calls = 0_u32;
    let started = Instant::now();
    while started.elapsed() < TURN {
        peer();
        calls += 1;
    }
    let time = |body: &mut dyn FnMut()| {
        let started = Instant::now();
        (0..calls).for_each(|_| body());
        started.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<_> = (0..TURNS).map(|_| time(&mut ours) / time(&mut peer)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[TURNS / 2]
}

/// One database with one user, and a guest that makes so many host calls a plugin call.
struct Fixture {
    _folder: tempfile::TempDir,
    file: String,
    manager: PluginManager,
    caller: Caller,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("bench.db").display().to_string();
        let database = Database::open(&format!("sqlite://{file}")).expect("the database opens");
        let manager = PluginManager::builder()
            .functions(hostfn::functions::registry())
            .functions(registry())
            .database(database.clone())
            .build()
            .expect("the host is built");
        let call_id = hostfn::CallId::default();
        let caller = Caller::new("bench", Grants::all(), call_id);
        let request: CreateUserRequest = serde_json::from_value(
            serde_json::json!({"name": "Ada Lovelace", "email": "ada@example.com", "password_hash": HASH}),
        )
        .expect("the request is one");
        let entropy = EntropySource::system().for_call("bench", "db_create_user", b"");
        database
            .write(|db| db_create_user(db, &Clock::system(), &entropy, &caller, Json(request)))
            .expect("the user is created");
        Self { _folder: folder, file, manager, caller }
    }

    /// The operation as Rust calls it, with its JSON, and with nothing of WebAssembly.
    fn plain(&self, operation: Operation) {
        let Request { email } = serde_json::from_str(REQUEST).expect("the request is one");
        match operation {
            Operation::Measure => black_box(answer(&measure(email))),
            Operation::GetUser => {
                let database = self.manager.database().expect("the host has one");
                let user = database.read(|db| db_get_user_by_email(db, &self.caller, email));
                black_box(answer(&user.expect("the database answers")))
            }
        };
    }

    fn ours(&self, operation: Operation, calls: u32) -> impl FnMut() {
        let grants = Grants::of(["users:read", "measure"]).expect("they are permissions");
        // As fast as it goes, and not as fast as it may.
        let limits = LimitChanges { host_calls_per_second: Some(u32::MAX), ..LimitChanges::default() };
        let options = PluginOptions::from(grants).limits(limits);
        let plugin: Plugin = self.manager.load("bench", &guest(operation, calls), options).expect("the guest loads");
        move || {
            black_box(plugin.call("run", REQUEST).expect("the guest runs"));
        }
    }

    fn peer(&self, operation: Operation, peer: Peer, calls: u32) -> impl FnMut() {
        let get_user = match peer {
            Peer::AsUsual => peer_get_user,
            Peer::Tuned => peer_get_user_tuned,
        };
        let connection = UserData::new(SqliteConnection::establish(&self.file).expect("the database opens"));
        // The bounds that ours has: a timer, fuel and a limit cost the same whoever wrote the host function.
        let manifest = Manifest::new([Wasm::data(guest(operation, calls))])
            .with_timeout(Duration::from_secs(30))
            .with_memory_max(1024);
        let mut plugin = extism::PluginBuilder::new(manifest)
            .with_fuel_limit(Limits::default().fuel)
            .with_function("measure", [ValType::I64], [ValType::I64], UserData::new(()), peer_measure)
            .with_function("db_get_user_by_email", [ValType::I64], [ValType::I64], connection, get_user)
            .build()
            .expect("the guest loads");
        move || {
            black_box(plugin.call::<&str, Vec<u8>>("run", REQUEST).expect("the guest runs"));
        }
    }
}

/// A guest that makes so many calls with its input, gives each answer back, and outputs nothing.
fn guest(operation: Operation, calls: u32) -> Vec<u8> {
    let name = operation.name();
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

fn answer<T: Serialize>(data: &T) -> String {
    serde_json::to_string(&HostResponse::Success(data)).expect("the answer is JSON")
}

extism::host_fn!(peer_measure(user_data: (); request: String) -> String {
    let Request { email } = serde_json::from_str(&request)?;
    Ok(answer(&measure(email)))
});

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

// As diesel's guide reads one row. `.first()` adds a LIMIT, with which SQLite compiles the statement
// anew each time.
extism::host_fn!(peer_get_user(user_data: SqliteConnection; request: String) -> String {
    let Request { email } = serde_json::from_str(&request)?;
    let connection = user_data.get()?;
    let mut connection = connection.lock().map_err(|_| extism::Error::msg("the lock is poisoned"))?;
    let query = users::table.filter(users::email_key.eq(email.key())).select(columns!());
    let found: Option<Row> = query.first(&mut *connection).optional()?;
    Ok(answer(&found.map(user)))
});

// As somebody writes it who knows that, and without a transaction.
extism::host_fn!(peer_get_user_tuned(user_data: SqliteConnection; request: String) -> String {
    let Request { email } = serde_json::from_str(&request)?;
    let connection = user_data.get()?;
    let mut connection = connection.lock().map_err(|_| extism::Error::msg("the lock is poisoned"))?;
    let query = users::table.filter(users::email_key.eq(email.key())).select(columns!());
    let found: Option<Row> = query.get_result(&mut *connection).optional()?;
    Ok(answer(&found.map(user)))
});
