//! The languages of plugins: a folder of templates each, and here what a template cannot know.

pub(crate) mod helpers;
mod text;
mod words;

use crate::naming::{Case, Manner, Members};

/// A language that plugins are written in.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name in small letters, as the command line has it.
    pub name: &'static str,
    /// Its name, as people write it.
    pub title: &'static str,
    /// The only module that its plugins can import from, where they cannot from any.
    pub(crate) only_namespace: Option<&'static str>,
    /// How its comments and literals are written.
    pub(crate) syntax: Syntax,
    /// The words that nothing can have for a name, one after the other.
    pub(crate) words: &'static str,
    /// How it names things.
    pub(crate) manner: Manner,
    /// The files that are made, each with its template.
    pub(crate) templates: &'static [(&'static str, &'static str)],
}

/// How comments and literals are written, of which some languages share a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    C,
    Go,
    JavaScript,
    Python,
    Rust,
    Zig,
}

/// The templates of a language, by the names of what they make.
macro_rules! templates {
    ($($folder:literal: $($file:literal),+)?) => {
        &[$($(($file, include_str!(concat!("../../templates/", $folder, "/", $file, ".jinja")))),+)?]
    };
}

/// All languages, sorted by name.
pub static LANGUAGES: &[Language] = &[
    Language {
        name: "assemblyscript",
        title: "AssemblyScript",
        only_namespace: None,
        syntax: Syntax::JavaScript,
        words: words::JAVASCRIPT,
        manner: Manner {
            types: Case::Pascal,
            type_declares: &["{}"],
            functions: Case::Camel,
            function_declares: &["{}"],
            fields: Some(Case::Camel),
            members: Members::Inside(Case::Screaming),
        },
        templates: templates!("assemblyscript": "hostfn.ts"),
    },
    Language {
        name: "c",
        title: "C",
        only_namespace: None,
        syntax: Syntax::C,
        words: words::C,
        manner: Manner {
            types: Case::Snake,
            type_declares: &["hostfn_{}", "hostfn_read_{}", "hostfn_write_{}"],
            functions: Case::Snake,
            function_declares: &["hostfn_{}", "hostfn_{}_data", "hostfn__import_{}"],
            fields: Some(Case::Snake),
            members: Members::Beside(Case::Screaming, "HOSTFN_<>_{}", "HOSTFN_ERROR_{}"),
        },
        templates: templates!("c": "hostfn.h"),
    },
    Language {
        name: "go",
        title: "Go",
        only_namespace: None,
        syntax: Syntax::Go,
        words: words::GO,
        manner: Manner {
            types: Case::Pascal,
            type_declares: &["{}"],
            functions: Case::Pascal,
            function_declares: &["{}", "import{}"],
            fields: Some(Case::Pascal),
            members: Members::Beside(Case::Pascal, "<>{}", "Error{}"),
        },
        templates: templates!("go": "hostfn.go"),
    },
    Language {
        name: "python",
        title: "Python",
        only_namespace: None,
        syntax: Syntax::Python,
        words: words::PYTHON,
        manner: Manner {
            types: Case::Pascal,
            type_declares: &["{}"],
            functions: Case::Snake,
            function_declares: &["{}", "_{}"],
            fields: None,
            members: Members::Unnamed,
        },
        templates: templates!("python": "hostfn.py"),
    },
    Language {
        name: "rust",
        title: "Rust",
        only_namespace: None,
        syntax: Syntax::Rust,
        words: words::RUST,
        manner: Manner {
            types: Case::Pascal,
            type_declares: &["{}"],
            functions: Case::Snake,
            function_declares: &["{}"],
            fields: Some(Case::Snake),
            members: Members::Inside(Case::Pascal),
        },
        templates: templates!("rust": "hostfn.rs"),
    },
    Language {
        name: "typescript",
        title: "TypeScript",
        only_namespace: Some("extism:host/user"),
        syntax: Syntax::JavaScript,
        words: words::JAVASCRIPT,
        manner: Manner {
            types: Case::Pascal,
            type_declares: &["{}"],
            functions: Case::Camel,
            function_declares: &["{}"],
            fields: None,
            members: Members::Unnamed,
        },
        templates: templates!("typescript": "hostfn-imports.d.ts", "hostfn.ts"),
    },
    Language {
        name: "zig",
        title: "Zig",
        only_namespace: None,
        syntax: Syntax::Zig,
        words: words::ZIG,
        manner: Manner {
            types: Case::Pascal,
            type_declares: &["{}"],
            functions: Case::Camel,
            function_declares: &["{}"],
            fields: Some(Case::Snake),
            members: Members::Inside(Case::Snake),
        },
        templates: templates!("zig": "hostfn.zig"),
    },
];

impl Language {
    /// The language of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LANGUAGES.iter().find(|language| language.name == name)
    }

    /// Whether a name means something in the language itself, and can be nothing else's.
    pub(crate) fn is_word(&self, name: &str) -> bool {
        let is_sized = |name: &str| {
            let digits = name.strip_prefix(['i', 'u', 'f']);
            digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()))
        };
        self.words.split(' ').any(|word| word == name) || (self.syntax == Syntax::Zig && is_sized(name))
    }
}
