use clap::Args;
use hostfn::{CallError, Grants, PluginOptions};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::say;
use crate::{
    Broken, FAR,
    guest::{Batch, code},
    ledger::HASH,
    site,
};

/// The arguments of `worker mixed`.
#[derive(Debug, Args)]
pub struct MixedArguments {
    #[arg(long)]
    database: String,
    /// Which of the workers this is
    #[arg(long)]
    worker: u64,
    /// How many operations to do
    #[arg(long)]
    operations: u64,
    /// Of how many addresses all workers choose
    #[arg(long)]
    addresses: u64,
}

/// What one worker was told, which must add up with what the others were told and with what is there.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) operations: u64,
    /// Operations that were answered as they may be where many do the same.
    pub(crate) refused: u64,
    /// Operations that may be made again, because another host was in the way.
    pub(crate) contended: u64,
    pub(crate) users_created: i64,
    pub(crate) sessions_created: i64,
    /// By `db_delete_session` and `db_delete_user_sessions`.
    pub(crate) sessions_deleted: i64,
    pub(crate) tokens_created: i64,
    pub(crate) tokens_deleted: i64,
    /// Users that were reset in one transaction, each by its last reset's number.
    pub(crate) resets: u64,
    /// Sessions that the worker made before a reset of their user was acknowledged.
    pub(crate) sessions_before_reset: Vec<String>,
}

pub(super) fn run(arguments: &MixedArguments) -> Result<(), Broken> {
    let host = site::host(&arguments.database)?.build()?;
    let batch = Batch::load(&host, PluginOptions::from(Grants::all()).timeout(FAR))?;
    let mut told = Told::default();
    for number in 0..arguments.operations {
        told.operations += 1;
        match step(&batch, arguments, number, &mut told) {
            Ok(()) => {}
            Err(error) => match code(&error).map(|code| code.as_str()) {
                Some("conflict" | "not_found") => told.refused += 1,
                Some("unavailable") => told.contended += 1,
                _ => return Err(format!("operation {number}: {error}").into()),
            },
        }
    }
    Ok(say(serde_json::to_string(&told)?)?)
}

/// Does one operation on one of the users that all workers share.
fn step(batch: &Batch, arguments: &MixedArguments, number: u64, told: &mut Told) -> Result<(), CallError> {
    let chosen = (number * 7 + arguments.worker * 13) % arguments.addresses;
    let email = format!("USER-{chosen}@soak.test");
    let number_of = |value: &serde_json::Value| value["deleted"].as_i64().unwrap_or_default();
    let user = batch.call(&[("db_get_user_by_email", json!({"email": email}))])?;
    let Some(user) = user["uuid"].as_str() else {
        let email = if arguments.worker.is_multiple_of(2) { email.to_lowercase() } else { email };
        batch.call(&[("db_create_user", json!({"name": "Ada", "email": email, "password_hash": HASH}))])?;
        told.users_created += 1;
        return Ok(());
    };
    let create = || ("db_create_session", json!({"user_uuid": user, "ttl_seconds": 86_400}));
    match number % 6 {
        0 | 1 => {
            batch.call(&[create()])?;
            told.sessions_created += 1;
        }
        2 => {
            let session = batch.call(&[create()])?;
            told.sessions_created += 1;
            told.sessions_deleted += number_of(&batch.call(&[("db_delete_session", json!({"id": session["id"]}))])?);
        }
        3 => {
            let bio = format!("by worker {}", arguments.worker);
            batch.call(&[("db_update_user_profile", json!({"uuid": user, "bio": bio}))])?;
        }
        4 => {
            // A session that is there before the reset, and must not be there after it.
            let session = batch.call(&[create()])?;
            told.sessions_created += 1;
            let token =
                batch.call(&[("db_create_password_reset_token", json!({"user_uuid": user, "ttl_seconds": 3600}))])?;
            told.tokens_created += 1;
            let delete = ("db_delete_password_reset_token", json!({"token": token["token"]}));
            let password = ("db_update_user_password", json!({"uuid": user, "password_hash": HASH}));
            let sessions = ("db_delete_user_sessions", json!({"user_uuid": user}));
            let outcome = batch.call_atomic(&[delete, password, sessions])?;
            told.tokens_deleted += 1;
            told.resets += 1;
            told.sessions_deleted += number_of(&outcome);
            told.sessions_before_reset.extend(session["id"].as_str().map(str::to_owned));
        }
        _ => {
            // Two in one: both or none.
            let token = json!({"user_uuid": user, "ttl_seconds": 3600});
            batch.call_atomic(&[create(), ("db_create_password_reset_token", token)])?;
            told.sessions_created += 1;
            told.tokens_created += 1;
        }
    }
    Ok(())
}
