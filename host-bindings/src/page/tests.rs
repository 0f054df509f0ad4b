//! What the whole page must be, for the built-in functions and for a contract that means harm.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

fn built_in() -> Contract {
    Contract::of([&hostfn_functions::registry()])
}

fn page(contract: &Contract, examples: &[Example]) -> (String, String) {
    let reference = Reference::of(contract, examples).unwrap();
    (reference.html().unwrap(), reference.markdown().unwrap())
}

/// The values of an attribute.
fn attributes<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let before = format!(" {attribute}=\"");
    page.split(&before).skip(1).filter_map(|after| after.split('"').next()).collect()
}

fn small(documentation: &str, definitions: Value) -> Contract {
    let contract = json!({
        "hostfn": 1,
        "crates": {"shop": "1.2.3"},
        "functions": [{
            "name": "greet", "namespace": "extism:host/user", "crate": "shop", "documentation": documentation,
            "permission": "greetings:read", "read_only": true, "deprecated": documentation, "errors": ["not_found"],
            "request": {"$ref": "#/$defs/Request"}, "response": {"type": "string"}, "answer": {"$ref": "#/$defs/HostResponse_String"},
        }],
        "$defs": definitions,
    });
    Contract::from_json(&contract.to_string()).unwrap()
}

#[test]
fn every_function_and_type_has_its_place_and_every_link_leads_to_one() {
    let contract = built_in();
    let (html, markdown) = page(&contract, &[]);
    for (page, links) in [
        (&html, attributes(&html, "href")),
        (&markdown, markdown.split("](").skip(1).filter_map(|after| after.split(')').next()).collect()),
    ] {
        let ids = attributes(page, "id");
        let places: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(places.len(), ids.len(), "an id is there twice");
        for function in &contract.functions {
            assert!(places.contains(function.name.as_str()), "{}", function.name);
        }
        for name in contract.definitions.keys() {
            assert!(places.contains(format!("type-{name}").as_str()), "{name}");
        }
        assert!(links.len() > 100, "{} links", links.len());
        for link in links {
            match link.strip_prefix('#') {
                Some(place) => assert!(places.contains(place), "nothing is at {link}"),
                None => assert!(link.starts_with("https://") || link == "data:,", "{link}"),
            }
        }
    }
}

#[test]
fn a_page_is_always_the_same() {
    assert_eq!(page(&built_in(), &[]), page(&built_in(), &[]));
}

#[test]
fn a_function_is_told_in_full() {
    let definitions = json!({"Request": {
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Whom.\n\nAnybody."},
            "password": {"type": ["string", "null"], "x-secret": true},
            "times": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
        },
        "required": ["name"],
    }});
    let example = |answer: Value| Example { function: "greet".to_owned(), request: json!({"name": "Ada"}), answer };
    let examples = [
        example(json!({"success": true, "data": "Hello, Ada!", "error": null})),
        example(json!({"success": false, "data": null, "error": {"code": "not_found", "message": "nobody"}})),
    ];
    let (html, markdown) = page(&small("Greets *somebody*.\n\nOnce.", definitions), &examples);
    insta::assert_snapshot!("reference_of_one_function", markdown);
    for part in [
        "<p>Greets <em>somebody</em>.</p>",
        ">greetings:read</code>",
        "text, 1 to 200 characters",
        "<span class=\"mark secret\">secret</span>",
        "<code>1</code> when left out",
        "Hello, Ada!",
        "Answered with <code>not_found</code>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn a_contract_that_means_harm_is_shown_and_does_none() {
    let harm = "</script><script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) </style>";
    let definitions = json!({
        "Request": {
            "type": "object",
            "description": harm,
            "properties": {harm: {"type": "string", "pattern": harm, "description": harm, "default": harm}},
        },
        harm: {"enum": [harm], "description": harm},
    });
    let mut contract = small(harm, definitions);
    let function = &mut contract.functions[0];
    function.name = harm.to_owned();
    function.permission = harm.to_owned();
    function.namespace = harm.to_owned();
    function.owner = harm.to_owned();
    function.errors = vec![harm.to_owned()];
    contract.crates.insert(harm.to_owned(), harm.to_owned());
    let example = Example {
        function: harm.to_owned(),
        request: json!({harm: harm}),
        answer: json!({"success": true, "data": harm}),
    };
    let (html, markdown) = page(&contract, &[example]);
    // The page's own.
    assert_eq!((html.matches("<script").count(), html.matches("</script").count()), (2, 2));
    assert_eq!((html.matches("<style").count(), html.matches("</style").count()), (1, 1));
    assert!(!html.contains("<img") && !html.contains("href=\"javascript"), "{html}");
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"), "{html}");
    // In Markdown the parser says what is HTML, and what a link.
    let places = |html: &str| html.starts_with("<a id=\"") || html == "</a>";
    for event in pulldown_cmark::Parser::new(&markdown) {
        match event {
            pulldown_cmark::Event::InlineHtml(html) | pulldown_cmark::Event::Html(html) => {
                assert!(places(html.trim()), "{html}");
            }
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with('#'), "{dest_url}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_choice_shows_each_value_with_its_meaning() {
    let (html, markdown) = page(&built_in(), &[]);
    assert!(markdown.contains("- `\"conflict\"`: The request contradicts what is stored"), "{markdown}");
    let code = html.split("id=\"type-ErrorCode\"").nth(1).and_then(|after| after.split("</article>").next());
    assert!(code.is_some_and(|code| code.matches("<li>").count() == hostfn_runtime::ErrorCode::ALL.len()), "{code:?}");
}

#[test]
fn a_contract_without_functions_has_a_page() {
    let (html, markdown) = page(&Contract::of([]), &[]);
    assert!(html.contains("0 functions that a plugin can import."), "{html}");
    assert!(markdown.starts_with("# Host functions\n"), "{markdown}");
}
