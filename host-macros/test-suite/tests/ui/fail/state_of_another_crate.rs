use std::collections::HashMap;
use std::sync::RwLock;

use hostfn::host_fn;

hostfn::registry!();

/// Counts what is kept.
#[host_fn]
fn count_kept(cache: &RwLock<HashMap<String, String>>) -> usize {
    cache.read().unwrap().len()
}

fn main() {}
