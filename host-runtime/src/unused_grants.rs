//! Grants that no function of a host needs, which are mistyped more often than not.

use hostfn_contract::Grants;

use crate::likeness::nearest;

/// Says of each grant that covers no permission of these that it does not, and what was meant.
pub fn unused<'a, 'p>(grants: &'a Grants, permissions: impl IntoIterator<Item = &'p str>) -> Vec<(&'a str, String)> {
    let permissions: Vec<_> = permissions.into_iter().collect();
    let is_unused = |grant: &&str| *grant != "*" && !permissions.iter().any(|permission| covers(grant, permission));
    let told = grants.iter().filter(is_unused).map(|grant| {
        // Of `user:*` it is the first part that is mistyped.
        let (name, end) = grant.strip_suffix(":*").map_or((grant, ""), |above| (above, ":*"));
        let known = permissions.iter().map(|permission| match end {
            "" => *permission,
            _ => permission.rsplit_once(':').map_or(*permission, |(above, _)| above),
        });
        let meant = match nearest(name, known) {
            Some(meant) => format!("did you mean `{meant}{end}`?"),
            None => "`hostfn list` shows what the functions need".to_owned(),
        };
        (grant, format!("no function of this host needs; {meant}"))
    });
    told.collect()
}

/// Whether a grant, a name or one that ends in `*`, covers another or a permission.
pub(crate) fn covers(grant: &str, other: &str) -> bool {
    grant.parse::<Grants>().is_ok_and(|grants| grants.includes(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_that_covers_nothing_is_told_with_the_nearest() {
        let grants = Grants::of(["*", "users:*", "users:read", "user:read", "sesions:*", "moon:land"]).unwrap();
        let told = unused(&grants, ["users:read", "users:write", "sessions:read"]);
        let needs = "no function of this host needs; ";
        assert_eq!(
            told,
            [
                ("moon:land", format!("{needs}`hostfn list` shows what the functions need")),
                ("sesions:*", format!("{needs}did you mean `sessions:*`?")),
                ("user:read", format!("{needs}did you mean `users:read`?")),
            ]
        );
    }
}
