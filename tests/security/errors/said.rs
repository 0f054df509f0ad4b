//! What databases and panics say, in every function.

use std::{
    cell::Cell,
    panic::{self, panic_any},
    sync::Once,
    thread,
    time::Duration,
};

use diesel::result::{DatabaseErrorKind, Error};
use hostfn::{Grants, HostError, PluginOptions};

use super::{forbidden::SAID, world::World};
use crate::operations::operations;

fn fails_everywhere(world: &World, codes: &[&str]) {
    for operation in operations() {
        let code = world.fails(&world.plugin, operation.name, &operation.request.to_string());
        assert!(codes.contains(&code.as_str()), "{} answered {code}", operation.name);
    }
}

/// What the database says: messages of both, with all in them that they tell an operator.
pub(super) fn by_the_database(world: &World) {
    for said in [
        "UNIQUE constraint failed: users.email_key",
        "CHECK constraint failed: hidden_check",
        "FOREIGN KEY constraint failed",
        "no such table: users",
        "no such column: users.email_key",
        "database is locked",
        "database or disk is full",
        "attempt to write a readonly database",
        "unable to open database file: /tmp/hidden/test.db",
        "disk I/O error",
        "file is not a database",
        "database disk image is malformed",
        "interrupted",
        "near \"SELECT\": syntax error in SELECT * FROM users WHERE email = 'Zebulon@xanthippe.example'",
        "duplicate key value violates unique constraint \"users_email_key_key\"",
        "insert or update on table \"sessions\" violates foreign key constraint \"sessions_user_uuid_fkey\"",
        "new row for relation \"users\" violates check constraint \"hidden_check\"",
        "null value in column \"email_key\" of relation \"users\" violates not-null constraint",
        "relation \"users\" does not exist",
        "permission denied for table users",
        "canceling statement due to statement timeout",
        "canceling statement due to lock timeout",
        "canceling statement due to user request",
        "deadlock detected",
        "terminating connection due to administrator command",
        "the database system is starting up",
        "server closed the connection unexpectedly",
        "connection to server at \"127.0.0.1\", port 5432 failed: FATAL: role \"hidden\" does not exist",
        "could not extend file \"base/16384/2619\": No space left on device",
        SAID,
    ] {
        for kind in [
            || DatabaseErrorKind::Unknown,
            || DatabaseErrorKind::UniqueViolation,
            || DatabaseErrorKind::ForeignKeyViolation,
            || DatabaseErrorKind::CheckViolation,
            || DatabaseErrorKind::NotNullViolation,
            || DatabaseErrorKind::SerializationFailure,
            || DatabaseErrorKind::ReadOnlyTransaction,
            || DatabaseErrorKind::ClosedConnection,
            || DatabaseErrorKind::UnableToSendCommand,
        ] {
            world.sabotage(move || Err(Error::DatabaseError(kind(), Box::new(said.to_owned())).into()));
            fails_everywhere(world, &["internal", "unavailable", "deadline_exceeded", "conflict"]);
        }
    }
    let others: [fn() -> Error; 5] = [
        || Error::NotFound,
        || Error::QueryBuilderError(SAID.into()),
        || Error::DeserializationError(SAID.into()),
        || Error::SerializationError(SAID.into()),
        || Error::BrokenTransactionManager,
    ];
    for error in others {
        world.sabotage(move || Err(error().into()));
        fails_everywhere(world, &["internal", "unavailable", "not_found"]);
    }
    world.sabotage(|| Err(HostError::internal(SAID)));
    fails_everywhere(world, &["internal"]);
    world.sabotage(|| Err(HostError::unavailable("call again later").because(SAID)));
    fails_everywhere(world, &["unavailable"]);
}

thread_local! {
    /// Whether a panic of this thread is what a test wants.
    static IS_EXPECTED: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn by_a_panic(world: &World) {
    let mut codes = Vec::new();
    let panics: [fn(); 3] = [
        || panic!("{SAID}: SELECT password_hash FROM users at src/users.rs:7"),
        || panic_any("INSERT INTO users VALUES ('Zebulon')".to_owned()),
        || panic_any(7),
    ];
    // What the program itself says of a panic goes to its standard error, and here to nobody.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_EXPECTED.get() {
                hook(panic);
            }
        }));
    });
    for said in panics {
        world.sabotage(move || {
            said();
            Ok(())
        });
        IS_EXPECTED.set(true);
        for operation in operations() {
            codes.push(world.fails(&world.plugin, operation.name, &operation.request.to_string()));
        }
        IS_EXPECTED.set(false);
    }
    assert!(codes.iter().all(|code| code == "internal"), "{codes:?}");
}

/// The time of the call is over when the function is done.
pub(super) fn by_the_clock(world: &World) {
    let hasty = world.load(PluginOptions::from(Grants::all()).timeout(Duration::from_millis(20)));
    world.sabotage(|| {
        thread::sleep(Duration::from_millis(30));
        Ok(())
    });
    for operation in operations() {
        world.fails(&hasty, operation.name, &operation.request.to_string());
    }
}
