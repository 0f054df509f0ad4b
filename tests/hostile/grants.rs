//! Plugins that try what they were not granted.

use hostfn::{Grants, PluginOptions};
use hostfn_runtime::defence::Defence::Authorise;
use hostfn_test::forwarding_guest;
use serde_json::json;

use crate::harness::{
    case::{
        Case, ClosedBy,
        Must::{Answer, AnswerSaying, Succeed},
        Outcome,
        Refusal::Finding,
        case, defended, ensure,
    },
    child::{answer, ended},
    guest::run,
    world::World,
};

pub(crate) fn cases() -> Vec<Case> {
    let by_email = r#"{"email": "ada@example.com"}"#;
    let denied = || Answer("permission_denied");
    let alike = [
        ("singular", "is granted a permission with a letter less", &["user:read"][..]),
        ("plural", "is granted a permission with a letter more", &["users:reads"]),
        ("below", "is granted a permission below the one", &["users:read:names"]),
        ("star_below", "is granted all that is below the permission", &["users:read:*"]),
        ("star_beside", "is granted all of what is called nearly the same", &["user:*"]),
        ("writing", "is granted to write, and reads", &["users:write"]),
        ("others", "is granted all of the others", &["sessions:*", "credentials:*", "probe", "deface"]),
    ];
    let alike = alike.map(|(name, what, grants)| {
        Case { grants, ..case(name, what, ClosedBy::Grants(&["users:read"])) }
            .call("db_get_user_by_email", by_email, denied())
            .call_atomic("db_get_user_by_email", by_email, denied())
    });
    let names = [
        ("as_another", "has the name of another plugin", "bystander"),
        ("as_all", "has a name that would grant everything", "*"),
        ("as_permission", "has the name of a permission", "users:read"),
        ("as_nobody", "has no name", ""),
    ];
    let names = names.map(|(name, what, plugin)| {
        defended(name, what, Authorise).named(plugin).grants(&[]).call("db_get_user_by_email", by_email, denied())
    });
    let others = [
        defended("everything", "is granted nothing, and tries everything that the host has", Authorise)
            .grants(&[])
            .does(|world| tries_everything(world, b"{}")),
        defended("everything_with_garbage", "tries everything with what is no request", Authorise)
            .grants(&[])
            .does(|world| tries_everything(world, b"\xff\0{{[")),
        defended("everything_with_much", "tries everything with more than the host takes", Authorise)
            .grants(&[])
            .does(|world| tries_everything(world, &vec![b' '; (1 << 20) + 1])),
        defended("with_a_handle_of_nothing", "is granted nothing, and passes no block", Authorise)
            .grants(&[])
            .guest(run("(call $answer (call $deface (i64.const 77)))"))
            .runs(denied()),
        defended("in_a_transaction", "is granted nothing, and asks for a transaction", Authorise)
            .grants(&[])
            .call_atomic("deface", r#"{"then": "go on"}"#, denied()),
        defended("reader_that_writes", "may read accounts, and changes one", Authorise).grants(&["users:read"]).does(
            |world| {
                let uuid = &world.victim["uuid"];
                let plugin = world.attacker()?;
                let requests = [
                    ("db_update_user_profile", json!({"uuid": uuid, "name": "defaced"})),
                    ("db_update_user_email_verified", json!({"uuid": uuid, "verified": true})),
                    ("db_create_session", json!({"user_uuid": uuid, "ttl_seconds": 3600})),
                ];
                requests.into_iter().try_for_each(|(function, request)| {
                    ended(&Answer("permission_denied"), plugin.call(function, request.to_string()))
                })
            },
        ),
        case(
            "password_hash",
            "may read accounts, and looks for the hash of a password",
            ClosedBy::Grants(&["credentials:read"]),
        )
        .grants(&["users:read"])
        .does(|world| {
            let output = world.attacker()?.call("db_get_user_by_email", r#"{"email": "ada@example.com"}"#);
            let answer = answer(&output.map_err(|error| error.to_string())?);
            ensure(answer["data"]["name"] == "Ada", || format!("it cannot read the account: {answer}"))?;
            ensure(answer["data"]["password_hash"].is_null(), || format!("it reads {answer}"))
        }),
        case(
            "hash_by_changing",
            "may change accounts, and looks for a hash in the answer",
            ClosedBy::Grants(&["credentials:*"]),
        )
        .grants(&["users:write"])
        .does(|world| {
            let request = json!({"uuid": world.victim["uuid"]}).to_string();
            let output = world.attacker()?.call("db_update_user_profile", request);
            let answer = answer(&output.map_err(|error| error.to_string())?);
            ensure(answer["data"]["name"] == "Ada", || format!("it cannot read the account: {answer}"))?;
            ensure(answer["data"]["password_hash"].is_null(), || format!("it reads {answer}"))
        }),
        case("strict", "imports what it is not granted, where that is refused", ClosedBy::Strictness)
            .grants(&["users:read"])
            .strict()
            .must_be_refused(Finding("not-granted")),
        defended("same_module", "is the module of another plugin that may do everything", Authorise).grants(&[]).does(
            |world| {
                let module = forwarding_guest(world.manager.functions(), true);
                let trusted = world.manager.load("trusted", &module, PluginOptions::from(Grants::all()));
                let trusted = trusted.map_err(|error| error.to_string())?;
                ended(&Succeed, trusted.call("probe", "{}"))?;
                ended(&AnswerSaying("permission_denied", "`probe`"), world.attacker()?.call("probe", "{}"))?;
                ended(&Succeed, trusted.call("probe", "{}"))
            },
        ),
    ];
    alike.into_iter().chain(names).chain(others).collect()
}

/// Calls every function that the host has, none of which may do anything.
fn tries_everything(world: &World<'_>, request: &[u8]) -> Outcome {
    let plugin = world.attacker()?;
    let functions: Vec<_> = world.manager.functions().collect();
    ensure(functions.len() > 20, || format!("there are only {} functions", functions.len()))?;
    functions.into_iter().try_for_each(|function| {
        let called = ended(&Answer("permission_denied"), plugin.call(function.name(), request));
        called.map_err(|fault| format!("`{}`: {fault}", function.name()))
    })
}
