//! What host calls, databases and instances cost here, beside what they cost as they are usually had.
//!
//! `cargo bench --bench peers` has each pair take turns and prints how long each takes and their ratio, which is what to
//! go by: the times are this machine's at this moment. `cargo xtask bench` prints the same as a table, with the bounds.
//! Without cargo's `--bench`, as in `cargo test`, everything is done once and nothing is measured.
#![forbid(unsafe_code)]

mod boundary;
mod database;
mod host_side;
mod instances;
mod turns;

use std::time::Duration;

use serde_json::json;

hostfn::registry!();

fn main() {
    let fixtures =
        (boundary::Boundary::new(), host_side::HostSide::new(), database::Users::new(), instances::Instances::new());
    let all = || {
        let boundary = fixtures.0.comparisons();
        let others = fixtures.1.comparisons().chain(fixtures.2.comparisons()).chain(fixtures.3.comparisons());
        boundary.chain(others)
    };
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let only = arguments.iter().find_map(|argument| argument.strip_prefix("--only=")).unwrap_or_default();
    let chosen = all().filter(|comparison| comparison.id.starts_with(only));
    if !has("--bench") {
        for mut comparison in chosen {
            (comparison.ours)(1);
            (comparison.theirs)(1);
            println!("{}: both sides run", comparison.id);
        }
        return;
    }
    let (turns, turn) = if has("--quick") { (21, Duration::from_millis(4)) } else { (101, Duration::from_millis(10)) };
    for mut comparison in chosen {
        let measured = comparison.measure(turns, turn);
        let (id, ratio) = (comparison.id, measured.ratio);
        if has("--ratios") {
            let (ours, theirs) = (measured.ours.as_secs_f64(), measured.theirs.as_secs_f64());
            println!("{}", json!({"id": id, "ratio": ratio, "ours": ours, "theirs": theirs}));
        } else {
            println!("{id:40} hostfn {:>12?}  peer {:>12?}  ratio {ratio:.3}", measured.ours, measured.theirs);
        }
    }
}
