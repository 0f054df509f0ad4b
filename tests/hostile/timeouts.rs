//! Calls that are over in time although the host or the database keeps them waiting.

use std::{sync::mpsc, thread, time::Duration};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use hostfn::{ErrorCode, HostError};
use hostfn_runtime::defence::Defence::{DatabaseDeadlines, WasiSleep};

use crate::harness::{
    case::{
        Case,
        Must::{self, BeLate, Fail, Output, Succeed},
        Outcome, defended, ensure, limited,
    },
    child::ended,
    guest::{export, run},
    world::World,
};

pub(crate) fn cases() -> Vec<Case> {
    let in_time = |name, what| {
        defended(name, what, DatabaseDeadlines).limits(|limits| limits.timeout = Some(Duration::from_millis(300)))
    };
    let for_long = |name, what| in_time(name, what).goes_on_without();
    let slow = [
        for_long("slow_reading", "makes the database read for minutes").call("read_slowly", "{}", BeLate),
        for_long("slow_writing", "makes the database write for minutes").call("write_slowly", "{}", BeLate),
        for_long("slow_transaction", "makes the database write for minutes in a transaction").call_atomic(
            "write_slowly",
            "{}",
            BeLate,
        ),
        for_long("slow_reading_transaction", "makes the database read for minutes in a transaction").call_atomic(
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
    let waiting = [
        in_time("lock", "waits for a lock that somebody else has")
            .does(|world| beside(world, lock, |world| call(world, "deface", false, &BeLate))),
        in_time("lock_in_a_transaction", "waits for a lock to begin a transaction")
            .does(|world| beside(world, lock, |world| call(world, "deface", true, &BeLate))),
        in_time("connection", "waits for the one connection that writes")
            .does(|world| beside(world, writer, |world| call(world, "deface", false, &BeLate))),
        in_time("connection_in_a_transaction", "waits for the one connection to begin a transaction")
            .does(|world| beside(world, writer, |world| call(world, "deface", true, &BeLate))),
    ];
    let sleeping = |name, what, clock: u8, body: &str| {
        defended(name, what, WasiSleep).text(sleeper(clock, body)).goes_on_without()
    };
    let poll = "(drop (call $poll (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 200)))";
    let sleeping = [
        sleeping("wasi_sleep", "sleeps for an hour by WASI", 1, &run(poll)).runs(Output("")),
        sleeping("wasi_sleep_by_date", "sleeps for an hour by WASI's other clock", 0, &run(poll)).runs(Output("")),
        sleeping("wasi_sleep_in_a_transaction", "sleeps for an hour in a transaction", 1, &run(poll)).call_atomic(
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
        |limits| (limits.timeout, limits.fuel) = (Some(Duration::from_secs(600)), Some(1_000_000)),
    )
    .guest(run("(drop (call $think (call $input))) (loop $for_ever (br $for_ever))"))
    .call("run", r#"{"milliseconds": 600}"#, Fail("timed_out"));
    slow.into_iter().chain(waiting).chain(sleeping).chain([slow_function]).collect()
}

/// Calls, which must end for being late. What the database waits for by itself ends otherwise: as `unavailable`.
fn call(world: &World<'_>, function: &str, is_atomic: bool, must: &Must) -> Outcome {
    let plugin = world.attacker()?;
    let request = r#"{"then": "conflict"}"#;
    let called = if is_atomic { plugin.call_atomic(function, request) } else { plugin.call(function, request) };
    ended(must, called)?;
    let errors = world.errors();
    ensure(!errors.contains(&ErrorCode::Unavailable), || format!("the database was waited for to the end: {errors:?}"))
}

/// Attacks while somebody keeps the database, until the attack is over.
fn beside(
    world: &World<'_>,
    keep: fn(&World<'_>, &mut dyn FnMut()) -> Outcome,
    attack: fn(&World<'_>) -> Outcome,
) -> Outcome {
    thread::scope(|scope| {
        let (kept, is_kept) = mpsc::channel();
        let (over, is_over) = mpsc::channel::<()>();
        let keeper = scope.spawn(move || {
            keep(world, &mut || {
                let _ = kept.send(());
                let _ = is_over.recv();
            })
        });
        // Neither is waited for in vain: who panics drops the other end.
        is_kept.recv().map_err(|_| "nobody keeps the database".to_owned())?;
        let attacked = attack(world);
        drop(over);
        keeper.join().map_err(|_| "who kept the database panicked".to_owned())??;
        attacked
    })?;
    // It is free again.
    let plugin = world.load_with("later", &crate::harness::case::Module::Forwarding, |_| {});
    ended(&Succeed, plugin.map_err(|error| error.to_string())?.call("touch", "{}"))
}

/// Keeps SQLite's lock, by a connection of another program's.
fn lock(world: &World<'_>, meanwhile: &mut dyn FnMut()) -> Outcome {
    let mut other = SqliteConnection::establish(&world.file()).map_err(|error| error.to_string())?;
    other.batch_execute("BEGIN IMMEDIATE").map_err(|error| error.to_string())?;
    meanwhile();
    other.batch_execute("ROLLBACK").map_err(|error| error.to_string())
}

/// Keeps the host's one connection that writes.
fn writer(world: &World<'_>, meanwhile: &mut dyn FnMut()) -> Outcome {
    let database = world.manager.database().ok_or("there is no database")?;
    let kept = database.write(|_| {
        meanwhile();
        Ok::<_, HostError>(())
    });
    ensure(kept.is_ok(), || format!("{kept:?}"))
}

/// A guest that can sleep for an hour, in nanoseconds.
fn sleeper(clock: u8, body: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "\{clock:02x}")
            (data (i32.const 24) "\00\a0\b8\30\46\03")
            {body})"#
    )
}
