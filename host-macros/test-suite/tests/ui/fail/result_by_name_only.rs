use hostfn::host_fn;
use schemars::JsonSchema;
use serde::Serialize;

hostfn::registry!();

#[derive(Serialize, JsonSchema)]
struct SearchResult;

/// Searches.
#[host_fn]
fn search() -> SearchResult {
    SearchResult
}

fn main() {}
