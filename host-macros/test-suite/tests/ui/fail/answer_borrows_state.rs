use std::borrow::Cow;

use hostfn::{HostState, host_fn};

hostfn::registry!();

#[derive(HostState)]
struct Settings {
    motto: String,
}

/// Reads the motto.
#[host_fn]
fn motto(settings: &Settings) -> Cow<'_, str> {
    Cow::Borrowed(&settings.motto)
}

/// Reads it in words.
#[host_fn]
fn words(settings: &Settings) -> Vec<&str> {
    settings.motto.split(' ').collect()
}

fn main() {}
