//! Goods that are kept for somebody, until they are shipped or given back.

use diesel::prelude::*;
use hostfn::{Caller, Clock, DbConnection, Entropy, HostError, KeepPrepared, Timestamp, Uuid, host_fn, on_backend};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::StockError,
    products::check_quantity,
    rules::Rules,
    schema::{products, reservations},
};

/// Goods that are kept for a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Serialize, JsonSchema)]
#[diesel(table_name = reservations)]
pub struct Reservation {
    /// Its id.
    pub id: Uuid,
    /// The number of the product.
    pub sku: String,
    /// How many of it.
    pub quantity: i32,
    /// From then on it is gone.
    pub expires_at: Timestamp,
}

/// Reserves goods, for as long as the warehouse keeps them.
///
/// Answers `not_found` when no product has this number, and `conflict` when too few of it are available.
#[host_fn(permission = "stock:reserve", errors(not_found, conflict))]
pub fn reserve(
    db: &mut DbConnection,
    clock: &Clock,
    entropy: &Entropy,
    caller: &Caller,
    rules: &Rules,
    /// The number of the product.
    sku: String,
    /// How many of it.
    quantity: i32,
) -> Result<Reservation, StockError> {
    check_quantity(quantity, rules.most_at_once)?;
    // One statement looks and takes: of several that want the last ones, one gets them.
    let taken: Option<i32> = on_backend!(db, |connection| {
        diesel::update(products::table.find(&sku).filter(products::available.ge(quantity)))
            .set(products::available.eq(products::available - quantity))
            .returning(products::available)
            .keep_prepared()
            .get_result(connection)
    })
    .optional()?;
    if taken.is_none() {
        let available = on_backend!(db, |connection| {
            products::table.find(&sku).select(products::available).get_result(connection)
        });
        return Err(match available.optional()? {
            Some(available) => StockError::NotEnough { available },
            None => StockError::UnknownProduct,
        });
    }
    let reservation = Reservation {
        id: entropy.uuid().into(),
        sku,
        quantity,
        expires_at: clock.now().plus_seconds(rules.hold_seconds),
    };
    on_backend!(db, |connection| {
        diesel::insert_into(reservations::table)
            .values((
                reservations::id.eq(reservation.id),
                reservations::sku.eq(&reservation.sku),
                reservations::quantity.eq(reservation.quantity),
                reservations::plugin.eq(caller.plugin()),
                reservations::expires_at.eq(reservation.expires_at),
            ))
            .execute(connection)
    })?;
    Ok(reservation)
}

/// Gives back what the plugin reserved.
#[host_fn(permission = "stock:reserve", errors(not_found))]
pub fn release(
    db: &mut DbConnection,
    clock: &Clock,
    caller: &Caller,
    /// The id of the reservation.
    id: Uuid,
) -> Result<(), StockError> {
    let reservation = take(db, clock, caller, id)?;
    Ok(give_back(db, &reservation.sku, reservation.quantity)?)
}

/// Ships what the plugin reserved: the goods leave the warehouse.
///
/// Of several calls for the same reservation, one ships it, and the others are answered `not_found`.
#[host_fn(permission = "stock:reserve", errors(not_found))]
pub fn ship(
    db: &mut DbConnection,
    clock: &Clock,
    caller: &Caller,
    /// The id of the reservation.
    id: Uuid,
) -> Result<Reservation, StockError> {
    take(db, clock, caller, id)
}

/// Removes a reservation of the caller's, whose name is the host's word and nothing that a guest could say.
fn take(db: &mut DbConnection, clock: &Clock, caller: &Caller, id: Uuid) -> Result<Reservation, StockError> {
    let taken = on_backend!(db, |connection| {
        let own = reservations::table.find(id).filter(reservations::plugin.eq(caller.plugin()));
        diesel::delete(own.filter(reservations::expires_at.gt(clock.now())))
            .returning(Reservation::as_returning())
            .get_result(connection)
    });
    taken.optional()?.ok_or(StockError::NoReservation)
}

fn give_back(db: &mut DbConnection, sku: &str, quantity: i32) -> QueryResult<()> {
    on_backend!(db, |connection| {
        diesel::update(products::table.find(sku))
            .set(products::available.eq(products::available + quantity))
            .returning(products::available)
            .keep_prepared()
            .get_result::<i32>(connection)
    })?;
    Ok(())
}

/// Gives back what was reserved until now and not shipped, at most so many reservations; `hostfn cleanup` calls it.
///
/// # Errors
/// When the database refuses.
pub fn release_expired(db: &mut DbConnection, now: Timestamp, limit: u32) -> Result<usize, HostError> {
    let expired: Vec<(Uuid, String, i32)> = on_backend!(db, |connection| {
        reservations::table
            .filter(reservations::expires_at.le(now))
            .order((reservations::expires_at, reservations::id))
            .limit(limit.into())
            .select((reservations::id, reservations::sku, reservations::quantity))
            .load(connection)
    })?;
    let mut released = 0;
    for (id, sku, quantity) in &expired {
        // Somebody else may be cleaning up as well: whoever deletes it gives it back.
        if on_backend!(db, |connection| diesel::delete(reservations::table.find(*id)).execute(connection))? == 1 {
            give_back(db, sku, *quantity)?;
            released += 1;
        }
    }
    Ok(released)
}
