use std::collections::BTreeSet;

use hostfn_bindings::compat::Rule;
use hostfn_runtime::{
    BuildProblem, CallError, ErrorCode, FindingKind, LoadError, ManifestError, RegistryError, db::MigrationError,
};

use super::{
    find,
    point::{Coded, codes_of, pointer},
    text::{self, Kind},
};
use crate::doctor;

/// Every code of a kind, as the types have them.
fn codes(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Wire => ErrorCode::ALL.map(ErrorCode::as_str).to_vec(),
        Kind::Finding => FindingKind::ALL.iter().map(|kind| kind.id()).collect(),
        Kind::Build => [RegistryError::CODES, BuildProblem::CODES, MigrationError::CODES].concat(),
        Kind::Load => [LoadError::CODES, ManifestError::CODES].concat(),
        Kind::Call => CallError::CODES.to_vec(),
        Kind::Rule => Rule::ALL.iter().map(|rule| rule.id()).collect(),
        Kind::Check => doctor::CHECKS.to_vec(),
    }
}

#[test]
fn every_code_has_a_text_and_every_text_a_code() {
    let texts = text::all();
    for kind in Kind::ALL {
        let has: BTreeSet<_> = texts.iter().filter(|text| text.kind == kind).map(|text| text.code).collect();
        let should: BTreeSet<_> = codes(kind).into_iter().collect();
        assert_eq!(has, should, "{kind:?}");
    }
    let plain: BTreeSet<_> = texts.iter().map(|text| text.code.replace('_', "-")).collect();
    assert_eq!(plain.len(), texts.len(), "two texts are about one code");
}

#[test]
fn a_text_says_what_it_means_gives_an_example_and_says_what_to_do() {
    let whom = ["**Plugin author.** ", "**Developer.** ", "**Operator.** ", "**What to do.** "];
    for text in text::all() {
        let code = text.code;
        let words = text.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.summary.ends_with('.') && words.starts_with(&text.summary), "{code}: {}", text.summary);
        assert!(!text.summary.contains("**"), "{code} begins with what it means");
        assert!(text.text.contains("**Example.** "), "{code} has no example");
        assert!(whom.iter().any(|whom| text.text.contains(whom)), "{code} does not say what to do");
        assert_eq!(text.text.matches("**").count() % 2, 0, "{code}");
    }
}

#[test]
fn a_code_is_found_as_it_is_typed() {
    let texts = text::all();
    for (typed, code) in [("not-granted", "not-granted"), ("permission-denied", "permission_denied"), ("BUSY", "busy")]
    {
        assert_eq!(find(&texts, typed).map(|text| text.code).ok(), Some(code));
    }
    let said = |typed| find(&texts, typed).map(|text| text.code).expect_err("there is no such code").to_string();
    assert_eq!(said("not-grantd"), "there is no code `not-grantd`; did you mean `not-granted`?");
    assert_eq!(said("E0277"), "there is no code `E0277`; `hostfn explain` lists all");
}

#[test]
fn a_failure_points_to_its_codes() {
    let coded = Coded::new(["busy"], "all are busy");
    assert_eq!(coded.to_string(), "all are busy");
    assert_eq!(pointer(codes_of(&coded)).as_deref(), Some("`hostfn explain busy` tells more"));
    assert_eq!(pointer(codes_of(&std::io::Error::other("none"))), None);
    let codes = ["busy", "failed", "busy", "trapped", "timed-out"];
    assert_eq!(
        pointer(codes).as_deref(),
        Some("`hostfn explain busy`, `hostfn explain failed` and `hostfn explain timed-out` tell more")
    );
}
