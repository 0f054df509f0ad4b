//! Contracts that are generated, each the same for the same seed.
//!
//! Their names are what languages, templates and people have other uses for, and their texts what ends comments. Their
//! types are every kind that a contract has: recursive through lists and maps, with parameters in their names, tagged and
//! flattened as far as schemars writes those as records, nullable and secret.

use serde_json::{Map, Value, json};

/// Numbers that look arbitrary: SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// Those of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One below a bound.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or_default()
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn any<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Words that are taken: by a language, by what it has already, by a template, or by what is generated.
const WORDS: &str = "\
    abstract alignof and any as asm assert async auto await bool box break case catch chan class comptime const \
    constructor continue crate declare def default defer del delete do dyn elif else enum errdefer error eval except \
    export extern false finally fn for from func function gen get global go goto if impl import in inline interface \
    is lambda let loop match mod move mut namespace new nil none not null of or package pass priv pub raise range \
    ref register restrict resume return select self Self set sizeof static struct super suspend switch test this \
    throw trait true try type typedef typeof undefined union unsafe use var virtual void volatile where while with \
    xor yield None True False __debug__ Any Array Boolean Box Date Err Error Exception Map Number Object Ok Option \
    Promise Record Result Set Some String Symbol Vec append bigint byte char cap copy dict f64 fetch float float64 \
    i32 id int int32 isize json len list load make map max memcpy number object open panic print printf property \
    rune str string store symbol time u8 uint64 u64 usize utf8 vars wchar_t write Uint8Array Allocator Answer \
    BTreeMap Cow Debug Default ErrorCode Host HostError HostFunctions HostResult I64 Import Json JsonReader \
    JsonWriter List Literal ManagedMemory Memory NotRequired Null Other Patch Presence Secret Serialize Text \
    TypedDict T Value absent answer broken call cast data exact exactly extism fail fmt hide hostfn imports kernel \
    misunderstood nothing output pdk presence problem read receive received request reset share shapes std text \
    value words json_stringify jsonParse MarshalJSON items length found block code message field call_id is_null \
    entry_1 key allocate _data Bug bug Feature Note note Status StatusReport Report report folders Folder remark \
    __proto__ prototype toString hasOwnProperty then arguments __init__ __private _ __ _1";

/// What is a name in no language, or not in all.
const STRANGE: &[&str] = &[
    "+1",
    "-1",
    "<",
    ">",
    "<=",
    "m",
    "M",
    "v1",
    "v_1",
    "V1",
    "with-dash",
    "with space",
    "a.b",
    "a/b",
    "größe",
    "Größe",
    "名前",
    "имя",
    "ß",
    "ﬁ",
    "İ",
    "1st",
    "2",
    "",
    " ",
    "C++",
    "C#",
    "C",
    "byName",
    "by_name",
    "by-name",
    "ByName",
    "BY_NAME",
    "HTTPServer",
    "x$y",
    "$",
    "é",
    "e\u{301}",
    "🦀",
    "a'b",
    "#",
    "@",
    "a:b",
    "Page<Note>",
    "[x]",
    "{T}",
    "plus_1",
    "minus_1",
    "upper_m",
    "value_1",
    "type_",
    "a_2",
    "a2",
    "%41",
    "~0",
    "a~1b",
];

