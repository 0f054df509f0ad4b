//! For each rule a contract and one that differs from it in one thing.

use hostfn_runtime::{ANY_STRING_PATTERN, NO_NUL_PATTERN};
use serde_json::{Value, json};

use super::{contract, notes};
use crate::compat::{
    Bump::{self, Major, Minor, Patch},
    Rule::{self, *},
};

/// A change that one rule finds at one path, and what finds it when it is taken back.
pub(super) struct Pair {
    pub(super) rule: Rule,
    pub(super) bump: Bump,
    pub(super) path: &'static str,
    pub(super) old: Value,
    pub(super) new: Value,
    pub(super) reverse: Rule,
}

pub(super) fn all() -> Vec<Pair> {
    [functions(), envelopes(), requests(), fields(), values(), annotations()].into_iter().flatten().collect()
}

/// The contract of notes, and the same edited.
fn edited(rule: Rule, bump: Bump, path: &'static str, reverse: Rule, edit: impl FnOnce(&mut Value)) -> Pair {
    let mut new = notes();
    edit(&mut new);
    Pair { rule, bump, path, old: notes(), new, reverse }
}

fn functions() -> Vec<Pair> {
    let set = |rule, bump, reverse, member: &str, value: Value| {
        edited(rule, bump, "get_note", reverse, |new| new["functions"][0][member] = value)
    };
    let other = |new: &mut Value| {
        let mut function = new["functions"][0].clone();
        function["name"] = json!("find_note");
        if let Some(functions) = new["functions"].as_array_mut() {
            functions.push(function);
        }
    };
    let added = edited(FunctionAdded, Minor, "find_note", FunctionRemoved, other);
    let error = |new: &mut Value| new["functions"][0]["errors"] = json!(["conflict", "not_found"]);
    let fewer = |new: &mut Value| new["functions"][0]["errors"] = json!([]);
    vec![
        Pair {
            rule: FunctionRemoved,
            bump: Major,
            path: "find_note",
            old: added.new.clone(),
            new: added.old.clone(),
            reverse: FunctionAdded,
        },
        added,
        set(FunctionRenamed, Major, FunctionRenamed, "name", json!("read_note")),
        set(FunctionNamespaceChanged, Major, FunctionNamespaceChanged, "namespace", json!("notes")),
        set(FunctionMoved, Patch, FunctionMoved, "crate", json!("notes-core")),
        set(PermissionChanged, Major, PermissionChanged, "permission", json!("notes")),
        set(ReadOnlyChanged, Patch, ReadOnlyChanged, "read_only", json!(false)),
        set(DeprecatedAdded, Minor, DeprecatedRemoved, "deprecated", json!("use `find_note`")),
        Pair {
            rule: DeprecatedRemoved,
            bump: Patch,
            path: "get_note",
            new: notes(),
            old: set(DeprecatedAdded, Minor, DeprecatedRemoved, "deprecated", json!("use `find_note`")).new,
            reverse: DeprecatedAdded,
        },
        edited(ErrorAdded, Major, "get_note.errors.conflict", ErrorRemoved, error),
        edited(ErrorRemoved, Minor, "get_note.errors.not_found", ErrorAdded, fewer),
        set(DocumentationChanged, Patch, DocumentationChanged, "documentation", json!("Reads a note.")),
    ]
}

fn envelopes() -> Vec<Pair> {
    let code = |new: &mut Value| {
        if let Some(codes) = new["$defs"]["ErrorCode"]["oneOf"].as_array_mut() {
            codes.insert(1, json!({"type": "string", "const": "teapot"}));
        }
    };
    let fewer = |new: &mut Value| new["$defs"]["ErrorCode"] = json!({"type": "string", "enum": ["internal"]});
    let member = |new: &mut Value| new["$defs"]["HostError"]["properties"]["call_id"] = json!({"type": "string"});
    let optional = |new: &mut Value| new["$defs"]["HostError"]["required"] = json!(["code"]);
    let mut fewer = edited(ErrorCodeRemoved, Minor, "answer.error.code=not_found", ErrorCodeAdded, fewer);
    fewer.old["$defs"]["ErrorCode"] = json!({"type": "string", "enum": ["not_found", "internal"]});
    vec![
        edited(ErrorCodeAdded, Major, "answer.error.code=teapot", ErrorCodeRemoved, code),
        fewer,
        edited(ResponseFieldAdded, Minor, "answer.error.call_id", EnvelopeChanged, member),
        edited(EnvelopeChanged, Major, "answer.error.message", ResponseFieldMadeRequired, optional),
    ]
}

