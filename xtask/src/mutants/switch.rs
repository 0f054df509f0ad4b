//! All mutations in one build: each function that has some chooses its body while it runs.
//!
//! ```text
//! fn double(n: u32) -> u32 {
//!     if the environment variable says 0 { n * 3 } else { n * 2 }
//! }
//! ```
//!
//! Whole bodies are exchanged and not expressions, because the type of an expression may change with the mistake: two
//! comparisons of diesel are two types, and both are `bool` in SQL.

use std::{collections::BTreeMap, ops::Range, path::Path};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Mutation;
use crate::{Error, fs};

/// The environment variable that chooses a mutation, by its number.
pub(super) const MUTANT: &str = "HOSTFN_MUTANT";

/// Puts all mutations into the tree. Their numbers are their places in `mutations`.
pub(super) fn install(tree: &Path, mutations: &[&Mutation]) -> Result<(), Error> {
    let mut of_file: BTreeMap<&str, Vec<(usize, &Mutation)>> = BTreeMap::new();
    for (number, mutation) in mutations.iter().enumerate() {
        of_file.entry(mutation.file).or_default().push((number, mutation));
    }
    for (file, mutations) in of_file {
        let path = tree.join(file);
        let content = fs::read_text(&path)?;
        let switched = switched(&content, &mutations).map_err(|why| Error::new(format!("{file}: {why}")))?;
        fs::write(&path, switched)?;
    }
    Ok(())
}

/// The file's content with each mutation beside what it changes.
fn switched(content: &str, mutations: &[(usize, &Mutation)]) -> Result<String, String> {
    let mut bodies: BTreeMap<(usize, usize), String> = BTreeMap::new();
    for (number, mutation) in mutations {
        let place = mutation.place(content)?;
        let body = body_around(content, &place)?;
        let mutated = [&content[body.start..place.start], mutation.replace, &content[place.end..body.end]].concat();
        let choice =
            format!("if ::std::env::var_os(\"{MUTANT}\").is_some_and(|it| it == \"{number}\") {mutated} else ");
        bodies.entry((body.start, body.end)).or_default().push_str(&choice);
    }
    let ranges: Vec<_> = bodies.keys().collect();
    if let Some(pair) = ranges.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        return Err(format!("a function with a mutation is within another one, at byte {}", pair[1].0));
    }
    let mut switched = content.to_owned();
    // From the end, so that the places before it stay.
    for ((start, end), choices) in bodies.into_iter().rev() {
        let original = switched[start..end].to_owned();
        switched.replace_range(start..end, &format!("{{ {choices}{original} }}"));
    }
    Ok(switched)
}

/// The innermost body of a function around a place, braces included.
pub(super) fn body_around(content: &str, place: &Range<usize>) -> Result<Range<usize>, String> {
    let tokens: TokenStream = content.parse().map_err(|error| format!("the file is not Rust: {error}"))?;
    let mut found = None;
    find_body(tokens, place, &mut found);
    match found {
        Some((body, false)) => Ok(body),
        Some((_, true)) => Err("it is in a `const fn`, which cannot look at the environment".to_owned()),
        None => Err("it is in no function's body, where it could be chosen while the tests run".to_owned()),
    }
}

/// Keeps the last body found, which is the innermost, and whether its function is `const`.
fn find_body(tokens: TokenStream, place: &Range<usize>, found: &mut Option<(Range<usize>, bool)>) {
    // Of the function whose body comes next: whether it is `const`.
    let mut header = None;
    let mut before = String::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                let ident = ident.to_string();
                // A type such as `fn(u32) -> u32` has no name after it, and no body.
                if before == "fn" || before == "const fn" {
                    header = Some(before == "const fn");
                }
                let is_const_function = ident == "fn" && before == "const";
                before = if is_const_function { "const fn".to_owned() } else { ident };
                continue;
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => header = None,
            TokenTree::Group(group) => {
                let range = group.span().byte_range();
                if range.start <= place.start && place.end <= range.end {
                    if let (Delimiter::Brace, Some(is_const)) = (group.delimiter(), header) {
                        *found = Some((range, is_const));
                    }
                    find_body(group.stream(), place, found);
                }
                if group.delimiter() == Delimiter::Brace {
                    header = None;
                }
            }
            _ => {}
        }
        before.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Mutation, body_around, switched};
    use crate::mutants::Suite;

    const FILE: &str = r#"
const A: fn(u32) -> u32 = double;
/// Has { a brace in its comment.
fn double<const N: usize>(n: u32) -> u32 where u32: Copy { let text = "}"; inner(n * 2) }
impl S {
    pub(crate) const fn never(self) -> u32 { 7 }
    fn halve(self) -> u32 { fn within(n: u32) -> u32 { n / 2 } let f = |n: u32| { n + 1 }; within(f(self.0)) }
}
"#;

    fn body(find: &str) -> Result<String, String> {
        let start = FILE.find(find).unwrap();
        body_around(FILE, &(start..start + find.len())).map(|body| FILE[body].to_owned())
    }

    fn mutation(find: &'static str, replace: &'static str) -> Mutation {
        Mutation {
            subject: "it",
            what: "it is wrong",
            file: "src/lib.rs",
            find,
            replace,
            tests: Suite::behaviour("it"),
        }
    }

    #[test]
    fn the_body_is_that_of_the_innermost_function() {
        assert_eq!(body("n * 2").unwrap(), "{ let text = \"}\"; inner(n * 2) }");
        assert_eq!(body("n / 2").unwrap(), "{ n / 2 }");
        assert!(body("n + 1").unwrap().starts_with("{ fn within"));
    }

    #[test]
    fn what_cannot_choose_is_refused() {
        assert!(body("7").unwrap_err().contains("`const fn`"));
        assert!(body("= double").unwrap_err().contains("no function's body"));
    }

    #[test]
    fn each_mutation_stands_beside_what_it_changes() {
        let content = "fn double(n: u32) -> u32 { n * 2 }";
        let (triples, adds) = (mutation("n * 2", "n * 3"), mutation("* 2", "+ 2"));
        let all = switched(content, &[(4, &triples), (5, &adds)]).unwrap();
        let choice = |number| format!("if ::std::env::var_os(\"HOSTFN_MUTANT\").is_some_and(|it| it == \"{number}\")");
        assert_eq!(
            all,
            format!(
                "fn double(n: u32) -> u32 {{ {} {{ n * 3 }} else {} {{ n + 2 }} else {{ n * 2 }} }}",
                choice(4),
                choice(5)
            )
        );
    }

    #[test]
    fn a_mutation_around_another_is_refused() {
        let (inner, outer) = (mutation("n / 2", "n"), mutation("n + 1", "n"));
        assert!(switched(FILE, &[(0, &inner), (1, &outer)]).unwrap_err().contains("within another"));
    }
}