/// What ends a comment, a text or a line somewhere, and what should not.
const TEXTS: &[&str] = &[
    "A pattern such as src/*/mod.rs",
    "A folder such as C:\\temp\\",
    "use x,\nwhich asks",
    "*/",
    "/*",
    "//",
    "///",
    "\\",
    "\"\"\"",
    "\"",
    "'",
    "`",
    "${x}",
    "{{ x }}",
    "{% x %}",
    "\0",
    "\r",
    "\r\n",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{c}",
    "\u{feff}",
    "]]",
    "\u{202e}",
    "\u{2066}",
    "??/",
    "# x",
    "type: x",
    "type: ignore",
    "mypy: ignore-errors",
    "@ts-ignore",
    "@ts-expect-error",
    "@deprecated",
    "\t",
    "\\u{110000}",
    "\\N{x}",
    "\\x",
    "%s",
    "go:build ignore",
    "+build ignore",
    "fmt: off",
    "coding: latin1",
    "<!--",
    "-->",
    "é 名 🦀",
    "\n\n",
    "- a list\n- of two",
    "```\nlet x = 1;\n```",
    " ",
    "",
    "Deprecated: no",
    "export x",
    "line /x:1",
    "!",
    "* ",
    "\u{7f}",
    "\u{1b}[31m",
    "ends in two quotes\"\"",
    "\\\"",
    "\\\n",
];

/// A contract of a seed.
pub(crate) fn contract(seed: u64) -> Value {
    let mut making = Making {
        random: Random::of(seed),
        words: WORDS.split(' ').collect(),
        names: Vec::new(),
        definitions: Map::new(),
    };
    making.types();
    let functions = making.functions();
    json!({
        "hostfn": 1,
        "crates": {"made-up": "1.2.3"},
        "functions": functions,
        "$defs": making.definitions,
    })
}

struct Making {
    random: Random,
    words: Vec<&'static str>,
    names: Vec<(String, bool)>,
    definitions: Map<String, Value>,
}

impl Making {
    fn name(&mut self) -> String {
        let word = self.random.any(&self.words).to_owned();
        match self.random.below(8) {
            0 => format!("{word}_{}", self.random.any(&self.words)),
            1 => word.to_uppercase(),
            2 => word[..1].to_uppercase() + &word[1..],
            3 => self.random.any(STRANGE).to_owned(),
            _ => word,
        }
    }

    fn text(&mut self) -> String {
        (0..self.random.below(4))
            .map(|_| self.random.any(TEXTS))
            .collect::<Vec<_>>()
            .join(self.random.any(&["", " ", "\n"]))
    }

    fn names(&mut self, most: usize) -> Vec<String> {
        let mut names: Vec<_> = (0..self.random.below(most)).map(|_| self.name()).collect();
        names.sort();
        names.dedup();
        names
    }

    fn types(&mut self) {
        let codes: Vec<_> = ["not_found", "internal", "other", "code"]
            .into_iter()
            .map(|code| json!({"type": "string", "const": code, "description": self.text()}))
            .collect();
        self.definitions.insert("ErrorCode".to_owned(), json!({"oneOf": codes}));
        for _ in 0..2 + self.random.below(5) {
            let is_enumeration = self.random.one_in(3);
            let name = match self.random.below(8) {
                0 => format!("Page<{}>", self.name()),
                1 => self.random.any(STRANGE).to_owned(),
                _ => {
                    let name = self.name();
                    if name.is_ascii() && !name.is_empty() { name[..1].to_uppercase() + &name[1..] } else { name }
                }
            };
            // What a type refers to is found by its name, and so this one is there once.
            if name != "ErrorCode" && !self.names.iter().any(|(other, _)| *other == name) {
                self.names.push((name, is_enumeration));
            }
        }
        for (at, (name, is_enumeration)) in self.names.clone().into_iter().enumerate() {
            let schema = if is_enumeration { self.enumeration() } else { self.record(at) };
            self.definitions.insert(name, schema);
        }
    }

    fn enumeration(&mut self) -> Value {
        let values = self.names(8);
        if self.random.one_in(2) {
            return json!({"type": "string", "enum": values, "description": self.text()});
        }
        let member = |value: String| json!({"type": "string", "const": value, "description": self.text()});
        let members: Vec<_> = values.into_iter().map(member).collect();
        // Without members it would be no enumeration.
        if members.is_empty() { json!({"type": "string", "enum": []}) } else { json!({"oneOf": members}) }
    }

