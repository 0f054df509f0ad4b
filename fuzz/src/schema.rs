//! Bytes as a contract, and all that is made from it for the authors of plugins.

use hostfn_bindings::{BindingsError, Contract, LANGUAGES, Language, Reference, bindings, xtp, xtp_problems};

use crate::contracts::contract;

/// Makes the document of a contract, and the bindings of a language, XTP or the page, twice.
///
/// What can be made is the same bytes both times, and what cannot is refused with a reason, never because a template is
/// wrong. XTP that is written has no problems.
pub fn run(data: &[u8]) {
    let Some(contract) = contract(data) else { return };
    let written = contract.to_json();
    let read = Contract::from_json(&written).expect("what was written is a contract");
    assert_eq!(read.to_json(), written);

    // One of them an execution, which the input decides: reading the templates takes longest.
    let sum = data.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let make = |contract| match LANGUAGES.get(sum % (LANGUAGES.len() + 2)) {
        Some(language) => bound(contract, language),
        None if sum.is_multiple_of(2) => exchanged(contract),
        None => shown(contract),
    };
    assert_eq!(make(&contract), make(&read));
}

/// The bindings in a language, or why there are none.
fn bound(contract: &Contract, language: &'static Language) -> String {
    match bindings(contract, language) {
        Ok(files) => files.into_iter().map(|file| file.text).collect(),
        Err(BindingsError::Template(error)) => panic!("{}: {error:#}", language.name),
        Err(error) => error.to_string(),
    }
}

/// The XTP schema, or why there is none.
fn exchanged(contract: &Contract) -> String {
    match xtp(contract) {
        Ok(document) => {
            let problems = xtp_problems(&document);
            assert!(problems.is_empty(), "{problems:?} in {document:#}");
            document.to_string()
        }
        Err(error) => error.to_string(),
    }
}

/// The page, which every contract has.
fn shown(contract: &Contract) -> String {
    let page = Reference::of(contract, &[]).expect("the template is right");
    page.html().expect("the template is right") + &page.markdown().expect("the template is right")
}
