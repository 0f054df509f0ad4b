//! What is in the repository beside the code fits the code.

use std::{fs, path::PathBuf};

use crate::{markdown::normalised, support::root};

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

/// What a crate reads when it is compiled is in its package: whoever builds that has nothing of the repository around it.
#[test]
fn what_a_crate_reads_when_it_is_compiled_is_in_its_package() {
    let mut seen = 0;
    for folder in ["", "host-bindings", "host-cli", "host-functions", "host-macros", "host-runtime", "host-test"] {
        let manifest: toml::Table = read(&format!("./{folder}/Cargo.toml")).parse().expect("it is a manifest");
        let packed: Vec<_> = manifest["package"]["include"].as_array().expect("a list").to_vec();
        let packed = packed.iter().filter_map(toml::Value::as_str).filter_map(|path| path.strip_prefix('/'));
        let packed: Vec<_> = packed.collect();
        for (source, file) in files_read_by(folder) {
            let is_in = packed.iter().any(|pattern| match pattern.split_once('*') {
                Some((beginning, _)) => file.starts_with(beginning),
                None => file == *pattern,
            });
            assert!(is_in, "{}: {file} is not in the package of `{folder}`: {packed:?}", source.display());
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} files");
}

/// The files that a crate's sources include, from its folder. Of a path that a macro completes it is the beginning.
fn files_read_by(krate: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join(krate).join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("it can be read");
                let named = ["include_str!(", "include_bytes!("].iter().flat_map(|name| text.split(name).skip(1));
                for arguments in named {
                    let from = match arguments.contains("CARGO_MANIFEST_DIR") && arguments.starts_with("concat!(env!(")
                    {
                        true => root().join(krate),
                        false => folder.clone(),
                    };
                    let literals = arguments.split('"').skip(1).step_by(2);
                    let literal = literals.into_iter().find(|literal| *literal != "CARGO_MANIFEST_DIR");
                    let literal = literal.expect("a path is named").trim_start_matches('/');
                    let file = normalised(&from.join(literal));
                    let file = file.strip_prefix(root().join(krate)).expect("it is in the crate").to_owned();
                    let is_folder = literal.ends_with('/');
                    let file = file.to_str().expect("paths are text").to_owned() + if is_folder { "/" } else { "" };
                    files.push((path.clone(), file));
                }
            }
        }
    }
    files
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
