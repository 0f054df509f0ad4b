//! Sixteen plugin calls at once, of two hosts, delete the same token. One of them is told that it did.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Instant,
};

use hostfn::{Grants, PluginOptions};
use serde_json::json;

use crate::{Broken, Figures, Site, ensure, guest::Batch, ledger};

const RACERS: usize = 16;

/// How many tokens are raced for in a round.
const TOKENS: u64 = 50;

/// The two kinds, by what makes and what deletes them.
const KINDS: [(&str, &str); 2] = [
    ("db_create_password_reset_token", "db_delete_password_reset_token"),
    ("db_create_email_verification_token", "db_delete_email_verification_token"),
];

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let options = || PluginOptions::from(Grants::all()).instances(RACERS);
    // Two hosts, each with connections of its own.
    let racers = [site.host("connections=8")?, site.host("connections=8")?];
    let racers = [Batch::load(&racers[0], options())?, Batch::load(&racers[1], options())?];
    ledger::write(&racers[0], 2)?;
    let tokens = u64::from(rounds) * TOKENS;
    let mut figures = Figures::default();
    let started = Instant::now();
    for (create, delete) in KINDS {
        let wins: Vec<_> = (0..tokens).map(|_| AtomicU64::new(0)).collect();
        for first in (0..tokens).step_by(TOKENS as usize) {
            let create =
                |number| (create, json!({"token": name(number), "user_uuid": ledger::user(2), "ttl_seconds": 60}));
            racers[0].call_atomic(&(first..first + TOKENS).map(create).collect::<Vec<_>>())?;
        }
        let barrier = Barrier::new(RACERS);
        let race = |batch: &Batch| {
            let mut failure = None;
            for (number, wins) in (0..).zip(&wins) {
                // To its end, whatever happens: the others wait for each.
                barrier.wait();
                match batch.call(&[(delete, json!({"token": name(number)}))]) {
                    Ok(answer) => drop(wins.fetch_add(answer["deleted"].as_u64().unwrap_or(100), Relaxed)),
                    Err(error) => failure = Some(error.to_string()),
                }
            }
            failure
        };
        let race = &race;
        let failures = thread::scope(|scope| {
            let threads: Vec<_> = racers.iter().cycle().take(RACERS).map(|batch| scope.spawn(|| race(batch))).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect::<Vec<_>>()
        });
        ensure(failures.is_empty(), || format!("{delete}: {}", failures.join(", ")))?;
        let wrong = wins.iter().filter(|wins| wins.load(Relaxed) != 1).count();
        ensure(wrong == 0, || format!("{wrong} of {tokens} tokens were not deleted by exactly one caller"))?;
        figures.tried += tokens * RACERS as u64;
        figures.acknowledged += tokens;
    }
    let rate = (2 * tokens) as f64 / started.elapsed().as_secs_f64();
    figures.note(format!("{} tokens, {RACERS} racers of 2 hosts each, one winner each; {rate:.0} races/s", 2 * tokens));
    Ok(figures)
}

fn name(number: u64) -> String {
    format!("a-token-to-race-for-{number:012x}")
}
