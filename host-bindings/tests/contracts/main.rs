//! Generated contracts have bindings in every language. That those compile is for `cargo xtask contracts`,
//! which asks each language's own compiler.
#![forbid(unsafe_code)]

mod generator;

use hostfn_bindings::{BindingsError, Contract, LANGUAGES, bindings};

/// A few; the task tries hundreds.
const COUNT: u64 = 60;

#[test]
fn every_language_has_bindings_of_them() {
    let mut written = 0;
    for seed in 0..COUNT {
        let contract = Contract::from_json(&generator::contract(seed).to_string()).expect("it is a contract");
        for language in LANGUAGES {
            match bindings(&contract, language) {
                Ok(files) => {
                    written += 1;
                    assert_eq!(files, bindings(&contract, language).unwrap(), "seed {seed}: the same bytes");
                    let unseen = files.iter().flat_map(|file| file.text.chars()).find(|character| {
                        (character.is_control() && !"\n\t".contains(*character))
                            || "\u{202e}\u{feff}".contains(*character)
                    });
                    assert_eq!(unseen, None, "seed {seed}, {}", language.name);
                }
                // The only thing that a language cannot say.
                Err(BindingsError::Member { language: refusing, .. }) => assert_eq!(refusing, "Go", "seed {seed}"),
                Err(error) => panic!("seed {seed}, {}: {error}", language.name),
            }
        }
    }
    assert!(written > COUNT * 6, "{written}");
}

#[test]
fn a_seed_always_makes_the_same_contract() {
    assert_eq!(generator::contract(7), generator::contract(7));
    assert_ne!(generator::contract(7), generator::contract(8));
}
