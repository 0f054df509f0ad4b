use hostfn::host_fn;

hostfn::registry!();

#[derive(serde::Deserialize, serde::Serialize)]
struct User {
    name: String,
}

/// Creates a user.
#[host_fn]
fn create(user: User) -> User {
    user
}

/// Creates users.
#[host_fn]
fn create_all(users: Vec<User>) -> Result<Vec<User>, hostfn::HostError> {
    Ok(users)
}

fn main() {}
