use hostfn::{HostState, host_fn};

hostfn::registry!();

struct State<T>(T);
struct Query<T>(T);

#[derive(Clone, HostState)]
struct Settings {
    motto: String,
}

/// Reads the motto.
#[host_fn]
fn motto(State(settings): State<Settings>) -> String {
    settings.motto
}

/// Searches.
#[host_fn]
fn search(Query(settings): Query<Settings>) -> String {
    settings.motto
}

fn main() {}
