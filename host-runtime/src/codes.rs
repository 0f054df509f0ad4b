//! The codes of errors, by which `hostfn explain` and an application's own tools know them.

/// Gives an error type its codes: from one table come the list and what each kind answers, so that neither lacks one.
///
/// A kind that only passes on another error has the code of that.
macro_rules! codes {
    ($visibility:vis $type:ident { $($kind:ident $code:literal,)* $(; $($passed_on:ident,)*)? }) => {
        impl $type {
            /// The codes of all kinds. No other error of this crate has one of them.
            $visibility const CODES: &'static [&'static str] = &[$($code),*];

            /// Its stable code, which never changes its meaning; `hostfn explain` tells more by it.
            $visibility fn code(&self) -> &'static str {
                match self {
                    $(Self::$kind { .. } => $code,)*
                    $($(Self::$passed_on(error) => error.code(),)*)?
                }
            }
        }
    };
}

pub(crate) use codes;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{
        BuildProblem, CallError, ErrorCode, FindingKind, LoadError, ManifestError, RegistryError, db::MigrationError,
    };

    #[test]
    fn a_code_is_of_one_kind_and_is_spelt_like_the_others() {
        let findings: Vec<_> = FindingKind::ALL.iter().map(|kind| kind.id()).collect();
        let lists = [
            &findings[..],
            BuildProblem::CODES,
            RegistryError::CODES,
            MigrationError::CODES,
            LoadError::CODES,
            ManifestError::CODES,
            CallError::CODES,
        ];
        let mut seen: BTreeSet<_> = ErrorCode::ALL.map(ErrorCode::as_str).into();
        for code in lists.into_iter().flatten() {
            assert!(seen.insert(code), "two kinds have the code `{code}`");
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{code}");
        }
    }

    #[test]
    fn an_error_that_is_passed_on_keeps_its_code() {
        let error = RegistryError::Duplicate { function: "find" };
        assert_eq!(BuildProblem::Registry(error).code(), "duplicate-function");
        let error = "name = 1".parse::<crate::PluginManifest>().unwrap_err();
        assert_eq!(LoadError::Manifest(error).code(), "manifest-invalid");
        let (plugin, export) = ("auth".to_owned(), "run".to_owned());
        assert_eq!(CallError::KeyReused { plugin, export }.code(), "key-reused");
    }
}
