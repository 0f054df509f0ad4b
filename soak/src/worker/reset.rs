use clap::Args;
use hostfn::{Grants, PluginOptions};
use std::sync::Arc;

use super::say;
use crate::{
    Broken, site,
    stopper::{Stop, Stopper},
};

/// The plugin `auth`, as it is shipped.
pub(crate) const AUTH: &[u8] = include_bytes!("../../../test-plugins/prebuilt/auth.wasm");

/// The arguments of `worker reset`.
#[derive(Debug, Args)]
pub struct ResetArguments {
    #[arg(long)]
    database: String,
    /// The step to stop at, counted from 1
    #[arg(long)]
    step: u32,
    /// The input of `reset_password`
    #[arg(long)]
    input: String,
}

pub(super) fn run(arguments: &ResetArguments) -> Result<(), Broken> {
    let stopper = Arc::new(Stopper::default());
    let host = site::host(&arguments.database)?.interceptor(stopper.clone()).build()?;
    let auth = host.load("auth", AUTH, PluginOptions::from(Grants::all()))?;
    stopper.stop_at(arguments.step, Stop::ForEver);
    auth.call_atomic("reset_password", &arguments.input)?;
    Ok(say("done")?)
}
