//! The plugin `auth` resets a password in one transaction, and is stopped at each step in turn: because its time is
//! over, by a panic in the host, and with the whole process. All is done afterwards, or nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hostfn::{Grants, Plugin, PluginManager, PluginOptions};
use serde_json::{Value, json};

use super::panics::without_noise;
use crate::{
    Broken, FAR, Figures, Site, ensure,
    guest::Batch,
    process::Worker,
    site,
    stopper::{Stop, Stopper},
    worker::AUTH,
};

const OLD: &str = "correct horse";
const NEW: &str = "battery staple";

/// How long a call may take whose deadline shall pass; longer where the machine is too busy to come to its steps in that.
const TIMEOUT: Duration = Duration::from_millis(300);

/// More steps than a reset has.
const MOST: u32 = 60;

#[derive(Clone, Copy, Debug)]
enum Way {
    Deadline,
    Panic,
    Kill,
}

pub(super) fn run(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    without_noise();
    let stopper = Arc::new(Stopper::default());
    let host = site::host(&site.url(""))?.interceptor(stopper.clone()).build()?;
    let slow = load(&host, FAR)?;
    let mut timeout = TIMEOUT;
    let mut quick = load(&host, timeout)?;
    let other = Batch::load(&site.host("")?, Grants::all())?;
    let mut figures = Figures::default();
    let mut steps = Vec::new();
    // A round takes seconds.
    let rounds = rounds.div_ceil(10);
    for round in 0..rounds {
        for way in [Way::Deadline, Way::Panic, Way::Kill] {
            let account = Account::new(&slow, &format!("{way:?}-{round}@soak.test"))?;
            let mut step = 1;
            loop {
                figures.tried += 1;
                let outcome = match way {
                    Way::Deadline => stopped(&quick, &stopper, step, Stop::Sleeps(timeout), &account)?,
                    Way::Panic => stopped(&slow, &stopper, step, Stop::Panics, &account)?,
                    Way::Kill => killed(site, step, &account)?,
                };
                let state = account.state(&other)?;
                let expected = if outcome == Outcome::Succeeded { State::ALL } else { State::NOTHING };
                if state != expected {
                    figures.half_done += 1;
                    figures.note(format!("{way:?} at step {step}: {state:?}"));
                }
                match outcome {
                    Outcome::Succeeded => {
                        figures.acknowledged += 1;
                        break;
                    }
                    Outcome::Stopped => step += 1,
                    Outcome::TooSlow => {
                        timeout *= 2;
                        ensure(timeout < FAR, || format!("{way:?}: step {step} is never reached"))?;
                        quick = load(&host, timeout)?;
                    }
                }
                ensure(step < MOST, || format!("{way:?}: the reset never succeeds"))?;
            }
            ensure(step > 4, || format!("{way:?}: only {} steps were tried", step - 1))?;
            steps.push(format!("{way:?} at each of {} steps", step - 1));
        }
    }
    steps.truncate(3);
    figures.note(steps.join(", ").to_lowercase());
    Ok(figures)
}

fn load(host: &PluginManager, timeout: Duration) -> Result<Plugin, Broken> {
    Ok(host.load("auth", AUTH, PluginOptions::from(Grants::all()).timeout(timeout))?)
}

/// What became of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It has fewer steps.
    Succeeded,
    Stopped,
    /// Its time was over before it came to the step, and nothing must be done all the same.
    TooSlow,
}

/// Resets the password and stops it.
fn stopped(auth: &Plugin, stopper: &Stopper, step: u32, stop: Stop, account: &Account) -> Result<Outcome, Broken> {
    stopper.stop_at(step, stop);
    let started = Instant::now();
    let outcome = auth.call_atomic("reset_password", account.reset().to_string());
    let stopped = stopper.has_stopped();
    stopper.clear();
    match (outcome, stopped) {
        (Ok(_), false) => Ok(Outcome::Succeeded),
        (Ok(_), true) => Err(format!("{stop:?} at step {step} was not noticed").into()),
        (Err(_), true) => Ok(Outcome::Stopped),
        // Ended by its time, or by a host call that it had none left for.
        (Err(_), false) if started.elapsed() >= auth.limits().timeout => Ok(Outcome::TooSlow),
        (Err(error), false) => Err(error.into()),
    }
}

fn killed(site: &Site, step: u32, account: &Account) -> Result<Outcome, Broken> {
    let (url, step, input) = (site.url(""), step.to_string(), account.reset().to_string());
    let worker = Worker::start(&site.worker, &["reset", "--database", &url, "--step", &step, "--input", &input])?;
    if worker.next_line()? == "stopped" {
        worker.kill()?;
        return Ok(Outcome::Stopped);
    }
    worker.finish()?;
    Ok(Outcome::Succeeded)
}

/// Somebody who is signed in, and has asked for a new password.
struct Account {
    uuid: Value,
    session: Value,
    token: Value,
}

/// What a reset changes.
#[derive(Debug, PartialEq, Eq)]
struct State {
    token_is_there: bool,
    session_is_there: bool,
    old_password: bool,
    new_password: bool,
}

impl State {
    const NOTHING: Self =
        Self { token_is_there: true, session_is_there: true, old_password: true, new_password: false };
    const ALL: Self = Self { token_is_there: false, session_is_there: false, old_password: false, new_password: true };
}

impl Account {
    fn new(auth: &Plugin, email: &str) -> Result<Self, Broken> {
        let call = |export: &str, input: Value| -> Result<Value, Broken> {
            Ok(serde_json::from_slice(&auth.call(export, input.to_string())?)?)
        };
        let signed_up = call("sign_up", json!({"name": "Ada", "email": email, "password": OLD}))?;
        call("verify_email", json!({"token": signed_up["verification_token"]}))?;
        let signed_in = call("sign_in", json!({"email": email, "password": OLD}))?;
        let requested = call("request_password_reset", json!({"email": email}))?;
        let session = signed_in["session_id"].clone();
        let checked = call("check_session", json!({"session_id": session}))?;
        Ok(Self { uuid: checked["user"]["uuid"].clone(), session, token: requested["reset_token"].clone() })
    }

    fn reset(&self) -> Value {
        json!({"token": self.token, "password": NEW})
    }

    /// What is there, by a host of its own, which the fault did not meet.
    fn state(&self, other: &Batch) -> Result<State, Broken> {
        let matches = |password: &str| {
            let answer = other.call(&[("verify_password", json!({"user_uuid": self.uuid, "password": password}))])?;
            answer["matches"].as_bool().ok_or_else(|| Broken::from("a password neither matches nor does not"))
        };
        Ok(State {
            token_is_there: !other.call(&[("db_get_password_reset_token", json!({"token": self.token}))])?.is_null(),
            session_is_there: !other.call(&[("db_get_session", json!({"id": self.session}))])?.is_null(),
            old_password: matches(OLD)?,
            new_password: matches(NEW)?,
        })
    }
}
