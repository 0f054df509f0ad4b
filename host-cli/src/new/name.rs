//! Names of projects.

/// Rust's words, which no package can have for a name, and those that packages of every toolchain have.
const TAKEN: &str = "abstract alloc as async await become box break const continue core crate do dyn else enum extern \
                     false final fn for gen if impl in let loop macro match mod move mut override priv proc_macro pub \
                     ref return self static std struct super test trait true try type typeof union unsafe unsized use \
                     virtual where while yield";

/// What cargo or an operating system has a use of its own for.
const RESERVED: &str = "aux build con deps examples incremental nul prn";

/// What a project of ours depends on: a package cannot depend on one of its own name.
const DEPENDENCIES: &str = "diesel diesel_migrations extism_pdk hostfn hostfn_test schemars serde serde_json";

/// Whether it can be the name of a package of cargo's; otherwise, what to do.
pub(super) fn is_package(name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.len() > 64 || !name.chars().all(is_plain) || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(
            "expected the name of a package: a letter, and then at most 63 letters, digits, `-` and `_`".to_owned()
        );
    }
    if name.contains(|c: char| c.is_ascii_uppercase()) {
        return Err("the compiler warns of capitals in the name of a crate: write it in small letters".to_owned());
    }
    let snake = name.replace('-', "_");
    let is_one_of = |words: &str| words.split_whitespace().any(|word| word == snake);
    if is_one_of(TAKEN) {
        return Err("it is a word of Rust's own: choose another name".to_owned());
    }
    if is_one_of(RESERVED) {
        return Err("cargo or an operating system keeps it for itself: choose another name".to_owned());
    }
    if is_one_of(DEPENDENCIES) {
        return Err("the project depends on a package of that name: choose another one".to_owned());
    }
    Ok(())
}

/// Whether it can be the name of a plugin; otherwise, what to do.
pub(super) fn is_plugin(name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() > 64 || !name.chars().all(is_plain) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(
            "expected the name of a plugin: a letter or digit, and then at most 63 letters, digits, `-`, `_` and `.`"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_cargo_takes() {
        for name in ["my-app", "a", "app_2", "notes"] {
            assert_eq!(is_package(name), Ok(()), "{name}");
        }
        for (name, said) in [
            ("", "a letter, and then"),
            ("2fa", "a letter, and then"),
            ("-a", "a letter, and then"),
            ("a.b", "a letter, and then"),
            ("naïve", "a letter, and then"),
            (&"a".repeat(65), "at most 63"),
            ("App_2", "small letters"),
            ("self", "a word of Rust's"),
            ("proc-macro", "a word of Rust's"),
            ("deps", "keeps it for itself"),
            ("hostfn", "depends on a package"),
            ("serde-json", "depends on a package"),
        ] {
            let reason = is_package(name).unwrap_err();
            assert!(reason.contains(said), "{name}: {reason}");
        }
    }

    #[test]
    fn a_plugin_has_a_name_that_a_manifest_takes() {
        for (name, taken) in [("my-plugin", true), ("a.b_2", true), ("2fa", true), ("self", true), (".a", false)] {
            assert_eq!(is_plugin(name).is_ok(), taken, "{name}");
            let hash = "0".repeat(64);
            let manifest = format!("name = '{name}'\nmodule = 'a.wasm'\nsha256 = '{hash}'");
            assert!(!taken || manifest.parse::<hostfn_runtime::PluginManifest>().is_ok(), "{name}");
        }
        assert!(is_plugin("a b").is_err() && is_plugin("").is_err() && is_plugin("-a").is_err());
    }
}
