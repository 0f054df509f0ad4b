//! Bindings of generated contracts, each checked by its language's own compiler.
//!
//! What makes the contracts up and writes the bindings is an example of `hostfn-bindings`, so that this program needs
//! nothing of a host. Here the files of all contracts go to a language's compiler at once, which costs seconds where one
//! after the other would cost minutes; which contract is at fault is read from what the compiler says.

mod checkers;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::{Path, PathBuf},
};

use comfy_table::Table;
use serde_json::Value;

use crate::{Error, fs, process, target_dir};
use checkers::{CHECKERS, Checked};

/// What to try.
#[derive(Debug)]
pub struct Contracts {
    /// How many contracts.
    pub count: u64,
    /// The seed of the first; each further one has the next.
    pub seed: u64,
    /// Only the bindings for this language.
    pub language: Option<String>,
}

/// Makes contracts up, writes their bindings, and has them checked.
///
/// # Errors
/// When bindings do not compile, and when `CI` is set and a compiler is missing.
pub fn run(root: &Path, options: &Contracts) -> Result<(), Error> {
    let languages: Vec<_> = CHECKERS.iter().map(|(language, _)| *language).collect();
    if let Some(only) = &options.language
        && !languages.contains(&only.as_str())
    {
        return Err(Error::new(format!("there are no bindings for {only}; there are {}", languages.join(", "))));
    }
    let folder = target_dir(root, "contracts")?;
    for made in languages.iter().copied().chain(["contracts", "outcomes.json"]) {
        let made = folder.join(made);
        if made.is_dir() {
            fs::remove_all(&made)?;
        }
    }
    write(root, options, &folder)?;
    let refused = refused(&folder)?;

    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["language", "contracts", "compiled", "refused", "failed"]);
    let (mut failures, mut skipped) = (Vec::new(), Vec::new());
    for (language, check) in
        CHECKERS.iter().filter(|(language, _)| options.language.as_deref().is_none_or(|only| only == *language))
    {
        let refusals = refused.get(*language).cloned().unwrap_or_default();
        let written = seeds(&folder.join(language))?;
        let failed = match check(root, &folder.join(language), &written)? {
            Checked::Missing(what) => {
                table.add_row([language, &*options.count.to_string(), "skipped", &*refusals.len().to_string(), ""]);
                skipped.push(format!("{language}: {what}"));
                continue;
            }
            Checked::Said { is_well, said } => {
                let failed = named(&said, &written);
                let log = folder.join(format!("{language}.txt"));
                fs::write(&log, &said)?;
                if !is_well && failed.is_empty() {
                    return Err(Error::new(format!(
                        "{language}: its compiler failed, and not for the bindings: see {}",
                        log.display()
                    )));
                }
                if is_well { BTreeSet::new() } else { failed }
            }
        };
        let compiled = written.len() - failed.len();
        let counts = [options.count, compiled as u64, refusals.len() as u64, failed.len() as u64];
        table.add_row([(*language).to_owned()].into_iter().chain(counts.map(|count| count.to_string())));
        failures.extend(failed.into_iter().map(|seed| ((*language).to_owned(), seed)));
    }
    println!("{table}");
    for (reason, count) in reasons(&refused) {
        println!("refused {count}: {reason}");
    }
    for skipped in &skipped {
        println!("skipped {skipped}");
    }
    for (language, seed) in &failures {
        let contract = folder.join(format!("contracts/c{seed}.json"));
        println!("failed: {}", contract.display());
        println!("  what the compiler says is in {}", folder.join(format!("{language}.txt")).display());
        println!("  once more: cargo xtask contracts --count 1 --seed {seed} --language {language}");
    }
    if !failures.is_empty() {
        return Err(Error::new(format!("{} bindings do not compile", failures.len())));
    }
    if !skipped.is_empty() && env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        return Err(Error::new("languages were skipped, and this is CI"));
    }
    Ok(())
}

fn write(root: &Path, options: &Contracts, folder: &Path) -> Result<(), Error> {
    // Of the whole workspace, as its tests build it: of one package the features are others, and so is each dependency.
    let mut cargo = process::command("cargo", root);
    cargo
        .args(["build", "--quiet", "--workspace", "--example", "contracts"])
        .env("CARGO_TARGET_DIR", target_dir(root, "")?);
    let status = cargo.status().map_err(Error::io("start cargo in", root))?;
    if !status.success() {
        return Err(Error::new("what makes contracts up does not compile; the messages are above"));
    }
    let program = target_dir(root, "debug/examples/contracts")?;
    let mut command = process::command(&program, root);
    command.args([options.count.to_string(), options.seed.to_string()]).arg(folder);
    let status = command.status().map_err(Error::io("start", &program))?;
    if status.success() { Ok(()) } else { Err(Error::new("the bindings were not written; the messages are above")) }
}

/// Why bindings were refused, by language.
fn refused(folder: &Path) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let outcomes: Vec<Value> = serde_json::from_slice(&fs::read(&folder.join("outcomes.json"))?)
        .map_err(|error| Error::new(format!("what was written is not told: {error}")))?;
    let mut refused: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for outcome in outcomes {
        if let (Some(language), Some(reason)) = (outcome["language"].as_str(), outcome["refused"].as_str()) {
            refused.entry(language.to_owned()).or_default().push(reason.to_owned());
        }
    }
    Ok(refused)
}

/// How often each kind of reason was given, without the names in it.
fn reasons(refused: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for reason in refused.values().flatten() {
        let kind: Vec<_> = reason.split('`').step_by(2).collect();
        *reasons.entry(kind.join("…")).or_default() += 1;
    }
    reasons
}

/// The seeds of the contracts whose bindings are in a folder, which has a folder for each.
fn seeds(folder: &Path) -> Result<BTreeSet<u64>, Error> {
    let seed = |path: &PathBuf| path.file_name()?.to_str()?.strip_prefix('c')?.parse().ok();
    Ok(fs::entries(folder)?.iter().filter_map(seed).collect())
}

/// The contracts that a compiler names: each is a folder or a file `c` with its seed.
fn named(said: &str, written: &BTreeSet<u64>) -> BTreeSet<u64> {
    let mut named = BTreeSet::new();
    for (at, _) in said.match_indices('c') {
        let before = said[..at].chars().next_back();
        let digits: String = said[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        let after = said[at + 1 + digits.len()..].chars().next();
        let is_path = before.is_none_or(|before| !before.is_ascii_alphanumeric() && before != '_')
            && after.is_some_and(|after| "/.\\".contains(after));
        if is_path
            && let Ok(seed) = digits.parse()
            && written.contains(&seed)
        {
            named.insert(seed);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_names_contracts_by_their_files() {
        let written = (0..200).collect();
        let said = "src/c12/hostfn.rs:3: error\nc7.py:1: note\nabc9/x c1 c300/x.go c14\\hostfn.h";
        assert_eq!(named(said, &written).into_iter().collect::<Vec<_>>(), [7, 12, 14]);
    }

    #[test]
    fn reasons_are_counted_by_kind() {
        let reasons = reasons(&[("go".to_owned(), vec!["`a` of b".to_owned(), "`c` of b".to_owned()])].into());
        assert_eq!(reasons.into_iter().collect::<Vec<_>>(), [("… of b".to_owned(), 2)]);
    }
}
