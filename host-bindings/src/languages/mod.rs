//! The languages of plugins: a folder of templates each, and here what a template cannot know.

pub(crate) mod helpers;
mod words;

/// A language that plugins are written in.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name in small letters, as the command line has it.
    pub name: &'static str,
    /// Its name, as people write it.
    pub title: &'static str,
    /// The only module that its plugins can import from, where they cannot from any.
    pub(crate) only_namespace: Option<&'static str>,
    /// Whether functions and types are told apart by nothing but their names.
    pub(crate) shares_names: bool,
    /// The words that no variable can have for a name, one after the other.
    pub(crate) reserved: &'static str,
    /// The files that are made, each with its template.
    pub(crate) templates: &'static [(&'static str, &'static str)],
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
        shares_names: false,
        reserved: words::JAVASCRIPT,
        templates: templates!("assemblyscript": "hostfn.ts"),
    },
    Language {
        name: "c",
        title: "C",
        only_namespace: None,
        shares_names: true,
        reserved: words::C,
        templates: templates!("c": "hostfn.h"),
    },
    Language {
        name: "go",
        title: "Go",
        only_namespace: None,
        shares_names: false,
        reserved: words::GO,
        templates: templates!("go": "hostfn.go"),
    },
    Language {
        name: "python",
        title: "Python",
        only_namespace: None,
        shares_names: false,
        reserved: words::PYTHON,
        templates: templates!("python": "hostfn.py"),
    },
    Language {
        name: "rust",
        title: "Rust",
        only_namespace: None,
        shares_names: false,
        reserved: words::RUST,
        templates: templates!("rust": "hostfn.rs"),
    },
    Language {
        name: "typescript",
        title: "TypeScript",
        only_namespace: Some("extism:host/user"),
        shares_names: false,
        reserved: words::JAVASCRIPT,
        templates: templates!("typescript": "hostfn-imports.d.ts", "hostfn.ts"),
    },
    Language {
        name: "zig",
        title: "Zig",
        only_namespace: None,
        shares_names: false,
        reserved: words::ZIG,
        templates: templates!("zig": "hostfn.zig"),
    },
];

impl Language {
    /// The language of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LANGUAGES.iter().find(|language| language.name == name)
    }
}
