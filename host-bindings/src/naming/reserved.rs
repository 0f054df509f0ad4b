//! The names that a language's template has for itself, read from what it renders.
//!
//! A contract with every kind of type is rendered, and the names in it are taken, but for those of the contract
//! itself, which all have `probe` in them. What only looks like a name, in a comment or a text, is none.

use std::{collections::BTreeSet, sync::LazyLock};

use minijinja::{Error, Value, context};
use serde_json::json;

use crate::{Contract, Language, bindings::render_all, languages::Syntax, lower::lower};

/// Names that nothing of a contract can have.
#[derive(Debug, Default)]
pub(crate) struct Reserved {
    /// In the module, where types and functions are declared.
    pub(super) module: BTreeSet<String>,
    /// Within a record: what the generator declares beside its fields.
    pub(super) members: BTreeSet<String>,
    /// Within an enumeration: what the generator declares beside its values.
    pub(super) variants: BTreeSet<String>,
}

impl Reserved {
    /// The names that a language's template has for itself.
    pub(crate) fn of(language: &'static Language) -> Result<Self, Error> {
        let mut model = lower(&PROBE, &[]).map_err(|error| {
            Error::new(minijinja::ErrorKind::InvalidOperation, format!("the probe is no contract: {error}"))
        })?;
        let names = super::name_freely(&mut model, language)?;
        let context = context! { ..Value::from_serialize(&model) };
        let files = render_all(language, language.templates, &names, context)?;
        let mut reserved = Self::default();
        for file in files {
            let code = without_texts(&file.text, language.syntax);
            reserved.module.extend(names_in(&code).filter(|name| !is_probe(name)).map(str::to_owned));
            reserved.members.extend(declared_in(&code, "ProbeEmpty"));
            reserved.variants.extend(declared_in(&code, "ProbeKind"));
        }
        Ok(reserved)
    }
}

fn is_probe(name: &str) -> bool {
    name.to_ascii_lowercase().contains("probe")
}

/// A contract that makes a template write all that it can.
static PROBE: LazyLock<Contract> = LazyLock::new(|| {
    let function = |name: &str, request: serde_json::Value, response: serde_json::Value| {
        json!({
            "name": name, "namespace": hostfn_runtime::DEFAULT_NAMESPACE, "crate": "probe", "documentation": "Probe.",
            "permission": "probe", "read_only": true, "deprecated": "Probe.", "errors": [],
            "request": request, "response": response, "answer": {}
        })
    };
    let of = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    let plain = [
        json!({"type": "string"}),
        json!({"type": "string", "x-secret": true}),
        json!({"type": "boolean"}),
        json!({"type": "integer", "format": "int32"}),
        json!({"type": "integer", "format": "int64"}),
        json!({"type": "number"}),
        of("ProbeEmpty"),
        of("ProbeKind"),
    ];
    let mut kinds = plain.to_vec();
    for kind in &plain {
        kinds.push(json!({"type": "array", "items": kind}));
        kinds.push(json!({"type": "object", "additionalProperties": kind}));
        kinds.push(json!({"type": "array", "items": {"anyOf": [kind, {"type": "null"}]}}));
    }
    let mut properties = serde_json::Map::new();
    let mut strange = serde_json::Map::new();
    let mut required = Vec::new();
    for (at, kind) in kinds.into_iter().enumerate() {
        for (manner, kind) in [("plain", kind.clone()), ("nullable", json!({"anyOf": [kind, {"type": "null"}]}))] {
            let name = format!("probe_{manner}_{at}");
            required.push(name.clone());
            properties.insert(name, kind.clone());
            // A name that a language writes otherwise, so that what it writes then is seen.
            strange.insert(format!("probe-{manner}-{at}"), kind.clone());
            properties.insert(format!("probe_{manner}_{at}_optional"), kind);
        }
    }
    let document = json!({
        "hostfn": crate::FORMAT,
        "crates": {"probe": "0.0.0"},
        "functions": [
            function("probe_nothing", json!(null), json!({"type": "null"})),
            function("probe_all", of("ProbeAll"), json!({"anyOf": [of("ProbeAll"), {"type": "null"}]})),
            function("probe_strange", of("ProbeStrange"), of("ProbeStrange")),
            function("probe_list", of("ProbeEmpty"), json!({"type": "array", "items": {"type": "integer"}})),
            function("probe_big", of("ProbeEmpty"), json!({"type": "integer", "format": "int64"})),
            function("probe_silent", of("ProbeEmpty"), json!({"type": "null"})),
        ],
        "$defs": {
            "ErrorCode": {"oneOf": [{"const": "probe", "description": "Probe."}]},
            "ProbeAll": {"type": "object", "properties": properties, "required": required, "description": "Probe."},
            "ProbeStrange": {"type": "object", "properties": strange, "required": []},
            "ProbeEmpty": {"type": "object", "properties": {}},
            "ProbeKind": {"enum": ["probe"]},
        },
    });
    Contract::from_json(&document.to_string()).expect("it is a contract")
});

