//! A host with functions of its own, and a plugin that takes orders through them.
//!
//! The host decides what may be reserved, by whom and for how long; the plugin, what an order is. An order is one transaction:
//! when one of its goods cannot be had, none is reserved.

use std::error::Error;

use hostfn::{CallError, Database, Grants, Plugin};
use serde_json::{Value, json};
use stock::{ORDERS, ORDERS_GRANTS, Rules, get_product, host, receive_goods};

fn main() -> Result<(), Box<dyn Error>> {
    // `sqlite://stock.db` and `postgres://app@db/stock` are kept.
    let manager = host(Rules::default()).database(Database::open("sqlite::memory:")?).build()?;
    let orders = manager.load("orders", ORDERS, Grants::of(ORDERS_GRANTS)?)?;
    let database = manager.database().ok_or("it was built with one")?;

    // A host function is a function: the host takes goods in itself, which no plugin may.
    database.write(|db| {
        receive_goods(db, "H-1".to_owned(), "Hammer".to_owned(), 3)?;
        receive_goods(db, "N-100".to_owned(), "Nails, a hundred".to_owned(), 40)?;
        Ok(())
    })?;
    let left =
        |sku: &str| database.read(|db| Ok(get_product(db, sku.to_owned())?.map_or(0, |product| product.available)));

    let order =
        call(&orders, "order", &json!({"lines": [{"sku": "H-1", "quantity": 2}, {"sku": "N-100", "quantity": 5}]}))?;
    println!("  left: {} hammers, {} of nails", left("H-1")?, left("N-100")?);
    // The nails are there and the hammers are not: neither is reserved.
    call(&orders, "order", &json!({"lines": [{"sku": "N-100", "quantity": 5}, {"sku": "H-1", "quantity": 2}]}))?;
    println!("  left: {} hammers, {} of nails", left("H-1")?, left("N-100")?);
    call(&orders, "ship", &json!({"reservations": order["reservations"]}))?;
    // Once.
    call(&orders, "ship", &json!({"reservations": order["reservations"]}))?;
    call(&orders, "shopping_list", &json!({}))?;
    Ok(())
}

/// Calls an export, as one transaction, and shows it.
fn call(plugin: &Plugin, export: &str, input: &Value) -> Result<Value, Box<dyn Error>> {
    let (how, answer) = match plugin.call_atomic(export, input.to_string()) {
        Ok(output) => ("answers", serde_json::from_slice(&output)?),
        Err(CallError::Failed { message, .. }) => ("fails", serde_json::from_str(&message)?),
        Err(error) => return Err(error.into()),
    };
    println!("{export} {input}\n  {how} {answer}");
    Ok(answer)
}
