use hostfn::{Json, host_fn};

hostfn::registry!();

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
}

/// Creates a user.
#[host_fn]
fn create(Json(user): Json<&User>) {
    let _ = &user.name;
}

fn main() {}
