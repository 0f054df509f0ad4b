use hostfn::{HostState, NoConnection, host_fn};

hostfn::registry!();

#[derive(HostState)]
struct Clock;

#[host_fn(name = "create user", read_only = true, timeout = 3)]
pub async fn create_user(
    db: &mut NoConnection,
    other: &mut NoConnection,
    clock: &Clock,
    email: &str,
    (first, last): (String, String),
    #[validate(length(min = 1))] _name: String,
) -> impl Into<String> {
    let _ = (db, other, clock, email, first, last);
    _name
}

// It is still a function, so that this does not fail as well.
pub fn calls_it(db: &mut NoConnection, other: &mut NoConnection) {
    let _ = create_user(db, other, &Clock, "", (String::new(), String::new()), String::new());
}

fn main() {}
