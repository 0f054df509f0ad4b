use hostfn::{Json, host_fn};

hostfn::registry!();

struct User;

/// Creates a user.
#[host_fn]
fn create(user: User, invite: bool) {
    let _ = (user, invite);
}

/// Makes a user.
#[host_fn]
fn make(Json(user): Json<User>) {
    let _ = user;
}

fn main() {}
