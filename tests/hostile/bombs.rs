//! JSON that is small to write and dear to read, or that readers disagree about.

use hostfn_runtime::defence::Defence::{JsonObject, TellUnreadable};

use crate::harness::{
    case::{
        Case, Must,
        Must::{Answer, AnswerSaying},
        defended, ensure, limited,
    },
    child,
};

pub(crate) fn cases() -> Vec<Case> {
    let deeper = |name, what, depth| {
        limited(name, what, |limits| limits.json_depth = Some(16), |limits| limits.json_depth = Some(127)).call(
            "probe",
            nested("[", "]", depth),
            AnswerSaying("limit_exceeded", "`json_depth`"),
        )
    };
    let too_deep = AnswerSaying("limit_exceeded", "127 levels");
    let refused = Answer("invalid_request");
    let many = (0..150_000).map(|number| format!(r#""{number}":0"#)).collect::<Vec<_>>().join(",");
    vec![
        deeper("deep_by_one", "nests arrays one level too deep", 16),
        deeper("deep_by_many", "nests arrays a hundred levels deep", 100),
        unreadable("arrays", "nests a thousand arrays", nested("[", "]", 1000), too_deep.clone()),
        unreadable("objects", "nests ten thousand objects", nested(r#"{"a":"#, "0}", 10_000), too_deep.clone()),
        unreadable("arrays_to_the_limit", "nests as many arrays as fit", nested("[", "]", 500_000), too_deep.clone()),
        unreadable("arrays_without_end", "opens half a million arrays", nested("[", "", 500_000), too_deep),
        unreadable("twice", "says a member twice", r#"{"text": "a", "text": "b"}"#, refused.clone()),
        unreadable(
            "twice_escaped",
            "says a member twice, once escaped",
            r#"{"text": "a", "\u0074ext": "b"}"#,
            refused.clone(),
        ),
        unreadable(
            "many_times",
            "says a member fifty thousand times",
            format!("{{{}\"text\": \"a\"}}", r#""text": "a", "#.repeat(50_000)),
            refused.clone(),
        ),
        unreadable(
            "great_exponent",
            "sends a number with a great exponent",
            r#"{"tree": 1e999999999}"#,
            refused.clone(),
        ),
        unreadable("long_number", "sends a number of half a million digits", digits(500_000), refused.clone()),
        unreadable("number_too_great", "sends an integer one too great", r#"{"number": 4294967296}"#, refused.clone()),
        unreadable("number_below_zero", "sends an integer below zero", r#"{"number": -1}"#, refused.clone()),
        unreadable("no_number", "sends a number that JSON has not", r#"{"tree": NaN}"#, refused.clone()),
        unreadable("comment", "sends a comment", r#"{"text": "a" /* b */}"#, refused.clone()),
        unreadable("two_objects", "sends two objects", "{}{}", refused),
        large("many_members", "sends 150,000 members", format!(r#"{{"tree": {{{many}}}}}"#)),
        large("long_text", "sends a text of two mebibytes", format!(r#"{{"text": "{}"}}"#, "x".repeat(2 << 20))),
        large(
            "long_name",
            "sends a member's name of two mebibytes",
            format!(r#"{{"tree": {{"{}": 0}}}}"#, "x".repeat(2 << 20)),
        ),
        large("escapes", "sends a text all in escapes", format!(r#"{{"text": "{}"}}"#, "\\u0000".repeat(200_000))),
        large("blanks", "sends two mebibytes of nothing", format!("{{{}}}", " ".repeat(2 << 20))),
        no_object("array", "sends the members in an array", r#"["a", 1, 0]"#),
        no_object("text", "sends a text", r#""text""#),
        no_object("nothing", "sends null", "null"),
        defended("unknown_members", "sends ten thousand members that are not there", TellUnreadable).does(|world| {
            let members: Vec<_> = (0..10_000).map(|number| format!(r#""{}{number}":0"#, "x".repeat(50))).collect();
            let plugin = world.attacker()?;
            let output =
                plugin.call("probe", format!("{{{}}}", members.join(","))).map_err(|error| error.to_string())?;
            ensure(output.len() < 4000, || format!("the answer has {} bytes", output.len()))?;
            child::ended(&Answer("invalid_request"), Ok(output))
        }),
    ]
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!(r#"{{"tree": {}{}}}"#, open.repeat(depth), close.repeat(depth))
}

fn digits(count: usize) -> String {
    format!(r#"{{"number": {}}}"#, "9".repeat(count))
}

fn unreadable(name: &'static str, what: &'static str, request: impl Into<Vec<u8>>, must: Must) -> Case {
    defended(name, what, TellUnreadable).call("probe", request, must)
}

fn large(name: &'static str, what: &'static str, request: String) -> Case {
    limited(name, what, |_| {}, |limits| limits.request_bytes = Some(8 << 20)).call(
        "probe",
        request,
        AnswerSaying("limit_exceeded", "takes 1048576"),
    )
}

fn no_object(name: &'static str, what: &'static str, request: &str) -> Case {
    defended(name, what, JsonObject).call("probe", request, AnswerSaying("invalid_request", "not a JSON object"))
}