    /// A record, which holds by value only what comes before it.
    fn record(&mut self, at: usize) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut names = self.names(9);
        if self.random.one_in(4) {
            // The tag of one that is written as a record.
            names.push("kind".to_owned());
        }
        for name in names {
            let mut kind = self.kind(at, 3, false);
            if self.random.one_in(3) {
                kind = json!({"anyOf": [kind, {"type": "null"}]});
            }
            if let Value::Object(members) = &mut kind
                && self.random.one_in(2)
            {
                members.insert("description".to_owned(), self.text().into());
            }
            if !self.random.one_in(3) {
                required.push(name.clone());
            }
            properties.insert(name, kind);
        }
        json!({"type": "object", "properties": properties, "required": required, "description": self.text()})
    }

    fn kind(&mut self, at: usize, depth: usize, is_behind: bool) -> Value {
        let pick = self.random.below(if depth == 0 { 9 } else { 14 });
        match pick {
            0 | 1 => {
                // Behind a list or a map it may be any, itself too.
                let bound = if is_behind { self.names.len() } else { at };
                if bound == 0 {
                    return json!({"type": "string"});
                }
                reference(&self.names[self.random.below(bound)].0.clone())
            }
            2 => json!({"type": "string", "minLength": 1, "pattern": self.text()}),
            3 => json!({"type": "boolean"}),
            4 => json!({"type": "integer", "format": "int32"}),
            5 => json!({"type": "integer", "format": "int64"}),
            6 => json!({"type": "number"}),
            7 => json!({"type": "string", "x-secret": true}),
            8 => json!({"type": "string", "format": self.random.any(&["uuid", "date-time", "email"])}),
            9 | 10 => json!({"type": "array", "items": self.within(at, depth)}),
            11 | 12 => json!({"type": "object", "additionalProperties": self.within(at, depth)}),
            _ => json!({"type": "array", "items": {"type": ["string", "null"]}}),
        }
    }

    fn within(&mut self, at: usize, depth: usize) -> Value {
        let kind = self.kind(at, depth - 1, true);
        if self.random.one_in(4) { json!({"anyOf": [kind, {"type": "null"}]}) } else { kind }
    }

    fn functions(&mut self) -> Vec<Value> {
        let records: Vec<_> =
            self.names.iter().filter(|(_, is_enumeration)| !is_enumeration).map(|(name, _)| name.clone()).collect();
        let mut names: Vec<_> = (0..1 + self.random.below(7))
            .map(|_| self.name())
            // What a Rust function can be called.
            .filter(|name| {
                name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
                    && name.starts_with(|first: char| first.is_ascii_alphabetic())
            })
            .collect();
        // Named like a type, which is how Rust's types and functions are.
        names.extend(self.names.first().map(|(name, _)| name.to_lowercase()).filter(|name| {
            name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric())
        }));
        // Nobody writes bindings of no function.
        names.push("find".to_owned());
        names.sort();
        names.dedup();
        let last = self.names.len();
        let mut functions = Vec::new();
        for name in names {
            let request = (!records.is_empty() && !self.random.one_in(4))
                .then(|| reference(&records[self.random.below(records.len())]));
            let mut response = if self.random.one_in(5) { json!({"type": "null"}) } else { self.kind(last, 3, true) };
            if response["type"] != "null" && self.random.one_in(4) {
                response = json!({"anyOf": [response, {"type": "null"}]});
            }
            let deprecated = self.random.one_in(3).then(|| self.text());
            functions.push(json!({
                "name": name, "namespace": "extism:host/user", "crate": "made-up", "documentation": self.text(),
                "permission": "made:up", "read_only": true, "deprecated": deprecated, "errors": [],
                "request": request, "response": response, "answer": {},
            }));
        }
        functions
    }
}

/// As schemars refers to a type.
fn reference(name: &str) -> Value {
    let escaped = name.replace('~', "~0").replace('/', "~1");
    let encoded: String = escaped
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    json!({"$ref": format!("#/$defs/{encoded}")})
}
