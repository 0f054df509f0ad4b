//! What a plugin's project is in each language: a folder of templates each, and here what a template cannot know.

use serde::Serialize;

/// How plugins of a language are built.
#[derive(Debug, Serialize)]
pub(super) struct LanguageProject {
    pub(super) language: &'static str,
    /// What builds it, one command after the other, in its folder.
    pub(super) build: &'static [&'static str],
    /// What is needed for it, in a sentence.
    pub(super) needs: &'static str,
    /// The folder of the bindings.
    pub(super) bindings: &'static str,
    /// What is not for a repository.
    ignored: &'static [&'static str],
    /// What is where, for its README.
    layout: &'static [(&'static str, &'static str)],
    /// What its CI does before the plugin is tested.
    ci: &'static [&'static str],
    /// Whether its compiler is had by hand alone, so that CI does less.
    lacks_compiler: bool,
    /// Whether its PDK fails with a text of its own, and not with the host's error.
    errors_are_texts: bool,
    #[serde(skip)]
    files: &'static [(&'static str, &'static str)],
    /// Where the compiled module is; `{}` is the plugin's name, as the compiler writes it.
    #[serde(skip)]
    module: &'static str,
}

/// The files of a folder of templates, by their paths in a project.
macro_rules! templates {
    ($folder:literal: $($path:literal from $file:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../templates/plugin/", $folder, "/", $file, ".jinja")))),+]
    };
}

/// What plugins of all languages have.
const COMMON: &[(&str, &str)] = templates!("common":
    ".github/workflows/ci.yml" from "ci.yml",
    ".gitignore" from "gitignore",
    "README.md" from "README.md",
    "plugin.toml" from "plugin.toml",
    "scenarios/answered.yaml" from "answered.yaml",
    "scenarios/denied.yaml" from "denied.yaml",
);

/// All languages, sorted by name.
pub(super) static PROJECTS: &[LanguageProject] = &[
    LanguageProject {
        language: "assemblyscript",
        build: &["npm install", "npm run build"],
        needs: "It takes Node.js 20 or newer; the compiler comes with `npm install`.",
        bindings: "src",
        ignored: &["*.wasm", "node_modules/"],
        layout: &[
            ("src/plugin.ts", "the plugin"),
            ("src/hostfn.ts", "the host functions, with types; generated"),
            ("package.json", "how it is built"),
        ],
        ci: &["npm install", "npm run build"],
        lacks_compiler: false,
        errors_are_texts: false,
        files: templates!("assemblyscript":
            "package.json" from "package.json",
            "src/plugin.ts" from "plugin.ts",
            "tsconfig.json" from "tsconfig.json",
        ),
        module: "{}.wasm",
    },
    LanguageProject {
        language: "c",
        build: &["make"],
        needs: "It takes clang with the target wasm32, and lld: on Debian `apt-get install clang lld`, on macOS `brew \
                install llvm lld`.",
        bindings: "src",
        ignored: &["*.wasm"],
        layout: &[
            ("src/plugin.c", "the plugin"),
            ("src/hostfn.h", "the host functions, with types; generated"),
            ("Makefile", "how it is built"),
        ],
        ci: &["sudo apt-get update && sudo apt-get install --yes clang lld", "make"],
        lacks_compiler: false,
        errors_are_texts: false,
        files: templates!("c": "Makefile" from "Makefile", "src/plugin.c" from "plugin.c"),
        module: "{}.wasm",
    },
    LanguageProject {
        language: "go",
        build: &["go mod tidy", "make"],
        needs: "It takes Go 1.24 or newer.",
        bindings: "hostfn",
        ignored: &["*.wasm"],
        layout: &[
            ("main.go", "the plugin"),
            ("hostfn/hostfn.go", "the host functions, with types; generated"),
            ("Makefile", "how it is built"),
        ],
        ci: &["go mod tidy", "make"],
        lacks_compiler: false,
        errors_are_texts: false,
        files: templates!("go": "Makefile" from "Makefile", "go.mod" from "go.mod", "main.go" from "main.go"),
        module: "{}.wasm",
    },
    LanguageProject {
        language: "rust",
        build: &["rustup target add wasm32-unknown-unknown", "cargo build --release"],
        needs: "It takes Rust 1.85 or newer.",
        bindings: "src",
        ignored: &["/target"],
        layout: &[
            ("src/lib.rs", "the plugin"),
            ("src/input.rs", "how its input is read"),
            ("src/hostfn.rs", "the host functions, with types; generated"),
            ("Cargo.toml", "how it is built"),
        ],
        ci: &["rustup target add wasm32-unknown-unknown", "cargo build --release"],
        lacks_compiler: false,
        errors_are_texts: false,
        files: templates!("rust":
            ".cargo/config.toml" from "config.toml",
            "Cargo.toml" from "Cargo.toml",
            "src/input.rs" from "input.rs",
            "src/lib.rs" from "lib.rs",
        ),
        module: "target/wasm32-unknown-unknown/release/{}.wasm",
    },
    LanguageProject {
        language: "typescript",
        build: &["npm install", "npm run build"],
        needs: "It takes Node.js 20 or newer, and Extism's compiler for JavaScript, which is in no package registry: \
                `extism-js` of https://github.com/extism/js-pdk/releases, with `wasm-merge` and `wasm-opt` of Binaryen. \
                Without it, `npm run check` and `npm run bundle` work.",
        bindings: "src",
        ignored: &["*.wasm", "dist/", "node_modules/"],
        layout: &[
            ("src/plugin.ts", "the plugin"),
            ("src/exports.d.ts", "what it exports, for the compiler: another export is another line there"),
            ("src/hostfn.ts", "the host functions, with types; generated"),
            ("src/hostfn-imports.d.ts", "what it imports, for the compiler; generated"),
            ("package.json", "how it is built"),
        ],
        ci: &["npm install", "npm run check", "npm run bundle"],
        lacks_compiler: true,
        errors_are_texts: true,
        files: templates!("typescript":
            "interface.mjs" from "interface.mjs",
            "package.json" from "package.json",
            "src/exports.d.ts" from "exports.d.ts",
            "src/plugin.ts" from "plugin.ts",
            "tsconfig.json" from "tsconfig.json",
        ),
        module: "{}.wasm",
    },
    LanguageProject {
        language: "zig",
        build: &["zig build"],
        needs: "It takes Zig 0.15; with `pip install 'ziglang==0.15.*'`, `zig` is `python3 -m ziglang`.",
        bindings: "src",
        ignored: &[".zig-cache/", "zig-out/"],
        layout: &[
            ("src/plugin.zig", "the plugin"),
            ("src/hostfn.zig", "the host functions, with types; generated"),
            ("build.zig", "how it is built"),
        ],
        ci: &["pipx install ziglang==0.15.2", "python-zig build"],
        lacks_compiler: false,
        errors_are_texts: false,
        files: templates!("zig": "build.zig" from "build.zig", "src/plugin.zig" from "plugin.zig"),
        module: "zig-out/bin/{}.wasm",
    },
];

/// The one of a name.
pub(super) fn project(language: &str) -> Option<&'static LanguageProject> {
    PROJECTS.iter().find(|project| project.language == language)
}

impl LanguageProject {
    /// Where the module of a plugin is, from the project's folder.
    pub(super) fn module_of(&self, name: &str) -> String {
        let name = if self.language == "rust" { name.replace('-', "_") } else { name.to_owned() };
        self.module.replace("{}", &name)
    }

    /// All templates of a project, by their paths in it.
    pub(super) fn templates(&self) -> Vec<(&'static str, &'static str)> {
        COMMON.iter().chain(self.files).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_bindings_and_each_name_once() {
        assert!(PROJECTS.is_sorted_by_key(|project| project.language));
        for project in PROJECTS {
            assert!(hostfn_bindings::Language::named(project.language).is_some(), "{}", project.language);
            let mut paths: Vec<_> = project.templates().into_iter().map(|(path, _)| path).collect();
            paths.sort_unstable();
            assert!(paths.windows(2).all(|pair| pair[0] != pair[1]), "{paths:?}");
        }
    }
}
