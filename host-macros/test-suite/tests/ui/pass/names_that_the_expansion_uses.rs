#![deny(warnings)]

use hostfn::{Json, NoConnection, host_fn};

hostfn::registry!();

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub request: u32,
}

#[derive(::hostfn::HostState)]
pub enum Function {
    Only,
}

/// Takes arguments with the names of what the macro makes.
#[host_fn]
pub fn call(connection: Request, request: u32, state: &Function, entry: &mut NoConnection, r#type: bool) -> u32 {
    let _ = (state, entry, r#type);
    connection.request + request
}

/// Has the name of an argument that the macro makes.
#[host_fn]
fn request(Json(value): Json<Request>) -> u32 {
    value.request
}

/// Has another.
#[host_fn]
fn connection(_: &mut NoConnection, request: Json<Request>) -> u32 {
    request.0.request
}

/// Is a keyword.
#[host_fn]
fn r#match(r#struct: u32) -> u32 {
    r#struct
}

fn main() {
    assert_eq!(registry()[2].name, "match");
}
