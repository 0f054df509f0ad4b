//! One mutation: what it changes, whether it fits, and how it is put in and taken out.

use std::path::{Path, PathBuf};

use crate::{Error, fs};

/// A mistake in one host function.
#[derive(Debug)]
pub struct Mutation {
    /// The host function that is broken.
    pub operation: &'static str,
    /// The mistake, in words.
    pub what: &'static str,
    /// The file, from the root of the repository.
    pub file: &'static str,
    /// What stands in the file, exactly once.
    pub find: &'static str,
    /// What is put there instead.
    pub replace: &'static str,
}

impl Mutation {
    /// The file's content with the mistake in it.
    fn mutate(&self, content: &str) -> Result<String, String> {
        if self.find.is_empty() {
            return Err("`find` is empty".to_owned());
        }
        if self.find == self.replace {
            return Err("`replace` is the same as `find`".to_owned());
        }
        match content.matches(self.find).count() {
            1 => Ok(content.replacen(self.find, self.replace, 1)),
            0 => Err(format!("`find` does not occur in {}", self.file)),
            n => Err(format!("`find` occurs {n} times in {}; take in more of what is around it", self.file)),
        }
    }

    /// Puts the mistake into the tree, until what is returned is dropped.
    pub(super) fn apply(&self, tree: &Path) -> Result<Applied, Error> {
        let path = tree.join(self.file);
        let original = fs::read_text(&path)?;
        let mutated = self.mutate(&original).map_err(|why| Error::new(format!("{}: {why}", self.operation)))?;
        // The guard first: were the write to fail halfway, the file would have to be put back as well.
        let applied = Applied { path, original };
        fs::write(&applied.path, mutated)?;
        Ok(applied)
    }
}

/// A mistake that is in the tree. Dropping it puts the file back, after an error and a panic as well.
///
/// After Ctrl-C it does not; there the next run's copying does it.
pub(super) struct Applied {
    path: PathBuf,
    original: String,
}

impl Drop for Applied {
    fn drop(&mut self) {
        if let Err(error) = fs::write(&self.path, &self.original) {
            eprintln!("warning: {error}; the mutants after this one are worth nothing");
        }
    }
}

/// What is wrong with a table: operations without a mutation, and mutations that fit no operation or no file.
pub(super) fn mistakes(root: &Path, operations: &[&str], mutations: &[&Mutation]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for operation in operations {
        if !mutations.iter().any(|mutation| mutation.operation == *operation) {
            mistakes.push(format!("{operation}: it has no mutation"));
        }
    }
    for mutation in mutations {
        if !operations.contains(&mutation.operation) {
            mistakes.push(format!("{}: it is not one of the operations", mutation.operation));
        }
        let content = fs::read_text(&root.join(mutation.file)).map_err(|error| error.to_string());
        if let Err(why) = content.and_then(|content| mutation.mutate(&content)) {
            mistakes.push(format!("{}: {why}", mutation.operation));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use std::{fs::read_to_string, panic::catch_unwind};

    use super::{Mutation, mistakes};
    use crate::fs::write;

    const MUTATION: Mutation =
        Mutation { operation: "db_get", what: "it gets others", file: "src/get.rs", find: "== id", replace: "!= id" };

    fn tree(content: &str) -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        write(&tree.path().join(MUTATION.file), content).unwrap();
        tree
    }

    #[test]
    fn what_occurs_once_is_replaced() {
        assert_eq!(MUTATION.mutate("a == id, b").unwrap(), "a != id, b");
    }

    #[test]
    fn what_does_not_occur_or_occurs_twice_is_an_error() {
        assert_eq!(MUTATION.mutate("a").unwrap_err(), "`find` does not occur in src/get.rs");
        let twice = MUTATION.mutate("a == id, b == id").unwrap_err();
        assert_eq!(twice, "`find` occurs 2 times in src/get.rs; take in more of what is around it");
    }

    #[test]
    fn a_mutation_that_changes_nothing_is_an_error() {
        let same = Mutation { replace: "== id", ..MUTATION };
        assert_eq!(same.mutate("== id").unwrap_err(), "`replace` is the same as `find`");
        let empty = Mutation { find: "", ..MUTATION };
        assert_eq!(empty.mutate("== id").unwrap_err(), "`find` is empty");
    }

    #[test]
    fn the_file_is_put_back_after_use_and_after_a_panic() {
        let tree = tree("a == id");
        let file = tree.path().join(MUTATION.file);
        let applied = MUTATION.apply(tree.path()).unwrap();
        assert_eq!(read_to_string(&file).unwrap(), "a != id");
        drop(applied);
        assert_eq!(read_to_string(&file).unwrap(), "a == id");

        let panicked = catch_unwind(|| {
            let _applied = MUTATION.apply(tree.path()).unwrap();
            panic!("as a run would, halfway");
        });
        assert!(panicked.is_err());
        assert_eq!(read_to_string(&file).unwrap(), "a == id");
    }

    #[test]
    fn a_table_that_fits_has_no_mistakes() {
        assert_eq!(mistakes(tree("a == id").path(), &["db_get"], &[&MUTATION]), [""; 0]);
    }

    #[test]
    fn every_mistake_of_a_table_is_told_at_once() {
        let unknown = Mutation { operation: "db_put", ..MUTATION };
        let told = mistakes(tree("a").path(), &["db_get", "db_delete"], &[&MUTATION, &unknown]);
        assert_eq!(
            told,
            [
                "db_delete: it has no mutation",
                "db_get: `find` does not occur in src/get.rs",
                "db_put: it is not one of the operations",
                "db_put: `find` does not occur in src/get.rs",
            ]
        );
        assert_eq!(mistakes(tree("a").path(), &["db_get"], &[]), ["db_get: it has no mutation"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let told = mistakes(tempfile::tempdir().unwrap().path(), &["db_get"], &[&MUTATION]);
        assert!(told[0].starts_with("db_get: cannot read") && told[0].contains("get.rs"), "{told:?}");
    }
}
