//! The host functions, as a plugin meets them: through WebAssembly, on each database that can be had.

use hostfn::{
    ErrorCode, Grants,
    bindings::{Contract, LANGUAGES, bindings},
};
use hostfn_test::{Coverage, Fault, TestDatabase, TestHost, assert_transcript};
use serde_json::{Value, json};
use stock::{Rules, host, registry, release_expired};

const RULES: Rules = Rules { most_at_once: 50, hold_seconds: 900, short_below: 10 };

fn on_each_database(test: impl Fn(&TestHost)) {
    for database in TestDatabase::available() {
        test(&TestHost::on(database, host(RULES)));
    }
}

fn receive(host: &TestHost, sku: &str, quantity: i32) -> Value {
    host.call("receive_goods", json!({"sku": sku, "name": "Hammer", "quantity": quantity})).data()
}

fn reserve(host: &TestHost, sku: &str, quantity: i32) -> Value {
    host.call("reserve", json!({"sku": sku, "quantity": quantity})).data()["id"].take()
}

fn available(host: &TestHost, sku: &str) -> Value {
    host.call("get_product", json!({"sku": sku})).data()["available"].take()
}

/// All that the functions answer, and what becomes of the tables. The snapshot is of both databases.
#[test]
fn goods_come_in_are_reserved_and_leave() {
    on_each_database(|host| {
        receive(host, "H-1", 12);
        receive(host, "N-100", 1_000_000);
        host.call("receive_goods", json!({"sku": "N-100", "name": "Nails", "quantity": 1}));
        host.call("receive_goods", json!({"sku": "H-2", "name": "\n", "quantity": 1}));
        let first = reserve(host, "H-1", 5);
        let second = reserve(host, "H-1", 4);
        host.call("reserve", json!({"sku": "H-1", "quantity": 4}));
        host.call("reserve", json!({"sku": "H-9", "quantity": 4}));
        host.call("reserve", json!({"sku": "H-1", "quantity": 51}));
        host.call("ship", json!({"id": first}));
        host.call("ship", json!({"id": first}));
        host.call("release", json!({"id": second}));
        host.call("release", json!({"id": second}));
        host.call("get_product", json!({"sku": "H-1"}));
        host.call("get_product", json!({"sku": "H-9"}));
        host.call("list_short", json!({}));
        assert_transcript!(host);
    });
}

#[test]
fn every_answer_has_a_snapshot() {
    Coverage::of(&registry(), "snapshots").assert_complete();
}

#[test]
fn a_reservation_is_of_the_plugin_that_made_it() {
    on_each_database(|host| {
        receive(host, "H-1", 5);
        let id = reserve(host, "H-1", 5);
        let other = host.as_plugin("other", Grants::of(["stock:reserve"]).unwrap());
        for function in ["ship", "release"] {
            let error = other.call(function, json!({"id": id})).error();
            // As one that is not there: neither can be told from the other.
            let nobodys = other.call(function, json!({"id": "ffffffff-ffff-4fff-bfff-ffffffffffff"})).error();
            assert_eq!((error.code, &error.message), (ErrorCode::NotFound, &nobodys.message));
        }
        assert_eq!(host.call("ship", json!({"id": id})).data()["quantity"], 5);
    });
}

#[test]
fn who_may_reserve_may_not_take_goods_in() {
    let host = TestHost::new(host(RULES));
    let orders = host.as_plugin("orders", Grants::of(stock::ORDERS_GRANTS).unwrap());
    let request = json!({"sku": "H-1", "name": "Hammer", "quantity": 1});
    assert_eq!(orders.call("receive_goods", request).error().code, ErrorCode::PermissionDenied);
}

#[test]
fn what_is_not_shipped_in_time_is_given_back() {
    on_each_database(|host| {
        receive(host, "H-1", 5);
        let id = reserve(host, "H-1", 5);
        let clean_up = || host.database().write(|db| release_expired(db, host.clock().now(), 1000)).unwrap();
        host.clock().advance_seconds(899);
        assert_eq!(clean_up(), 0);
        host.clock().advance_seconds(1);
        // It is gone for the plugin at once, and for the others when it was cleaned up.
        assert_eq!(host.call("ship", json!({"id": id})).error().code, ErrorCode::NotFound);
        assert_eq!(available(host, "H-1"), 0);
        assert_eq!((clean_up(), clean_up()), (1, 0));
        assert_eq!(available(host, "H-1"), 5);
    });
}

/// Goods that are taken and not written down would be lost.
#[test]
fn a_reservation_is_made_as_a_whole_or_not_at_all() {
    on_each_database(|host| {
        receive(host, "H-1", 5);
        for fault in [Fault::FunctionPanics, Fault::DatabaseFull] {
            let before = host.rows();
            host.fault_in("reserve", fault);
            host.call("reserve", json!({"sku": "H-1", "quantity": 5})).error();
            assert_eq!(host.rows(), before);
        }
    });
}

#[test]
fn of_many_that_want_the_last_ones_none_gets_what_is_not_there() {
    on_each_database(|host| {
        receive(host, "H-1", 7);
        let orders = host.as_plugin("orders", Grants::of(["stock:reserve"]).unwrap());
        let orders = orders.plugin();
        let reserved: usize = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        let calls = (0..5).map(|_| orders.call("reserve", r#"{"sku": "H-1", "quantity": 1}"#).unwrap());
                        calls.filter(|answer| answer.starts_with(br#"{"success":true"#)).count()
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        });
        assert_eq!(reserved, 7);
        assert_eq!(available(host, "H-1"), 0);
    });
}

/// After a change of the functions: `cargo run --bin stock-cli -- bindings --language rust --out plugin/src`, and the plugin
/// is built anew.
#[test]
fn the_plugins_bindings_are_of_these_functions() {
    let language = LANGUAGES.iter().find(|language| language.name == "rust").unwrap();
    let kept = include_str!("../plugin/src/hostfn.rs").replace("\r\n", "\n");
    let [file] = &*bindings(&Contract::of([&registry()]), language).unwrap() else { panic!("one file was expected") };
    assert!(kept == file.text, "plugin/src/hostfn.rs is of other functions");
}
