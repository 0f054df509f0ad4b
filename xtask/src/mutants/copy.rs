//! The copy of the repository that the mutants live in.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, fs};

/// Makes the copy the same as the repository, uncommitted changes included.
///
/// Only what differs is written: cargo goes by the time of a file, and a file that is written anew is compiled anew.
pub(super) fn sync(root: &Path, tree: &Path) -> Result<(), Error> {
    let files = listed(root)?;
    for file in fs::files_under(tree)? {
        let wanted = file.strip_prefix(tree).is_ok_and(|name| files.contains(name));
        if !wanted {
            std::fs::remove_file(&file).map_err(Error::io("delete", &file))?;
        }
    }
    for file in &files {
        let content = fs::read(&root.join(file))?;
        let copy = tree.join(file);
        if fs::read_if_any(&copy)?.as_ref() != Some(&content) {
            fs::write(&copy, content)?;
        }
    }
    Ok(())
}

/// What git knows of, and what it would if it were added; so neither the target folder nor what an editor leaves.
fn listed(root: &Path) -> Result<BTreeSet<PathBuf>, Error> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .map_err(|error| Error::new(format!("cannot start git, which lists the files to copy: {error}")))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::new(format!("git cannot list the files to copy: {}", why.trim())));
    }
    let names = String::from_utf8(output.stdout).map_err(|_| Error::new("a file's name is not UTF-8; rename it"))?;
    // Git still lists a file whose deletion is not committed.
    Ok(names.split_terminator('\0').map(PathBuf::from).filter(|name| root.join(name).is_file()).collect())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, process::Command};

    use super::sync;
    use crate::fs::write;

    fn git(root: &Path, arguments: &[&str]) {
        assert!(Command::new("git").args(arguments).current_dir(root).status().unwrap().success());
    }

    #[test]
    fn the_copy_is_the_repository_without_what_git_ignores() {
        let (root, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (root, tree) = (root.path(), copy.path().join("tree"));
        git(root, &["init", "--quiet"]);
        write(&root.join(".gitignore"), "target/\n").unwrap();
        write(&root.join("target/big"), "ignored").unwrap();
        write(&root.join("src/tracked.rs"), "one").unwrap();
        write(&root.join("src/gone.rs"), "").unwrap();
        git(root, &["add", "."]);
        write(&root.join("src/new.rs"), "not added yet").unwrap();
        fs::remove_file(root.join("src/gone.rs")).unwrap();

        sync(root, &tree).unwrap();
        assert_eq!(fs::read_to_string(tree.join("src/tracked.rs")).unwrap(), "one");
        assert!(tree.join("src/new.rs").is_file());
        assert!(!tree.join("src/gone.rs").exists() && !tree.join("target").exists());

        // What an interrupted run has left, a change and a deletion.
        write(&tree.join("src/tracked.rs"), "a mutant").unwrap();
        let before = fs::metadata(tree.join("src/new.rs")).unwrap().modified().unwrap();
        fs::remove_file(root.join(".gitignore")).unwrap();
        fs::remove_dir_all(root.join("target")).unwrap();
        sync(root, &tree).unwrap();
        assert_eq!(fs::read_to_string(tree.join("src/tracked.rs")).unwrap(), "one");
        assert!(!tree.join(".gitignore").exists());
        let after = fs::metadata(tree.join("src/new.rs")).unwrap().modified().unwrap();
        assert_eq!(before, after, "what did not change is not written again");
    }

    #[test]
    fn outside_of_a_repository_git_is_quoted() {
        let root = tempfile::tempdir().unwrap();
        let error = sync(root.path(), &root.path().join("tree")).unwrap_err().to_string();
        assert!(error.starts_with("git cannot list the files to copy:"), "{error}");
    }
}
