use std::collections::BTreeMap;

use hostfn::{Json, host_fn};

hostfn::registry!();

/// Adds up.
#[host_fn]
fn total(Json(counts): Json<BTreeMap<String, i32>>, carry: i32) -> i32 {
    counts.values().sum::<i32>() + carry
}

fn main() {}
