//! The rules that the macro crate has a second time, lest the contract be compiled twice in every build, are the contract's.

#[path = "../../src/names.rs"]
#[expect(dead_code, reason = "only what the contract has as well is compared")]
mod names;

use names::{DOMAIN_ERRORS, OTHER_ERRORS, is_permission};

#[test]
fn permissions_are_those_of_the_contract() {
    let parts =
        ["", "a", "users", "users_2", "_users", "2users", "Users", "users-read", "*", "ü", " ", "a b", "users\n"];
    for first in parts {
        assert_eq!(is_permission(first), hostfn::is_permission(first), "{first:?}");
        for second in parts {
            let name = format!("{first}:{second}");
            assert_eq!(is_permission(&name), hostfn::is_permission(&name), "{name:?}");
        }
    }
}

#[test]
fn the_codes_of_errors_are_those_of_the_contract() {
    let is_domain = |code: &&hostfn::ErrorCode| code.is_domain();
    let (domain, others): (Vec<_>, Vec<_>) = hostfn::ErrorCode::ALL.iter().partition(is_domain);
    let names = |codes: Vec<&hostfn::ErrorCode>| codes.into_iter().map(|code| code.as_str()).collect::<Vec<_>>();
    assert_eq!(names(domain), DOMAIN_ERRORS.map(|(name, _)| name));
    assert_eq!(names(others), OTHER_ERRORS);
}
