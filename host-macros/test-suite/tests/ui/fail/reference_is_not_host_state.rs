use hostfn::{Caller, host_fn};

hostfn::registry!();

struct Settings;

/// Reads a setting.
#[host_fn]
fn setting(settings: &Settings, name: String) -> String {
    let _ = settings;
    name
}

/// Reads a setting of its caller.
#[host_fn]
fn own_setting(caller: &Caller, settings: &Settings) {
    let _ = (caller, settings);
}

fn main() {}
