//! Random calls of the built-in functions, of which SQLite, PostgreSQL and a model without a database must think the same.
//!
//! What is drawn is small on purpose: a few addresses, UUIDs and tokens, so that calls meet what earlier ones left.
//! `PROPTEST_CASES=10000 cargo test --test integration model` tries more sequences than the usual 128. One that failed is
//! kept, as short as it could be made, in `proptest-regressions/`, and tried first from then on.

mod accounts;
mod call;
mod values;

use std::env;

use diesel::connection::SimpleConnection;
use hostfn::{HostResponse, on_backend};
use hostfn_test::{TestDatabase, TestHost};
use proptest::{
    collection::vec,
    test_runner::{Config, FileFailurePersistence, TestRunner},
};
use serde_json::{Value, json};

use accounts::Accounts;
use call::{Call, Expected, call};

const LONGEST: usize = 40;

/// How many sequences are tried when nobody says how many.
const CASES: u32 = 128;

const REGRESSIONS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/model/proptest-regressions/sequences.txt");

#[test]
fn databases_answer_as_a_model_does_whatever_is_called() {
    let hosts = TestDatabase::available().map(|database| TestHost::on(database, hostfn::functions::registry()));
    let hosts: Vec<_> = hosts.collect();
    let persistence = Box::new(FileFailurePersistence::Direct(REGRESSIONS));
    let usual = Config::default();
    let cases = if env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { CASES };
    let config = Config { cases, failure_persistence: Some(persistence), ..usual };
    let outcome = TestRunner::new(config).run(&vec(call(), 1..=LONGEST), |calls| {
        play(&hosts, &calls);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Makes the calls on each host and in the model, and compares all answers and then all that is stored.
fn play(hosts: &[TestHost], calls: &[Call]) {
    let mut model = Accounts::new();
    hosts.iter().for_each(|host| begin(host, &model));
    for call in calls {
        if let Call::Wait { seconds } = call {
            hosts.iter().for_each(|host| host.clock().advance_seconds(*seconds));
            model.wait(*seconds);
            continue;
        }
        let (function, request) = call.request(&model);
        let mut answers = hosts.iter().map(|host| host.call(function, &request).response());
        let answer = answers.next().expect("SQLite is always available");
        for other in answers {
            assert_eq!(answer, other, "{function} on PostgreSQL, asked with {request}");
        }
        let expected = model.answer(call, data(&answer));
        assert_eq!(shown(&answer), expected, "{function}, asked with {request}");
    }
    for host in hosts {
        let rows = host.rows();
        for (table, expected) in model.rows() {
            let stored: Vec<_> = rows.table(table).expect("the table is there").cloned().map(Value::from).collect();
            assert_eq!(Value::from(stored), expected, "{table} on {}", host.database().backend());
        }
    }
}

/// Empties a host's database and sets its clock back.
fn begin(host: &TestHost, model: &Accounts) {
    let empty = |db: &mut hostfn::DbConnection| {
        // What belongs to users goes with them.
        Ok(on_backend!(db, |connection| connection.batch_execute("DELETE FROM users"))?)
    };
    host.database().write(empty).expect("the tables are there");
    host.clock().set(model.now());
}

fn data(answer: &HostResponse<Value>) -> &Value {
    match answer {
        HostResponse::Success(data) => data,
        HostResponse::Failure(_) => &Value::Null,
    }
}

/// What a model can know of an answer: of an error not its words.
fn shown(answer: &HostResponse<Value>) -> Expected {
    match answer {
        HostResponse::Success(data) => Ok(data.clone()),
        HostResponse::Failure(error) => Err(json!([error.code, error.field])),
    }
}
