//! Several processes, each a host, do operations of all kinds on the same users of one database. What they were told
//! adds up with what is there.

use serde_json::Value;

use crate::{Broken, Figures, Site, ensure, guest::Batch, ledger, process::Worker, site::check_whole, worker::Told};

const HOSTS: u64 = 3;

/// How many operations of one host are a round.
const OPERATIONS: u64 = 340;

/// Few enough that the hosts meet.
const ADDRESSES: u64 = 23;

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    // A round is a second.
    let operations = OPERATIONS * u64::from(rounds.div_ceil(20));
    let number = |number: u64| number.to_string();
    let (url, operations, addresses) = (site.url("connections=2"), number(operations), number(ADDRESSES));
    let workers = (0..HOSTS).map(|worker| {
        let worker = number(worker);
        let arguments =
            ["mixed", "--database", &url, "--worker", &worker, "--operations", &operations, "--addresses", &addresses];
        Worker::start(&site.worker, &arguments)
    });
    let workers = workers.collect::<Result<Vec<_>, _>>()?;
    let mut all = Told::default();
    for worker in workers {
        let lines = worker.finish()?;
        let told: Told = serde_json::from_str(lines.last().ok_or("a worker told nothing")?)?;
        all.add(told);
    }
    let host = site.host("")?;
    let database = host.database().ok_or("the host has no database")?;
    check_whole(database)?;
    let mut stranger = site.stranger()?;
    let mut count = |sql: &str| stranger.number(&format!("SELECT count(*) AS number FROM {sql}"));
    for (what, told, there) in [
        ("users", all.users_created, count("users")?),
        ("sessions", all.sessions_created - all.sessions_deleted, count("sessions")?),
        ("tokens", all.tokens_created - all.tokens_deleted, count("password_reset_tokens")?),
    ] {
        ensure(told == there, || format!("the hosts were told of {told} {what}, and there are {there}"))?;
    }
    let batch = Batch::load(&host, hostfn::Grants::all())?;
    for session in &all.sessions_before_reset {
        let session = batch.call(&[("db_get_session", serde_json::json!({"id": session}))])?;
        ensure(session == Value::Null, || "a session is there that a reset has ended".to_owned())?;
    }
    served_by_two(site, &batch)?;
    let mut figures = Figures { tried: all.operations, ..Figures::default() };
    figures.acknowledged = all.operations - all.refused - all.contended;
    figures.note(format!(
        "{HOSTS} processes, {} refused, {} to be made again, {} resets, counts add up; a session served by two",
        all.refused, all.contended, all.resets
    ));
    ensure(all.resets > 0 && all.sessions_deleted > 0 && all.operations >= 1000, || {
        format!("too little was done: {figures}")
    })?;
    Ok(figures)
}

/// A session that one process makes is read and deleted by another.
fn served_by_two(site: &Site, batch: &Batch) -> Result<(), Broken> {
    ledger::write(batch, 2)?;
    let (url, user) = (site.url(""), ledger::user(2));
    let said = |arguments: &[&str]| -> Result<String, Broken> {
        let lines = Worker::start(&site.worker, arguments)?.finish()?;
        Ok(lines.last().ok_or("a worker said nothing")?.clone())
    };
    let session = ["session", "--database", &url, "--user", &user];
    let id = said(&session)?;
    let deleted = said(&[&session[..], &["--id", &id]].concat())?;
    ensure(deleted == "1", || format!("{deleted} sessions were deleted"))
}

impl Told {
    fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.refused += other.refused;
        self.contended += other.contended;
        self.users_created += other.users_created;
        self.sessions_created += other.sessions_created;
        self.sessions_deleted += other.sessions_deleted;
        self.tokens_created += other.tokens_created;
        self.tokens_deleted += other.tokens_deleted;
        self.resets += other.resets;
        self.sessions_before_reset.extend(other.sessions_before_reset);
    }
}
