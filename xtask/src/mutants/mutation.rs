//! One mutation: what it changes, and whether it fits.

use std::{ops::Range, path::Path};

use super::{Suite, switch};
use crate::fs;

/// A mistake in one function.
#[derive(Debug)]
pub struct Mutation {
    /// What is broken: a host function, or a part of the framework.
    pub subject: &'static str,
    /// The mistake, in words.
    pub what: &'static str,
    /// The file, from the root of the repository.
    pub file: &'static str,
    /// What stands in the file exactly once, within the body of a function.
    pub find: &'static str,
    /// What is put there instead.
    pub replace: &'static str,
    /// The tests that have to notice.
    pub tests: Suite,
}

impl Mutation {
    /// Where in a file's content the mistake is made.
    pub(super) fn place(&self, content: &str) -> Result<Range<usize>, String> {
        if self.find.is_empty() {
            return Err("`find` is empty".to_owned());
        }
        if self.find == self.replace {
            return Err("`replace` is the same as `find`".to_owned());
        }
        let mut places = content.match_indices(self.find);
        match (places.next(), places.count()) {
            (Some((start, _)), 0) => Ok(start..start + self.find.len()),
            (None, _) => Err(format!("`find` does not occur in {}", self.file)),
            (Some(_), more) => {
                Err(format!("`find` occurs {} times in {}; include more of what is around it", more + 1, self.file))
            }
        }
    }
}

/// What is wrong with a table: operations without a mutation, and mutations that do not fit their file.
pub(super) fn mistakes(root: &Path, operations: &[&str], mutations: &[&Mutation]) -> Vec<String> {
    let mut mistakes = Vec::new();
    for operation in operations {
        if !mutations.iter().any(|mutation| mutation.subject == *operation) {
            mistakes.push(format!("{operation}: it has no mutation"));
        }
    }
    for mutation in mutations {
        let content = fs::read_text(&root.join(mutation.file)).map_err(|error| error.to_string());
        let fits = content.and_then(|content| {
            let place = mutation.place(&content)?;
            switch::body_around(&content, &place).map(|_| ())
        });
        if let Err(why) = fits {
            mistakes.push(format!("{}: {why}", mutation.subject));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::{Mutation, mistakes};
    use crate::{fs::write, mutants::Suite};

    const MUTATION: Mutation = Mutation {
        subject: "db_get",
        what: "it gets others",
        file: "src/get.rs",
        find: "== id",
        replace: "!= id",
        tests: Suite::behaviour("it"),
    };

    fn tree(content: &str) -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        write(&tree.path().join(MUTATION.file), content).unwrap();
        tree
    }

    #[test]
    fn what_occurs_once_is_found() {
        assert_eq!(MUTATION.place("a == id, b").unwrap(), 2..7);
    }

    #[test]
    fn what_does_not_occur_or_occurs_twice_is_an_error() {
        assert_eq!(MUTATION.place("a").unwrap_err(), "`find` does not occur in src/get.rs");
        let twice = MUTATION.place("a == id, b == id").unwrap_err();
        assert_eq!(twice, "`find` occurs 2 times in src/get.rs; include more of what is around it");
    }

    #[test]
    fn a_mutation_that_changes_nothing_is_an_error() {
        let same = Mutation { replace: "== id", ..MUTATION };
        assert_eq!(same.place("== id").unwrap_err(), "`replace` is the same as `find`");
        let empty = Mutation { find: "", ..MUTATION };
        assert_eq!(empty.place("== id").unwrap_err(), "`find` is empty");
    }

    #[test]
    fn a_table_that_fits_has_no_mistakes() {
        assert_eq!(mistakes(tree("fn get() { a == id }").path(), &["db_get"], &[&MUTATION]), [""; 0]);
    }

    #[test]
    fn every_mistake_of_a_table_is_reported_at_once() {
        let other = Mutation { subject: "codec", ..MUTATION };
        assert_eq!(
            mistakes(tree("a").path(), &["db_get", "db_delete"], &[&MUTATION, &other]),
            [
                "db_delete: it has no mutation",
                "db_get: `find` does not occur in src/get.rs",
                "codec: `find` does not occur in src/get.rs",
            ]
        );
        let outside = mistakes(tree("const IS: bool = a == id;").path(), &["db_get"], &[&MUTATION]);
        assert_eq!(outside, ["db_get: it is in no function's body, where it could be chosen while the tests run"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let found = mistakes(tempfile::tempdir().unwrap().path(), &["db_get"], &[&MUTATION]);
        assert!(found[0].starts_with("db_get: cannot read") && found[0].contains("get.rs"), "{found:?}");
    }
}
