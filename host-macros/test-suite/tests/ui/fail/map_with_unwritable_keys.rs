use std::collections::{BTreeMap, HashMap};

use hostfn::{Json, host_fn};

hostfn::registry!();

/// Adds up.
#[host_fn]
fn total(Json(distances): Json<HashMap<(u32, u32), u32>>) -> u32 {
    distances.values().sum()
}

/// Counts.
#[host_fn]
fn counts(prices: Vec<f64>) -> BTreeMap<f64, u32> {
    let _ = prices;
    BTreeMap::new()
}

fn main() {}
