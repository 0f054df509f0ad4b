use std::borrow::Cow;

use hostfn::{Json, host_fn};

hostfn::registry!();

/// Finds.
#[host_fn]
fn find(email: &str, tags: &[String], name: &String, limit: &Option<u32>, page: &Json<u32>) {
    let _ = (email, tags, name, limit, page);
}

/// Searches for all.
#[host_fn]
fn search_all(Json(names): Json<Vec<&'static str>>) {
    let _ = names;
}

/// Searches.
#[host_fn]
fn search(email: Option<&str>, name: Cow<'_, str>) {
    let _ = (email, name);
}

fn main() {}
