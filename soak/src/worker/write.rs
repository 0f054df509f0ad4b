use clap::Args;
use hostfn::Grants;

use super::{say, wait_for_the_end};
use crate::{
    Broken,
    guest::{Batch, ending},
    ledger, site,
};

/// The arguments of `worker write`.
#[derive(Debug, Args)]
pub struct WriteArguments {
    #[arg(long)]
    database: String,
    /// The number of the first call
    #[arg(long)]
    from: u64,
    /// How many calls to make before it waits for its end
    #[arg(long, default_value_t = u64::MAX)]
    most: u64,
    /// By how much the numbers of two calls differ: calls of one kind are three apart
    #[arg(long, default_value_t = 1)]
    step: u64,
    /// Say how a call failed and go on, instead of failing
    #[arg(long)]
    go_on: bool,
}

pub(super) fn run(arguments: &WriteArguments) -> Result<(), Broken> {
    let host = site::host(&arguments.database)?.build()?;
    let batch = Batch::load(&host, Grants::all())?;
    say("ready")?;
    for call in 0..arguments.most {
        let number = arguments.from + arguments.step * call;
        let outcome = ledger::write(&batch, number);
        match &outcome {
            Ok(_) => say(number)?,
            Err(_) if arguments.go_on => say(ending(&outcome))?,
            Err(error) => return Err(format!("call {number} failed: {error}").into()),
        }
    }
    say("enough")?;
    Ok(wait_for_the_end()?)
}
