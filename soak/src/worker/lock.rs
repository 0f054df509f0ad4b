use clap::Args;

use super::{say, wait_for_the_end};
use crate::{Broken, site::Stranger};

/// The arguments of `worker lock`.
#[derive(Debug, Args)]
pub struct LockArguments {
    #[arg(long)]
    database: String,
}

pub(super) fn run(arguments: &LockArguments) -> Result<(), Broken> {
    let mut stranger = Stranger::at(&arguments.database)?;
    stranger.execute(match &stranger {
        Stranger::Sqlite(_) => "BEGIN IMMEDIATE",
        Stranger::Postgres(_) => "BEGIN; SELECT uuid FROM users FOR UPDATE",
    })?;
    say("locked")?;
    wait_for_the_end()?;
    stranger.execute("ROLLBACK")
}
