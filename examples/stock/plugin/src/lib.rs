//! Orders: a plugin on the host functions of a warehouse, in `hostfn.rs`, which `hostfn bindings` wrote.
//!
//! Each export takes a JSON object and answers one. A failure is the return code 1, with `{"code", "message", "field"}` as
//! Extism's error. The host makes each call with `call_atomic`, so that an order is taken as a whole or not at all.

mod hostfn;

use std::fmt;

use extism_pdk::{Error, FnResult, Json, WithReturnCode, plugin_fn};
use hostfn::{ErrorCode, HostError, ReserveRequest, ShipRequest};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    quantity: i32,
}

#[derive(Serialize)]
struct Ordered {
    reservations: Vec<String>,
    expires_at: Option<String>,
}

/// Takes an order.
///
/// `{lines: [{sku, quantity}]}` -> `{reservations, expires_at}`. Fails with what the host says of the first line that cannot
/// be had, and `field` says which line it is: `lines[1].quantity`.
#[plugin_fn]
pub fn order(input: Vec<u8>) -> FnResult<Json<Ordered>> {
    answer(&input, |order: Order| {
        let mut ordered = Ordered {
            reservations: Vec::new(),
            expires_at: None,
        };
        for (at, line) in order.lines.into_iter().enumerate() {
            let reserved = hostfn::reserve(&ReserveRequest {
                sku: line.sku,
                quantity: line.quantity,
            });
            let reservation =
                reserved.map_err(|error| Failure::of(error, &format!("lines[{at}]")))?;
            ordered.reservations.push(reservation.id);
            ordered.expires_at = Some(reservation.expires_at);
        }
        Ok(ordered)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ship {
    reservations: Vec<String>,
}

#[derive(Serialize)]
struct Shipped {
    goods: i32,
}

/// Ships an order.
///
/// `{reservations}` -> `{goods}`, how many left the warehouse. Fails with `not_found` when a reservation has expired or was
/// shipped already, and then ships nothing.
#[plugin_fn]
pub fn ship(input: Vec<u8>) -> FnResult<Json<Shipped>> {
    answer(&input, |request: Ship| {
        let mut goods = 0;
        for (at, id) in request.reservations.into_iter().enumerate() {
            let shipped = hostfn::ship(&ShipRequest { id });
            goods += shipped
                .map_err(|error| Failure::of(error, &format!("reservations[{at}]")))?
                .quantity;
        }
        Ok(Shipped { goods })
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Serialize)]
struct ShoppingList {
    text: String,
}

/// Writes down what is short.
///
/// `{}` -> `{text}`, a line for each product.
#[plugin_fn]
pub fn shopping_list(input: Vec<u8>) -> FnResult<Json<ShoppingList>> {
    answer(&input, |Nothing {}| {
        let short = hostfn::list_short().map_err(|error| Failure::of(error, ""))?;
        let lines = short.into_iter().map(|product| {
            format!(
                "{} ({}): {}\n",
                product.name, product.sku, product.available
            )
        });
        Ok(ShoppingList {
            text: lines.collect(),
        })
    })
}

/// What an export answers instead of its output.
#[derive(Debug, Serialize)]
struct Failure {
    code: ErrorCode,
    message: String,
    field: Option<String>,
}

impl Failure {
    /// What the host said, of a part of the input.
    fn of(error: HostError, part: &str) -> Self {
        let field = error.field.map(|field| format!("{part}.{field}"));
        Self {
            code: error.code,
            message: error.message,
            field,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl std::error::Error for Failure {}

/// The one way in and out of an export: the input is read here and not by `plugin_fn`, so that whatever fails is a
/// [`Failure`].
fn answer<I: DeserializeOwned, O: Serialize>(
    input: &[u8],
    export: impl FnOnce(I) -> Result<O, Failure>,
) -> FnResult<Json<O>> {
    let request = serde_json::from_slice(input).map_err(|error| Failure {
        // One that the host does not have.
        code: ErrorCode::Other("invalid_input".to_owned()),
        message: error.to_string(),
        field: None,
    });
    match request.and_then(export) {
        Ok(output) => Ok(Json(output)),
        Err(failure) => Err(WithReturnCode::new(Error::new(failure), 1)),
    }
}
