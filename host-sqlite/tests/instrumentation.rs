//! Opening while a diesel instrumentation opens connections of its own. By itself in one file, as
//! diesel has one instrumentation for a whole process.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails, as it should")]

use std::{cell::Cell, time::Instant};

use diesel::{
    Connection, SqliteConnection,
    connection::{Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation},
};
use hostfn_sqlite::open;

#[derive(Clone, Copy)]
enum Inner {
    OfDiesel,
    OfOurs,
}

thread_local! {
    /// What to open when the next connection is about to be opened.
    static NEXT: Cell<Option<Inner>> = const { Cell::new(None) };
}

fn opener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartEstablishConnection { .. } = event {
            match NEXT.take() {
                Some(Inner::OfDiesel) => drop(SqliteConnection::establish(":memory:").unwrap()),
                Some(Inner::OfOurs) => drop(open(":memory:").unwrap()),
                None => {}
            }
        }
    }))
}

#[test]
fn a_connection_is_bounded_or_not_opened() {
    set_default_instrumentation(opener).unwrap();

    NEXT.set(Some(Inner::OfDiesel));
    let Err(error) = open(":memory:") else { panic!("the other connection took its bounds") };
    assert!(error.to_string().contains("without bounds"), "{error}");

    for inner in [Some(Inner::OfOurs), None] {
        NEXT.set(inner);
        let (mut connection, bounds) = open(":memory:").unwrap();
        bounds.set_deadline(Some(Instant::now()));
        let error = connection
            .batch_execute(
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 20000) SELECT count(*) FROM c",
            )
            .unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
    }
}
