//! Comparing a transcript with the accepted one.

use std::{
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use crate::{TestHost, Transcript, accepted::Accepted, difference::differences};

/// Compares a transcript with the accepted one of its name, and fails with which call differs and how.
///
/// - `assert_transcript!(host)` takes all that was said since the host was made, and
///   `assert_transcript!(transcript)` what [`TestHost::record`] recorded.
/// - It is named after the test: `snapshots/my_crate/users/creates_a_user.snap` in the crate's folder, for
///   the test `users::creates_a_user`. A second one in the same test needs a name of its own:
///   `assert_transcript!(host, "after the reset")`.
/// - `assert_transcript!(host, folder = …, name = …)` names it otherwise.
///
/// A new or changed one waits for a review: `cargo insta review`, or `INSTA_UPDATE=always cargo test` and a
/// look at what git says.
///
/// ```no_run
/// # extern crate hostfn_runtime as hostfn;
/// use hostfn_test::{TestHost, assert_transcript};
/// # hostfn::registry!();
/// # fn main() {
///
/// let host = TestHost::new(registry());
/// host.call("greet", serde_json::json!({"name": "Ada"}));
/// assert_transcript!(host);
/// # }
/// ```
#[macro_export]
macro_rules! assert_transcript {
    ($transcript:expr $(,)?) => {{
        let (folder, name) = $crate::__private::named_after($crate::__test_path!(), env!("CARGO_MANIFEST_DIR"), None);
        $crate::assert_transcript!($transcript, folder = folder, name = name)
    }};
    ($transcript:expr, folder = $folder:expr, name = $name:expr $(,)?) => {{
        let text = $crate::__private::text_of(&$transcript);
        let (folder, name) = ($crate::__private::folder($folder), String::from($name));
        let difference = $crate::__private::difference(&folder, &name, &text);
        let compare = || {
            $crate::__private::insta::with_settings!(
                { snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true },
                { $crate::__private::insta::assert_snapshot!(name, text) }
            )
        };
        $crate::__private::failing_with(difference, compare);
    }};
    ($transcript:expr, $name:expr $(,)?) => {{
        let (folder, name) =
            $crate::__private::named_after($crate::__test_path!(), env!("CARGO_MANIFEST_DIR"), Some($name));
        $crate::assert_transcript!($transcript, folder = folder, name = name)
    }};
}

/// The path of the function that it is written in.
#[doc(hidden)]
#[macro_export]
macro_rules! __test_path {
    () => {{
        fn here() {}
        ::std::any::type_name_of_val(&here)
    }};
}

/// What the macro's output names.
#[doc(hidden)]
pub mod __private {
    pub use insta;

    use super::*;

    /// Something that is a transcript or has one.
    pub trait HasTranscript {
        fn transcript_text(&self) -> String;
    }

    impl HasTranscript for Transcript {
        fn transcript_text(&self) -> String {
            self.to_string()
        }
    }

    impl HasTranscript for TestHost {
        fn transcript_text(&self) -> String {
            self.transcript().to_string()
        }
    }

    impl<T: HasTranscript> HasTranscript for &T {
        fn transcript_text(&self) -> String {
            (**self).transcript_text()
        }
    }

    pub fn text_of(of: &impl HasTranscript) -> String {
        of.transcript_text()
    }

    pub fn folder(folder: impl Into<PathBuf>) -> PathBuf {
        folder.into()
    }

    /// The folder and the name of a test's snapshot. `here` is the path of a function inside the test.
    pub fn named_after(here: &str, manifest_folder: &str, name: Option<&str>) -> (PathBuf, String) {
        let mut parts: Vec<_> = here.split("::").filter(|part| !part.starts_with('{')).collect();
        // The function `here` itself.
        parts.pop();
        let test = parts.pop().unwrap_or("transcript");
        let folder = Path::new(manifest_folder).join("snapshots").join(parts.iter().collect::<PathBuf>());
        (folder, name.map_or_else(|| test.to_owned(), |name| format!("{test}.{}", name.replace(' ', "_"))))
    }

    /// Which calls differ from those of the accepted transcript, if there is one.
    pub fn difference(folder: &Path, name: &str, text: &str) -> String {
        let Ok(Some(old)) = Accepted::read(&folder.join(format!("{name}.snap"))) else { return String::new() };
        let new = Accepted::parse(text);
        format!("the transcript `{name}` is not the accepted one:\n  {}", differences(&old, &new).join("\n  "))
    }

    /// Fails with which calls differ, after insta has shown the lines.
    pub fn failing_with(difference: String, compare: impl FnOnce()) {
        let outcome = panic::catch_unwind(AssertUnwindSafe(compare));
        if let Err(failure) = outcome {
            if difference.is_empty() {
                panic::resume_unwind(failure);
            }
            panic!("{difference}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_named_after_its_test() {
        let named = |name| __private::named_after("my_app::users::creates::here", "/app", name);
        assert_eq!(named(None), ("/app/snapshots/my_app/users".into(), "creates".to_owned()));
        assert_eq!(named(Some("the end")).1, "creates.the_end");
        let in_closure = __private::named_after("my_app::creates::{{closure}}::here", "/app", None);
        assert_eq!(in_closure, ("/app/snapshots/my_app".into(), "creates".to_owned()));
    }
}