/// Requests as a whole.
fn requests() -> Vec<Pair> {
    let of = |rule, bump, reverse, old: Value, new: Value| Pair {
        rule,
        bump,
        path: "get_note.request",
        old: contract(old, &json!(true)),
        new: contract(new, &json!(true)),
        reverse,
    };
    let object =
        |required: Value| json!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": required});
    let limit =
        |default: u8| json!({"type": "object", "properties": {"limit": {"type": "integer", "default": default}}});
    let mut default = of(RequestDefaultChanged, Major, RequestDefaultChanged, limit(10), limit(100));
    default.path = "get_note.request.limit";
    vec![
        default,
        of(RequestRequiredAdded, Major, RequestRemoved, json!(null), object(json!(["id"]))),
        of(RequestOptionalAdded, Minor, RequestRemoved, json!(null), object(json!([]))),
        of(RequestRemoved, Major, RequestOptionalAdded, object(json!([])), json!(null)),
    ]
}

fn fields() -> Vec<Pair> {
    let object = |names: &[&str], required: &[&str], others: bool| {
        let properties: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": others})
    };
    let request =
        |rule, bump, reverse, (old, old_required): (&[&str], &[&str]), (new, new_required): (&[&str], &[&str])| {
            let of = |schema| contract(schema, &json!(true));
            let (old, new) = (of(object(old, old_required, false)), of(object(new, new_required, false)));
            Pair { rule, bump, path: "get_note.request.b", old, new, reverse }
        };
    let response =
        |rule, bump, reverse, (old, old_required): (&[&str], &[&str]), (new, new_required): (&[&str], &[&str])| {
            let of = |schema| contract(json!(null), &schema);
            let (old, new) = (of(object(old, old_required, true)), of(object(new, new_required, true)));
            Pair { rule, bump, path: "get_note.response.b", old, new, reverse }
        };
    let (one, both): (&[&str], &[&str]) = (&["a"], &["a", "b"]);
    vec![
        request(RequestFieldRequiredAdded, Major, RequestFieldRemoved, (one, one), (both, both)),
        request(RequestFieldOptionalAdded, Minor, RequestFieldRemoved, (one, one), (both, one)),
        request(RequestFieldRemoved, Major, RequestFieldOptionalAdded, (both, one), (one, one)),
        request(RequestFieldMadeRequired, Major, RequestFieldMadeOptional, (both, one), (both, both)),
        request(RequestFieldMadeOptional, Minor, RequestFieldMadeRequired, (both, both), (both, one)),
        response(ResponseFieldAdded, Minor, ResponseFieldRemoved, (one, one), (both, both)),
        response(ResponseFieldAdded, Minor, ResponseFieldRemoved, (one, one), (both, one)),
        response(ResponseFieldRemoved, Major, ResponseFieldAdded, (both, both), (one, one)),
        response(ResponseFieldMadeOptional, Major, ResponseFieldMadeRequired, (both, both), (both, one)),
        response(ResponseFieldMadeRequired, Minor, ResponseFieldMadeOptional, (both, one), (both, both)),
    ]
}

