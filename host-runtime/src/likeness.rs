//! What a name may have been meant for.

/// No name that is meant is longer; comparing takes time by the length, which is anybody's to choose.
const LONGEST: usize = 200;

/// As much of a likeness as a misspelt name has.
const ALIKE: f64 = 0.85;

/// The name that is most like another, if one is like it. Names that differ in how words are joined, `getUser` and
/// `get_user`, are the same.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if wanted.len() > LONGEST {
        return None;
    }
    let plain = joined(wanted);
    let likeness = |name: &str| strsim::jaro_winkler(&joined(name), &plain);
    let alike = names.into_iter().map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness > ALIKE);
    alike.max_by(|(left, _), (right, _)| left.total_cmp(right)).map(|(_, name)| name)
}

/// A name without what joins its words.
fn joined(name: &str) -> String {
    name.chars().filter(|c| !['_', '-'].contains(c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_its_words_are_joined() {
        let names = ["db_get_user_by_email", "db_get_user_by_uuid", "hash_password"];
        for (wanted, found) in [
            ("dbGetUserByEmail", Some("db_get_user_by_email")),
            ("DbGetUserByUuid", Some("db_get_user_by_uuid")),
            ("hash-password", Some("hash_password")),
            ("hash_pasword", Some("hash_password")),
            ("send_mail", None),
        ] {
            assert_eq!(nearest(wanted, names), found, "{wanted}");
        }
        assert_eq!(nearest(&"hash_password".repeat(20), names), None);
        assert_eq!(nearest("user:read", ["users:read", "users:write"]), Some("users:read"));
    }
}
