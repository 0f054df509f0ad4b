//! What host calls, databases and instances cost here, beside what they cost as they are usually had.
//!
//! `cargo bench` shows each for itself, as criterion measures it. `cargo xtask bench` has each pair take turns and shows
//! the ratios, which are what to go by: the times are this machine's of this moment.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "criterion's macros make public functions")]

mod boundary;
mod database;
mod host_side;
mod instances;
mod turns;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use serde_json::json;

use crate::turns::Comparison;

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
    if has("--ratios") {
        let (turns, turn) =
            if has("--quick") { (21, Duration::from_millis(4)) } else { (101, Duration::from_millis(10)) };
        let only = arguments.iter().find_map(|argument| argument.strip_prefix("--only=")).unwrap_or_default();
        for mut comparison in all().filter(|comparison| comparison.id.starts_with(only)) {
            let measured = comparison.measure(turns, turn);
            let (ours, theirs) = (measured.ours.as_secs_f64(), measured.theirs.as_secs_f64());
            println!("{}", json!({"id": comparison.id, "ratio": measured.ratio, "ours": ours, "theirs": theirs}));
        }
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    for comparison in all() {
        let Comparison { id, mut ours, mut theirs, .. } = comparison;
        let mut group = criterion.benchmark_group(id.split('/').next().unwrap_or(id));
        let (_, parameter) = id.split_once('/').unwrap_or((id, ""));
        group.bench_function(BenchmarkId::new("hostfn", parameter), |bencher| bencher.iter_custom(&mut ours));
        group.bench_function(BenchmarkId::new("peer", parameter), |bencher| bencher.iter_custom(&mut theirs));
        group.finish();
    }
    criterion.final_summary();
}
