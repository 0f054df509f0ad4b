//! PostgreSQL ends the connection of a call, as an administrator or a proxy may, before its function and before its
//! commit. What may have been committed is not said to be safe to do again, and what was not is.

use std::sync::{Arc, Mutex, PoisonError};

use hostfn::{
    CallError, ErrorCode, Grants, HostError,
    intercept::{InterceptedCall, Interceptor, Step},
};
use serde_json::json;

use super::busy::expect;
use crate::{
    Broken, Figures, Site, ensure,
    guest::Batch,
    ledger::{self, HASH},
    log::Log,
    site::Stranger,
};

/// What a guest is told when a commit may have been done.
pub(super) const OUTCOME_UNKNOWN: &str = "went away while this was being saved";

/// Ends all connections but its own, and waits until they are, or does not wait.
fn end_others(waits: bool) -> String {
    let wait = if waits { ", 120000" } else { "" };
    format!(
        "SELECT count(pg_terminate_backend(pid{wait})) AS number FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
}

/// Ends all connections but its own, before one step, once.
struct Ends {
    plan: Mutex<Option<(Step, String)>>,
    stranger: Mutex<Stranger>,
}

impl Interceptor for Ends {
    fn intercept(&self, step: Step, _: &mut InterceptedCall<'_>) -> Result<(), HostError> {
        let plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner).take_if(|(planned, _)| *planned == step);
        if let Some((_, sql)) = plan {
            let mut stranger = self.stranger.lock().unwrap_or_else(PoisonError::into_inner);
            stranger.number(&sql).map_err(|error| HostError::internal(error.to_string()))?;
        }
        Ok(())
    }
}

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let ends = Arc::new(Ends { plan: Mutex::default(), stranger: Mutex::new(site.stranger()?) });
    let host = crate::site::host(&site.url(""))?.interceptor(ends.clone()).build()?;
    let batch = Batch::load(&host, Grants::all())?;
    let mut figures = Figures::default();
    let mut unknown = 0;
    for round in 0..u64::from(rounds) {
        for (position, (step, is_atomic)) in
            (0..).zip([(Step::Function, false), (Step::Commit, false), (Step::Function, true), (Step::Commit, true)])
        {
            let number = 3 * (4 * round + position);
            let user = ledger::user(number);
            let email = format!("atomic-{number}@soak.test");
            let create =
                ("db_create_user", json!({"uuid": user, "name": "Ada", "email": email, "password_hash": HASH}));
            let session = ("db_create_session", json!({"user_uuid": user, "ttl_seconds": 60}));
            let waits = round.is_multiple_of(2);
            *ends.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some((step, end_others(waits)));
            let log = Log::default();
            let outcome =
                log.during(|| if is_atomic { batch.call_atomic(&[create, session]) } else { batch.call(&[create]) });
            figures.tried += 2;
            let mut stranger = site.stranger()?;
            let mut is_there = |user: &str| {
                Ok::<_, Broken>(
                    stranger.number(&format!("SELECT count(*) AS number FROM users WHERE uuid = '{user}'"))? == 1,
                )
            };
            let error = outcome.as_ref().err();
            if outcome.is_ok() {
                ensure(!waits, || "a call succeeded on a connection that was ended".to_owned())?;
                figures.acknowledged += 1;
                figures.lost += u64::from(!is_there(&user)?);
            } else if error.is_some_and(|error| error.to_string().contains(OUTCOME_UNKNOWN)) {
                // The commit may have been on its way, and nobody is told that the call can be made again.
                expect(&outcome, &[ErrorCode::Internal])?;
                ensure(!waits || step == Step::Commit, || format!("no commit was on its way at {step:?}"))?;
                unknown += 1;
            } else {
                expect(&outcome, &[ErrorCode::Unavailable])
                    .map_err(|error| format!("at {step:?}, atomic: {is_atomic}: {error}\n{}", log.text()))?;
                ensure(!is_atomic || error.is_some_and(CallError::is_retryable), || "it may be made again".to_owned())?;
                log.advises("made anew")?;
                // Said to be safe to make again.
                figures.half_done += u64::from(is_there(&user)?);
            }
            // The next call is done.
            ledger::write(&batch, number + 1)?;
            figures.acknowledged += 1;
            figures.lost += u64::from(!is_there(&ledger::user(number + 1))?);
        }
    }
    figures.note(format!("before the function and the commit, plain and atomic; {unknown} of unknown outcome"));
    Ok(figures)
}
