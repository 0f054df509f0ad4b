//! The plugin that takes orders, on its host.

use hostfn::{CallError, Grants};
use hostfn_test::{TestDatabase, TestHost};
use serde_json::{Value, json};
use stock::{ORDERS, ORDERS_GRANTS, Rules, host};

/// Orders, at a warehouse with three hammers and forty of nails.
struct Orders<'a> {
    host: &'a TestHost,
    plugin: hostfn::Plugin,
}

fn on_each_database(test: impl Fn(Orders<'_>)) {
    for database in TestDatabase::available() {
        let host = TestHost::on(database, host(Rules::default()));
        for (sku, name, quantity) in [("H-1", "Hammer", 3), ("N-100", "Nails, a hundred", 40)] {
            host.call("receive_goods", json!({"sku": sku, "name": name, "quantity": quantity})).data();
        }
        let plugin =
            host.load("orders", ORDERS, Grants::of(ORDERS_GRANTS).expect("they are permissions")).plugin().clone();
        test(Orders { host: &host, plugin });
    }
}

impl Orders<'_> {
    fn call(&self, export: &str, input: Value) -> Result<Value, Value> {
        match self.plugin.call_atomic(export, input.to_string()) {
            Ok(output) => Ok(serde_json::from_slice(&output).expect("it answers JSON")),
            Err(CallError::Failed { message, .. }) => Err(serde_json::from_str(&message).expect("it fails with JSON")),
            Err(error) => panic!("{error}"),
        }
    }

    fn order(&self, lines: &[(&str, i32)]) -> Result<Value, Value> {
        let lines: Vec<_> = lines.iter().map(|(sku, quantity)| json!({"sku": sku, "quantity": quantity})).collect();
        self.call("order", json!({"lines": lines}))
    }

    fn left(&self) -> [i64; 2] {
        ["H-1", "N-100"].map(|sku| {
            let product = self.host.call("get_product", json!({"sku": sku})).data();
            product["available"].as_i64().expect("it is a number")
        })
    }
}

#[test]
fn an_order_is_shipped_once() {
    on_each_database(|orders| {
        let order = orders.order(&[("H-1", 2), ("N-100", 5)]).unwrap();
        assert_eq!(order["expires_at"], "2026-01-02T03:19:05.000000Z");
        assert_eq!(orders.left(), [1, 35]);
        let ship = json!({"reservations": order["reservations"]});
        assert_eq!(orders.call("ship", ship.clone()), Ok(json!({"goods": 7})));
        let again = orders.call("ship", ship).unwrap_err();
        assert_eq!((&again["code"], &again["field"]), (&json!("not_found"), &json!("reservations[0].id")));
        assert_eq!(orders.left(), [1, 35]);
    });
}

#[test]
fn an_order_of_which_a_part_cannot_be_had_takes_nothing() {
    on_each_database(|orders| {
        let before = orders.host.rows();
        assert_eq!(
            orders.order(&[("N-100", 5), ("H-1", 4)]),
            Err(json!({
                "code": "conflict",
                "message": "only 3 left: ask for fewer, or wait for goods",
                "field": "lines[1].quantity",
            }))
        );
        let unknown = orders.order(&[("N-100", 5), ("H-9", 1)]).unwrap_err();
        assert_eq!((&unknown["code"], &unknown["field"]), (&json!("not_found"), &json!("lines[1].sku")));
        assert_eq!(orders.host.rows(), before);
    });
}

#[test]
fn what_is_short_is_on_the_list() {
    on_each_database(|orders| {
        assert_eq!(orders.call("shopping_list", json!({})), Ok(json!({"text": "Hammer (H-1): 3\n"})));
    });
}

#[test]
fn what_is_no_order_is_refused() {
    on_each_database(|orders| {
        for input in [json!({}), json!({"lines": [{"sku": "H-1"}]}), json!({"lines": [], "gift": true})] {
            assert_eq!(orders.call("order", input).unwrap_err()["code"], "invalid_input");
        }
    });
}
