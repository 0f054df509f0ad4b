//! References from one schema to another, which are written as part of an address: in `#/$defs/Page%3CNote%3E` is the
//! name `Page<Note>`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What the name of a type stands behind, where a schema refers to it.
pub(crate) const REFERENCE: &str = "#/$defs/";

/// The name that a reference names, if it is one to a type of the contract.
pub(crate) fn name_of(target: &str) -> Option<Cow<'_, str>> {
    let name = target.strip_prefix(REFERENCE)?;
    if !name.contains(['%', '~']) {
        return Some(Cow::Borrowed(name));
    }
    // A pointer has its own escapes within those of the address: RFC 6901, section 6.
    Some(Cow::Owned(decoded(name).replace("~1", "/").replace("~0", "~")))
}

/// The reference to a type of the contract.
pub(crate) fn reference_to(name: &str) -> String {
    let mut target = REFERENCE.to_owned();
    for character in name.replace('~', "~0").replace('/', "~1").chars() {
        if character.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(character) {
            target.push(character);
        } else {
            let mut bytes = [0; 4];
            target.extend(character.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    target
}

/// A part of an address as it reads without its escapes. What is no escape stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_read_out_of_its_reference() {
        for (target, name) in [
            ("#/$defs/User", "User"),
            ("#/$defs/Page%3CNote%3E", "Page<Note>"),
            ("#/$defs/a~1b~0c", "a/b~c"),
            ("#/$defs/50%", "50%"),
            ("#/$defs/Page<Note>", "Page<Note>"),
        ] {
            assert_eq!(name_of(target).as_deref(), Some(name));
        }
        assert_eq!(name_of("#/components/User"), None);
    }

    proptest! {
        #[test]
        fn every_name_is_read_as_it_was_written(name in any::<String>()) {
            let target = reference_to(&name);
            prop_assert!(target.is_ascii());
            prop_assert_eq!(name_of(&target).map(Cow::into_owned), Some(name));
        }
    }
}
