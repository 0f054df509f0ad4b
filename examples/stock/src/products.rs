//! Products, and how many of each nobody has reserved.

use diesel::prelude::*;
use hostfn::{DbConnection, host_fn, on_backend};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::StockError, rules::Rules, schema::products};

/// The most that a delivery brings, which is also the most that there can be of a product.
const MOST: i32 = 1_000_000;

/// How many products are listed at most.
const MOST_LISTED: i64 = 100;

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Serialize, JsonSchema)]
#[diesel(table_name = products)]
pub struct Product {
    /// Its number.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// How many there are that nobody has reserved.
    pub available: i32,
}

/// Takes goods in: of a product that there is, or of a new one.
///
/// Answers `conflict` when there would be more of it than there can be.
#[host_fn(permission = "stock:receive", errors(conflict))]
pub fn receive_goods(
    db: &mut DbConnection,
    /// The number of the product.
    sku: String,
    /// What it is called from now on.
    name: String,
    /// How many there are in the delivery.
    quantity: i32,
) -> Result<Product, StockError> {
    check_text("sku", &sku, 40)?;
    check_text("name", &name, 200)?;
    check_quantity(quantity, MOST)?;
    let received = on_backend!(db, |connection| {
        diesel::insert_into(products::table)
            .values((products::sku.eq(&sku), products::name.eq(&name), products::available.eq(quantity)))
            .on_conflict(products::sku)
            .do_update()
            .set((products::name.eq(&name), products::available.eq(products::available + quantity)))
            .returning(Product::as_returning())
            .get_result(connection)
    })?;
    // An error undoes what the function did.
    if received.available > MOST {
        return Err(StockError::NoRoom { most: MOST });
    }
    Ok(received)
}

/// Finds a product by its number; `null` when there is none.
#[host_fn(permission = "stock:read", read_only)]
pub fn get_product(
    db: &mut DbConnection,
    /// The number of the product.
    sku: String,
) -> Result<Option<Product>, StockError> {
    let found = on_backend!(db, |connection| {
        products::table.find(&sku).select(Product::as_select()).get_result(connection)
    });
    Ok(found.optional()?)
}

/// Lists the products that are short, the shortest first, and a hundred at most.
#[host_fn(permission = "stock:read", read_only)]
pub fn list_short(db: &mut DbConnection, rules: &Rules) -> Result<Vec<Product>, StockError> {
    // With a `LIMIT`, SQLite compiles the statement anew each time: a list is not asked for that often.
    Ok(on_backend!(db, |connection| {
        products::table
            .filter(products::available.lt(rules.short_below))
            .order((products::available, products::sku))
            .limit(MOST_LISTED)
            .select(Product::as_select())
            .load(connection)
    })?)
}

pub(crate) fn check_quantity(quantity: i32, most: i32) -> Result<(), StockError> {
    if (1..=most).contains(&quantity) { Ok(()) } else { Err(StockError::Quantity { most }) }
}

fn check_text(field: &'static str, text: &str, most: usize) -> Result<(), StockError> {
    let is_fit = !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
    if is_fit { Ok(()) } else { Err(StockError::Text { field, most }) }
}