/// What the value of one field may be, in both directions: what narrows a request breaks, what narrows an
/// answer does not.
fn values() -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut change =
        |old: Value, new: Value, below: &'static str, request: [(Rule, Bump); 2], response: [(Rule, Bump); 2]| {
            let object = |schema: &Value| json!({"type": "object", "properties": {"a": schema}, "required": ["a"]});
            let path = |direction: &str| -> &'static str { format!("get_note.{direction}.a{below}").leak() };
            for (old, new, forth, back) in [(&old, &new, 0, 1), (&new, &old, 1, 0)] {
                let of = |schema: &Value| contract(object(schema), &json!(true));
                let ((rule, bump), (reverse, _)) = (request[forth], request[back]);
                pairs.push(Pair { rule, bump, path: path("request"), old: of(old), new: of(new), reverse });
                let of = |schema: &Value| contract(json!(null), &object(schema));
                let ((rule, bump), (reverse, _)) = (response[forth], response[back]);
                pairs.push(Pair { rule, bump, path: path("response"), old: of(old), new: of(new), reverse });
            }
        };
    let text = |word: &str, value: Value| json!({"type": "string", word: value});

    // Narrower first, wider then.
    let types = (
        [(RequestTypeWidened, Minor), (RequestTypeNarrowed, Major)],
        [(ResponseTypeWidened, Major), (ResponseTypeNarrowed, Minor)],
    );
    for (narrow, wide) in [
        (json!({"type": "string"}), json!({"type": ["string", "integer"]})),
        (json!({"type": "integer"}), json!({"type": "number"})),
        (json!({"type": "integer", "format": "int32"}), json!({"type": "integer", "format": "int64"})),
        (json!({"type": "string"}), json!(true)),
        (json!({"const": "x"}), json!({"type": "string"})),
    ] {
        change(narrow, wide, "", types.0, types.1);
    }
    let limits = (
        [(RequestLimitLoosened, Minor), (RequestLimitTightened, Major)],
        [(ResponseLimitLoosened, Major), (ResponseLimitTightened, Minor)],
    );
    for (word, tight, loose) in [
        ("minLength", 2, 1),
        ("maxLength", 1, 2),
        ("minimum", 2, -2),
        ("maximum", 1, 2),
        ("exclusiveMinimum", 2, 1),
        ("exclusiveMaximum", 1, 2),
        ("minItems", 2, 1),
        ("maxItems", 1, 2),
    ] {
        change(json!({word: tight}), json!({word: loose}), "", limits.0, limits.1);
        change(json!({word: tight}), json!({}), "", limits.0, limits.1);
    }
    change(text("pattern", json!("^a")), text("minLength", json!(0)), "", limits.0, limits.1);

    let nul = (
        [(RequestLimitLoosened, Minor), (RequestNulRefused, Minor)],
        [(ResponseLimitLoosened, Major), (ResponseLimitTightened, Minor)],
    );
    change(text("pattern", json!(NO_NUL_PATTERN)), json!({"type": "string"}), "", nul.0, nul.1);
    change(text("pattern", json!(NO_NUL_PATTERN)), text("pattern", json!(ANY_STRING_PATTERN)), "", nul.0, nul.1);
    change(text("pattern", json!("^a")), text("pattern", json!(NO_NUL_PATTERN)), "", limits.0, limits.1);

    let null = (
        [(RequestNullableAdded, Minor), (RequestNullableRemoved, Major)],
        [(ResponseNullableAdded, Major), (ResponseNullableRemoved, Minor)],
    );
    change(json!({"type": "string"}), json!({"type": ["string", "null"]}), "", null.0, null.1);
    let note = json!({"$ref": "#/$defs/Note"});
    change(note.clone(), json!({"anyOf": [note, {"type": "null"}]}), "", null.0, null.1);
    change(text("enum", json!(["x"])), json!({"enum": ["x", null]}), "", null.0, null.1);

    let enumerations = (
        [(RequestEnumValueAdded, Minor), (RequestEnumValueRemoved, Major)],
        [(ResponseEnumValueAdded, Major), (ResponseEnumValueRemoved, Minor)],
    );
    change(text("enum", json!(["x"])), text("enum", json!(["y", "x"])), "=y", enumerations.0, enumerations.1);
    let described = json!({"oneOf": [{"const": "x"}, {"enum": ["y"]}]});
    change(text("const", json!("x")), described, "=y", enumerations.0, enumerations.1);

    let formats = (
        [(RequestFormatRemoved, Minor), (RequestFormatAdded, Major)],
        [(ResponseFormatRemoved, Major), (ResponseFormatAdded, Minor)],
    );
    change(text("format", json!("uuid")), json!({"type": "string"}), "", formats.0, formats.1);

    let both = |request, response| ([(request, Major), (request, Major)], [(response, Major), (response, Major)]);
    for (old, new, rules) in [
        (json!({"type": "string"}), json!({"type": "boolean"}), both(RequestTypeChanged, ResponseTypeChanged)),
        (
            text("format", json!("uuid")),
            text("format", json!("email")),
            both(RequestFormatChanged, ResponseFormatChanged),
        ),
        (
            text("pattern", json!("^a")),
            text("pattern", json!("^b")),
            both(RequestPatternChanged, ResponsePatternChanged),
        ),
        (json!({"unknown": 2}), json!({"unknown": 3}), both(RequestSchemaChanged, ResponseSchemaChanged)),
    ] {
        change(old, new, "", rules.0, rules.1);
    }
    pairs
}

fn annotations() -> Vec<Pair> {
    let note = |rule, path, reverse, edit: fn(&mut Value)| {
        edited(rule, Patch, path, reverse, |new| edit(&mut new["$defs"]["Note"]))
    };
    let renamed = |new: &mut Value| {
        let text = new.to_string().replace("#/$defs/Note", "#/$defs/Record");
        *new = serde_json::from_str(&text).expect("another name is JSON still");
        new["$defs"]["Record"] = new["$defs"]["Note"].clone();
    };
    let mut back = edited(TypeRenamed, Patch, "$defs.Note", TypeRenamed, renamed);
    back.old["$defs"]["Record"] = back.old["$defs"]["Note"].clone();
    let text = "get_note.response.text";
    let secret = note(SecretAdded, text, SecretRemoved, |note| note["properties"]["text"]["x-secret"] = json!(true));
    vec![
        back,
        Pair {
            rule: SecretRemoved,
            bump: Patch,
            path: text,
            old: secret.new.clone(),
            new: secret.old.clone(),
            reverse: SecretAdded,
        },
        secret,
        note(DocumentationChanged, text, DocumentationChanged, |note| {
            note["properties"]["text"]["description"] = json!("Its text.");
        }),
        note(DocumentationChanged, "get_note.response", DocumentationChanged, |note| {
            note["examples"] = json!([{"text": "a", "id": 1}]);
        }),
        note(ResponseUnknownFieldsChanged, "get_note.response.{}", ResponseUnknownFieldsChanged, |note| {
            note["additionalProperties"] = json!(false);
        }),
    ]
}
