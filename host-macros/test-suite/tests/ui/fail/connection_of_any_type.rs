use hostfn::host_fn;

hostfn::registry!();

trait Connection {}

/// Counts users.
#[host_fn]
fn count_users(db: &mut impl Connection) -> u32 {
    let _ = db;
    0
}

/// Counts sessions.
#[host_fn]
fn count_sessions<C: Connection>(db: &mut C) -> u32 {
    let _ = db;
    0
}

/// Counts tokens.
#[host_fn]
fn count_tokens(db: &mut dyn Connection) -> u32 {
    let _ = db;
    0
}

fn main() {}
