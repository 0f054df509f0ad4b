use clap::Args;
use hostfn::Grants;
use serde_json::json;

use super::say;
use crate::{Broken, guest::Batch, site};

/// The arguments of `worker session`.
#[derive(Debug, Args)]
pub struct SessionArguments {
    #[arg(long)]
    database: String,
    /// The session to read and delete; without it one is made. Its text may begin with a hyphen
    #[arg(long, allow_hyphen_values = true)]
    id: Option<String>,
    /// Whose session it is
    #[arg(long)]
    user: String,
}

pub(super) fn run(arguments: &SessionArguments) -> Result<(), Broken> {
    let host = site::host(&arguments.database)?.build()?;
    let batch = Batch::load(&host, Grants::all())?;
    let Some(id) = &arguments.id else {
        let request = json!({"user_uuid": arguments.user, "ttl_seconds": 3600});
        let session = batch.call(&[("db_create_session", request)])?;
        return Ok(say(session["id"].as_str().ok_or("a session without an id")?)?);
    };
    let session = batch.call(&[("db_get_session", json!({"id": id}))])?;
    if session["user_uuid"] != arguments.user.as_str() {
        return Err("the session that another host made is not served".into());
    }
    let deleted = batch.call(&[("db_delete_session", json!({"id": id}))])?;
    Ok(say(&deleted["deleted"])?)
}
