use std::sync::Arc;

use hostfn::{HostState, host_fn};

hostfn::registry!();

#[derive(HostState)]
struct Settings {
    motto: String,
}

/// Reads the motto.
#[host_fn]
fn motto(settings: Arc<Settings>) -> String {
    settings.motto.clone()
}

/// Reads it otherwise.
#[host_fn]
fn same_motto(settings: &Arc<Settings>) -> String {
    settings.motto.clone()
}

fn main() {}
