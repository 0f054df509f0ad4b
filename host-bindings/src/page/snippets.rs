//! How a plugin imports a function, in each language, with Extism's PDK for it and nothing generated.
//!
//! Another language is a file in `templates/page/snippets` and a line in [`LANGUAGES`].

use minijinja::{Environment, context};
use serde::Serialize;

use super::PageError;
use crate::FunctionContract;

/// A language that a plugin is written in.
#[derive(Debug, Serialize)]
pub(super) struct Language {
    /// What names it in the page, and in a block of code in Markdown.
    pub(super) id: &'static str,
    name: &'static str,
    #[serde(skip)]
    template: &'static str,
}

macro_rules! language {
    ($id:literal, $name:literal, $file:literal) => {
        Language {
            id: $id,
            name: $name,
            template: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/page/snippets/", $file)),
        }
    };
}

/// All of them, in the order in which they are shown. The first is shown until somebody chooses.
pub(super) static LANGUAGES: &[Language] = &[
    language!("rust", "Rust", "rust.rs.jinja"),
    language!("typescript", "TypeScript", "typescript.ts.jinja"),
    language!("assemblyscript", "AssemblyScript", "assemblyscript.ts.jinja"),
    language!("c", "C", "c.c.jinja"),
    language!("go", "Go", "go.go.jinja"),
    language!("python", "Python", "python.py.jinja"),
    language!("zig", "Zig", "zig.zig.jinja"),
];

/// A program that imports one function and hands on what it is told.
#[derive(Debug, Serialize)]
pub(super) struct Snippet {
    language: &'static Language,
    code: String,
}

/// The programs for one function.
pub(super) fn of(function: &FunctionContract) -> Result<Vec<Snippet>, PageError> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    // JavaScript's PDK has a module and an interface for what Extism knows as one name.
    let parts = function.namespace.rsplit_once('/');
    let snippets = LANGUAGES.iter().map(|language| {
        let code = environment.render_str(
            language.template,
            context! {
                name => function.name,
                local => function.name.replace('$', "_"),
                camel => in_camel_case(&function.name),
                namespace => function.namespace,
                is_default => function.namespace == hostfn_runtime::DEFAULT_NAMESPACE,
                module => parts.map(|(module, _)| module),
                interface => parts.map(|(_, interface)| interface),
                takes_request => function.request.is_some(),
            },
        )?;
        Ok(Snippet { language, code: code.trim().to_owned() })
    });
    snippets.collect()
}

/// `db_create_user` as Go and AssemblyScript name functions: `dbCreateUser`.
fn in_camel_case(name: &str) -> String {
    let mut parts = name.split(['_', '$']).filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut name, part| {
        name.extend(part.chars().take(1).map(|initial| initial.to_ascii_uppercase()).chain(part.chars().skip(1)));
        name
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn snippets(namespace: &str, request: &serde_json::Value) -> Vec<Snippet> {
        let function = json!({
            "name": "db_test_connection", "namespace": namespace, "crate": "x", "documentation": "",
            "permission": "x", "read_only": true, "deprecated": null, "errors": [], "request": request,
            "response": {}, "answer": {},
        });
        of(&serde_json::from_value(function).unwrap()).unwrap()
    }

    #[test]
    fn a_function_is_imported_in_every_language() {
        let shown = |request| {
            let snippets = snippets("extism:host/user", &request);
            let shown = snippets.iter().map(|snippet| format!("// {}\n{}", snippet.language.name, snippet.code));
            shown.collect::<Vec<_>>().join("\n\n")
        };
        insta::assert_snapshot!("snippets_with_request", shown(json!({})));
        insta::assert_snapshot!("snippets_without_request", shown(json!(null)));
    }

    #[test]
    fn a_namespace_is_a_module_and_an_interface_in_typescript() {
        let typescript = |namespace: &str| {
            let snippets = snippets(namespace, &json!(null));
            snippets.into_iter().find(|snippet| snippet.language.id == "typescript").unwrap().code
        };
        let code = typescript("shop:host/v1/orders");
        assert!(code.contains("declare module \"shop:host/v1\" {\n  interface orders {"), "{code}");
        // The PDK knows the functions of its own namespace alone by type.
        assert!(code.contains("Host.getFunctions() as any;"), "{code}");
        assert!(typescript("shop").starts_with("// The PDK for JavaScript imports only from"));
    }

    #[test]
    fn names_are_in_the_languages_own_case() {
        assert_eq!(in_camel_case("db_create_user"), "dbCreateUser");
        assert_eq!(in_camel_case("greet"), "greet");
        assert_eq!(in_camel_case("_my$name_"), "myName");
    }
}
