//! What is in the repository beside the code fits the code.

use std::fs;

use crate::support::root;

#[test]
fn the_prebuilt_guests_are_those_of_their_sources() {
    assert_eq!(xtask::guests::stale(root()).unwrap(), Vec::<String>::new(), "run `cargo xtask guests`");
}

/// What somebody sees of a crate who finds it in a registry, and what keeps its parts together.
#[test]
fn each_crate_that_is_published_is_whole() {
    let manifest = read("Cargo.toml");
    let published: Vec<_> =
        manifest.lines().filter(|line| line.starts_with("hostfn") && line.contains("path =")).collect();
    assert!(published.len() > 8, "{published:?}");
    for line in published {
        let (name, folder) = (line.split(' ').next().unwrap_or_default(), line.split('"').nth(1).unwrap_or_default());
        // The macro, its output and what its output names change together.
        assert!(line.contains(&format!("version = \"={}\"", env!("CARGO_PKG_VERSION"))), "{line}");
        let manifest = read(&format!("{folder}/Cargo.toml"));
        for key in ["description = ", "keywords = ", "categories = ", "readme = ", "include = "] {
            assert!(manifest.lines().any(|line| line.starts_with(key)), "{name} has no `{key}`");
        }
        assert!(read(&format!("{folder}/README.md")).contains(name), "{name} is not in its README");
        // Links in the repository, files in the package.
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert_eq!(read(&format!("{folder}/{licence}")), read(licence), "{name}");
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
