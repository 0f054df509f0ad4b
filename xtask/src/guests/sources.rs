//! The hash of a guest's sources: the same on every machine, another after every change.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::record::hex;
use crate::{Error, fs};

/// Hashes the manifests, which stand in the guest's folder, and everything under `src/`.
///
/// Each file goes in as its path and its content, each behind its length, so that nothing can move from one to the other
/// unnoticed. Line endings count as `\n`, because git may check out others.
pub(super) fn hash(folder: &Path, manifests: &[&str]) -> Result<String, Error> {
    let mut files: Vec<_> = manifests.iter().map(|name| folder.join(name)).collect();
    files.extend(fs::files_under(&folder.join("src"))?);
    let mut files = files.into_iter().map(|path| (name(folder, &path), path)).collect::<Vec<_>>();
    // By name and not by path, whose order depends on the machine's separator.
    files.sort();

    let mut hasher = Sha256::new();
    for (name, path) in files {
        add(&mut hasher, name.as_bytes());
        add(&mut hasher, &unix_line_endings(fs::read(&path)?));
    }
    Ok(hex(hasher.finalize()))
}

fn name(folder: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn add(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

fn unix_line_endings(content: Vec<u8>) -> Vec<u8> {
    let mut bytes = content.into_iter().peekable();
    let mut normal = Vec::with_capacity(bytes.len());
    while let Some(byte) = bytes.next() {
        if byte != b'\r' || bytes.peek() != Some(&b'\n') {
            normal.push(byte);
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::{Error, fs::write};

    fn hash(folder: &Path) -> Result<String, Error> {
        super::hash(folder, &["Cargo.lock", "Cargo.toml"])
    }

    fn guest() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("Cargo.toml"), "[package]\n").unwrap();
        write(&folder.path().join("Cargo.lock"), "version = 4\n").unwrap();
        write(&folder.path().join("src/lib.rs"), "mod a;\nmod b;\n").unwrap();
        write(&folder.path().join("src/a/b.rs"), "fn one() {}\n").unwrap();
        folder
    }

    fn hash_with(path: &str, content: &str) -> String {
        let folder = guest();
        write(&folder.path().join(path), content).unwrap();
        hash(folder.path()).unwrap()
    }

    #[test]
    fn it_is_the_same_in_every_folder_and_in_every_year() {
        let known = "6dd950eeeef4dc4046495700a3b59e333d5248ce7ee83e39a813007f4e7af409";
        assert_eq!(hash(guest().path()).unwrap(), known);
        assert_eq!(hash(guest().path()).unwrap(), known);
    }

    #[test]
    fn it_changes_with_each_source() {
        let before = hash(guest().path()).unwrap();
        for path in ["Cargo.toml", "Cargo.lock", "src/lib.rs", "src/a/b.rs", "src/new.rs"] {
            assert_ne!(hash_with(path, "other\n"), before, "{path}");
        }
    }

    #[test]
    fn it_changes_when_a_file_is_renamed() {
        assert_ne!(hash_with("src/c.rs", "same"), hash_with("src/d.rs", "same"));
        // The bytes of name and content in one row are the same here.
        assert_ne!(hash_with("src/e", "fg"), hash_with("src/ef", "g"));
    }

    #[test]
    fn it_does_not_know_line_endings_but_it_does_know_a_lone_carriage_return() {
        assert_eq!(hash_with("src/lib.rs", "one\r\ntwo\r\n"), hash_with("src/lib.rs", "one\ntwo\n"));
        assert_ne!(hash_with("src/lib.rs", "one\rtwo"), hash_with("src/lib.rs", "onetwo"));
    }

    #[test]
    fn other_files_do_not_count() {
        let before = hash(guest().path()).unwrap();
        assert_eq!(hash_with("target/debug/auth.d", "x"), before);
        assert_eq!(hash_with("README.md", "x"), before);
    }

    #[test]
    fn without_a_lock_file_there_is_no_hash_but_the_name_of_the_file() {
        let folder = guest();
        std::fs::remove_file(folder.path().join("Cargo.lock")).unwrap();
        let error = hash(folder.path()).unwrap_err().to_string();
        assert!(error.contains(Path::new("Cargo.lock").to_str().unwrap()), "{error}");
    }
}
