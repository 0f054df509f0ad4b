//! A panic before, in and at the end of the transaction of each of the 18 operations. No connection is left in one,
//! and what is acknowledged afterwards is there.

use std::{
    panic,
    sync::{Arc, Mutex, Once, PoisonError},
    thread,
    time::{Duration, Instant},
};

use hostfn::{
    ErrorCode, Grants, HostError,
    intercept::{InterceptedCall, Interceptor, Step},
};
use serde_json::json;

use crate::{
    Backend, Broken, FAR, Figures, Site, ensure,
    functions::HALF,
    guest::{Batch, Call, code},
    ledger::{self, HASH},
    site,
};

/// What the soak panics with.
pub(crate) const PANIC: &str = "the soak makes a host function panic";

/// Panics of the soak's own are not told on standard error.
pub(super) fn without_noise() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let said = panic.payload_as_str().unwrap_or_default();
            if said != PANIC {
                others(panic);
            }
        }));
    });
}

/// Panics before one step of one function.
#[derive(Default)]
struct Panics(Mutex<Option<(Step, String)>>);

impl Panics {
    fn at(&self, plan: Option<(Step, &str)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            plan.map(|(step, function)| (step, function.to_owned()));
    }
}

impl Interceptor for Panics {
    fn intercept(&self, step: Step, call: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        let plan = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if plan.is_some_and(|(planned, name)| planned == step && name == call.function.name()) {
            panic!("{PANIC}");
        }
        Ok(())
    }
}

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    without_noise();
    let panics = Arc::new(Panics::default());
    let host = site::host(&site.url("connections=2"))?.interceptor(panics.clone()).build()?;
    let batch = Batch::load(&host, Grants::all())?;
    let mut figures = Figures::default();
    let mut number = 3;
    // A round is all operations.
    let rounds = u64::from(rounds.div_ceil(5));
    for _ in 0..rounds {
        for position in 0..operations(0).len() {
            for step in [Step::Begin, Step::Function, Step::Commit] {
                for atomic in [false, true] {
                    ledger::write(&batch, number)?;
                    let (operation, request) = operations(number).swap_remove(position);
                    panics.at(Some((step, operation)));
                    let call = [(operation, request)];
                    let outcome = if atomic { batch.call_atomic(&call) } else { batch.call(&call) };
                    panics.at(None);
                    figures.tried += 1;
                    let answer = outcome.as_ref().err().and_then(code);
                    ensure(answer == Some(ErrorCode::Internal), || {
                        format!("{operation} panicked at {step:?} and the guest was told {outcome:?}")
                    })?;
                    let mut stranger = site.stranger()?;
                    left_clean(site, &mut stranger)?;
                    figures.half_done += u64::from(!is_unchanged(&mut stranger, number)?);
                    // The write after it is there for everybody.
                    batch.call(&[("db_update_user_profile", json!({"uuid": ledger::user(number), "bio": "later"}))])?;
                    figures.acknowledged += 1;
                    let later = format!(
                        "SELECT count(*) AS number FROM users WHERE uuid = '{}' AND bio = 'later'",
                        ledger::user(number)
                    );
                    figures.lost += u64::from(stranger.number(&later)? != 1);
                    number += 3;
                }
            }
        }
    }
    let name = "soak_write_and_panic";
    for _ in 0..rounds {
        figures.tried += 1;
        let answer = batch.call_atomic(&[
            ("db_update_user_profile", json!({"uuid": ledger::user(3), "bio": "half"})),
            (name, json!({})),
        ]);
        ensure(answer.as_ref().is_err_and(|error| code(error) == Some(ErrorCode::Internal)), || {
            format!("{name}: {answer:?}")
        })?;
        let mut stranger = site.stranger()?;
        left_clean(site, &mut stranger)?;
        let half = format!("SELECT count(*) AS number FROM users WHERE name = '{HALF}' OR bio = 'half'");
        figures.half_done += stranger.number(&half)?.unsigned_abs();
    }
    figures.note(format!(
        "{} operations, 3 places, plain and atomic; no connection left in a transaction",
        operations(0).len()
    ));
    Ok(figures)
}

/// Whether nothing of the call that panicked is there: all is as [`ledger::write`] wrote it.
fn is_unchanged(stranger: &mut site::Stranger, number: u64) -> Result<bool, Broken> {
    let user = ledger::user(number);
    let count = stranger.number(&format!(
        "SELECT count(*) AS number FROM users u WHERE uuid = '{user}' AND name = 'Ada' AND bio = 'done'
         AND NOT email_verified AND password_hash = '{HASH}'
         AND (SELECT count(*) FROM sessions s WHERE s.user_uuid = u.uuid) = 1
         AND (SELECT count(*) FROM password_reset_tokens t WHERE t.user_uuid = u.uuid) = 1
         AND (SELECT count(*) FROM email_verification_tokens t WHERE t.user_uuid = u.uuid) = 0"
    ))?;
    let others = stranger.number("SELECT count(*) AS number FROM users WHERE email = 'new@soak.test'")?;
    Ok(count == 1 && others == 0)
}

/// Fails when a connection of the host is still in a transaction.
fn left_clean(site: &Site, stranger: &mut site::Stranger) -> Result<(), Broken> {
    if site.backend == Backend::Sqlite {
        // It does not wait: a transaction that is open refuses it at once.
        return stranger.execute("BEGIN IMMEDIATE; UPDATE users SET updated_at = updated_at; ROLLBACK");
    }
    let open = "SELECT count(*) AS number FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    // The server notices a moment later that a connection is closed.
    let started = Instant::now();
    while started.elapsed() < FAR {
        if stranger.number(open)? == 0 {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err("a connection is left in a transaction".into())
}

/// The 18 operations, each with a request that it would grant once the call of this number was made.
fn operations(number: u64) -> Vec<Call<'static>> {
    let user = ledger::user(number);
    let token = ledger::token(number);
    let user_only = || json!({"user_uuid": user});
    let lifetime = || json!({"user_uuid": user, "ttl_seconds": 60});
    vec![
        ("db_create_user", json!({"name": "New", "email": "new@soak.test", "password_hash": HASH})),
        ("db_get_user_by_email", json!({"email": format!("atomic-{number}@soak.test")})),
        ("db_get_user_by_uuid", json!({"uuid": user})),
        ("db_update_user_password", json!({"uuid": user, "password_hash": HASH.replace("m=8", "m=16")})),
        ("db_update_user_email_verified", json!({"uuid": user, "verified": true})),
        ("db_update_user_profile", json!({"uuid": user, "name": "Bob"})),
        ("db_create_session", lifetime()),
        ("db_get_session", json!({"id": token})),
        ("db_delete_session", json!({"id": token})),
        ("db_delete_user_sessions", user_only()),
        ("db_cleanup_expired_sessions", json!({})),
        ("db_create_email_verification_token", lifetime()),
        ("db_get_email_verification_token", json!({"token": token})),
        ("db_delete_email_verification_token", json!({"token": token})),
        ("db_create_password_reset_token", lifetime()),
        ("db_get_password_reset_token", json!({"token": token})),
        ("db_delete_password_reset_token", json!({"token": token})),
        ("db_delete_user_password_reset_tokens", user_only()),
    ]
}