/// The names in code; what stands behind a dot is a member of something.
fn names_in(code: &str) -> impl Iterator<Item = &str> {
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut before = ' ';
    code.split_inclusive(move |character| !is_of_name(character)).filter_map(move |part| {
        let name = part.trim_end_matches(|character| !is_of_name(character));
        let is_member = before == '.';
        before = part.chars().next_back().unwrap_or(' ');
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        (is_name && !is_member).then_some(name)
    })
}

/// What a type of this name declares beside what the contract has of it: methods, and variants.
fn declared_in(code: &str, name: &str) -> Vec<String> {
    let mut declared = Vec::new();
    let mut lines = code.lines().skip_while(|line| !(line.contains(&format!(" {name} ")) && line.ends_with('{')));
    lines.next();
    for line in lines.take_while(|line| !line.starts_with('}')) {
        let Some(inner) = line.strip_prefix("    ").or_else(|| line.strip_prefix("  ")) else { continue };
        let inner = ["pub ", "static ", "const ", "fn "]
            .into_iter()
            .fold(inner, |inner, word| inner.strip_prefix(word).unwrap_or(inner));
        if let Some((name, _)) = inner.split_once('(')
            && !is_probe(name)
            && !name.is_empty()
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        {
            declared.push(name.to_owned());
        }
    }
    declared
}

/// Code in which comments and texts are blanks.
fn without_texts(code: &str, syntax: Syntax) -> String {
    let marks: &[(&str, &str)] = match syntax {
        Syntax::Python => &[("#", "\n"), ("\"\"\"", "\"\"\""), ("\"", "\"")],
        Syntax::Rust | Syntax::Zig => &[("//", "\n"), ("\"", "\"")],
        Syntax::C | Syntax::JavaScript => &[("//", "\n"), ("/*", "*/"), ("\"", "\""), ("'", "'"), ("`", "`")],
        Syntax::Go => &[("//", "\n"), ("\"", "\""), ("`", "`")],
    };
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        if let Some((begin, end)) = marks.iter().find(|(begin, _)| rest.starts_with(begin)) {
            let mut inner = &rest[begin.len()..];
            while !inner.is_empty() && !inner.starts_with(end) {
                let skipped =
                    if inner.starts_with('\\') && *end != "\n" { inner.chars().take(2) } else { inner.chars().take(1) };
                inner = &inner[skipped.map(char::len_utf8).sum::<usize>()..];
            }
            kept.push(' ');
            // The end of a line counts for what is read by lines.
            rest = if *end == "\n" { inner } else { inner.get(end.len()..).unwrap_or_default() };
        } else {
            kept.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(language: &str) -> Reserved {
        Reserved::of(Language::named(language).unwrap()).unwrap()
    }

    #[test]
    fn what_a_template_declares_is_read_from_it() {
        for (language, names) in [
            ("assemblyscript", &["share", "received", "Json", "kernel_free", "Box", "problem"][..]),
            ("c", &["hostfn_reset", "hostfn_number", "hostfn_text", "HOSTFN_VALUE", "hostfn__read"]),
            ("go", &["Set", "Null", "Patch", "ErrorCode", "json", "pdk"]),
            (
                "python",
                &[
                    "list",
                    "dict",
                    "bool",
                    "float",
                    "int",
                    "str",
                    "Literal",
                    "NotRequired",
                    "cast",
                    "_data",
                    "HostError",
                ],
            ),
            ("rust", &["read", "write", "Vec", "Option", "String", "Serialize", "fmt"]),
            ("typescript", &["call", "exact", "Import", "HostError", "Record", "bigint"]),
            ("zig", &["std", "receive", "Result", "allocator", "kernel"]),
        ] {
            let module = reserved(language).module;
            for name in names {
                assert!(module.contains(*name), "{language}: {name}");
            }
            assert!(module.iter().all(|name| !is_probe(name)), "{language}");
        }
    }

    #[test]
    fn what_a_template_declares_within_a_type_is_read_from_it() {
        let members = reserved("assemblyscript").members;
        assert_eq!(members.iter().collect::<Vec<_>>(), ["constructor", "read", "write"]);
        assert_eq!(reserved("rust").variants.iter().collect::<Vec<_>>(), ["Other"]);
    }

    #[test]
    fn comments_and_texts_have_no_names() {
        let code = without_texts("a // b\nc /* d */ \"e \\\" f\" g", Syntax::C);
        assert_eq!(names_in(&code).collect::<Vec<_>>(), ["a", "c", "g"]);
        assert_eq!(names_in("a.b(c)").collect::<Vec<_>>(), ["a", "c"]);
    }
}
