use hostfn::{HostState, host_fn};

hostfn::registry!();

#[derive(HostState)]
struct Settings {
    motto: String,
}

/// Reads the motto.
#[host_fn]
fn motto(settings: Settings) -> String {
    settings.motto
}

fn main() {}
