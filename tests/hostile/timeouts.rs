//! Calls that are over in time although the host or the database keeps them waiting.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use hostfn::HostError;
use hostfn_runtime::defence::Defence::{DatabaseDeadlines, WasiSleep};

use crate::harness::{
    case::{
        Case,
        Must::{self, BeLate, Fail, Output, Succeed},
        Outcome, defended, ensure, limited,
    },
    child::{ended, within},
    guest::{export, run},
    world::World,
};

/// By when a call must have ended that may take 300 milliseconds.
const SOON: Duration = Duration::from_millis(1500);

pub(crate) fn cases() -> Vec<Case> {
    let in_time = |name, what| {
        defended(name, what, DatabaseDeadlines)
            .limits(|limits| limits.timeout = Some(Duration::from_millis(300)))
            .ends_within(2500)
    };
    let for_long = |name, what| in_time(name, what).goes_on_without();
    let slow = [
        for_long("slow_reading", "makes the database read for seconds").call("read_slowly", "{}", BeLate),
        for_long("slow_writing", "makes the database write for seconds").call("write_slowly", "{}", BeLate),
        for_long("slow_transaction", "makes the database write for seconds in a transaction").call_atomic(
            "write_slowly",
            "{}",
            BeLate,
        ),
        for_long("slow_reading_transaction", "makes the database read for seconds in a transaction").call_atomic(
            "read_slowly",
            "{}",
            BeLate,
        ),
        in_time("late_commit", "writes, and is late before that is committed").call(
            "deface",
            r#"{"then": "sleep"}"#,
            BeLate,
        ),
    ];
    // By then whoever keeps the database has let it go; the call itself must have ended sooner.
    let waits = |name, what| in_time(name, what).ends_within(6000);
    let waiting = [
        waits("lock", "waits for a lock that somebody else has")
            .does(|world| beside(world, lock, |world| call(world, "deface", false, &BeLate))),
        waits("lock_in_a_transaction", "waits for a lock to begin a transaction")
            .does(|world| beside(world, lock, |world| call(world, "deface", true, &BeLate))),
        waits("connection", "waits for the one connection that writes")
            .does(|world| beside(world, writer, |world| call(world, "deface", false, &BeLate))),
        waits("connection_in_a_transaction", "waits for the one connection to begin a transaction")
            .does(|world| beside(world, writer, |world| call(world, "deface", true, &BeLate))),
    ];
    let sleeping = |name, what, clock: u8, body: &str| {
        defended(name, what, WasiSleep).text(sleeper(clock, body)).ends_within(1500)
    };
    let poll = "(drop (call $poll (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 200)))";
    let sleeping = [
        sleeping("wasi_sleep", "sleeps for seconds by WASI", 1, &run(poll)).runs(Output("")),
        sleeping("wasi_sleep_by_date", "sleeps for seconds by WASI's other clock", 0, &run(poll)).runs(Output("")),
        sleeping("wasi_sleep_in_a_transaction", "sleeps for seconds in a transaction", 1, &run(poll)).call_atomic(
            "run",
            "",
            Output(""),
        ),
        sleeping("wasi_sleep_after_a_good_call", "sleeps in its second call", 1, &(export("behave", "") + &run(poll)))
            .call("behave", "", Output(""))
            .runs(Output("")),
    ];
    let slow_function = limited(
        "slow_function",
        "goes on computing after a slow function",
        |limits| limits.timeout = Some(Duration::from_millis(300)),
        |limits| (limits.timeout, limits.fuel) = (Some(Duration::from_secs(20)), Some(1_000_000)),
    )
    .guest(run("(drop (call $think (call $input))) (loop $for_ever (br $for_ever))"))
    .call("run", r#"{"milliseconds": 600}"#, Fail("timed_out"))
    .ends_within(3000);
    slow.into_iter().chain(waiting).chain(sleeping).chain([slow_function]).collect()
}

fn call(world: &World<'_>, function: &str, is_atomic: bool, must: &Must) -> Outcome {
    let plugin = world.attacker()?;
    let started = Instant::now();
    let request = r#"{"then": "conflict"}"#;
    let called = if is_atomic { plugin.call_atomic(function, request) } else { plugin.call(function, request) };
    within(started, SOON)?;
    ended(must, called)
}

/// Attacks while somebody keeps the database, for a while that is longer than the call.
fn beside(world: &World<'_>, keep: fn(&World<'_>, &dyn Fn()) -> Outcome, attack: fn(&World<'_>) -> Outcome) -> Outcome {
    thread::scope(|scope| {
        let (kept, is_kept) = std::sync::mpsc::channel();
        let keeper = scope.spawn(move || {
            keep(world, &|| {
                let _ = kept.send(());
                thread::sleep(Duration::from_millis(2500));
            })
        });
        is_kept.recv_timeout(Duration::from_secs(5)).map_err(|error| error.to_string())?;
        let attacked = attack(world);
        keeper.join().map_err(|_| "who kept the database panicked".to_owned())??;
        attacked
    })?;
    // It is free again.
    let plugin = world.load_with("later", &crate::harness::case::Module::Forwarding, |_| {});
    ended(&Succeed, plugin.map_err(|error| error.to_string())?.call("touch", "{}"))
}

/// Keeps SQLite's lock, by a connection of another program's.
fn lock(world: &World<'_>, meanwhile: &dyn Fn()) -> Outcome {
    let mut other = SqliteConnection::establish(&world.file()).map_err(|error| error.to_string())?;
    other.batch_execute("BEGIN IMMEDIATE").map_err(|error| error.to_string())?;
    meanwhile();
    other.batch_execute("ROLLBACK").map_err(|error| error.to_string())
}

/// Keeps the host's one connection that writes.
fn writer(world: &World<'_>, meanwhile: &dyn Fn()) -> Outcome {
    let database = world.manager.database().ok_or("there is no database")?;
    let kept = database.write(|_| {
        meanwhile();
        Ok::<_, HostError>(())
    });
    ensure(kept.is_ok(), || format!("{kept:?}"))
}

/// A guest that can sleep for two and a half seconds.
fn sleeper(clock: u8, body: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "\{clock:02x}")
            (data (i32.const 24) "\00\f9\02\95")
            {body})"#
    )
}
