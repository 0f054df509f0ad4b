use diesel::result::Error as DieselError;
use hostfn::HostError;

/// What can go wrong with stock. The functions answer it as it is; what a plugin is told is decided here, once.
#[derive(Debug)]
pub enum StockError {
    /// No product has this number.
    UnknownProduct,
    /// The plugin has no such reservation, or none any more. Whether another has one is not told.
    NoReservation,
    /// Others were faster.
    NotEnough {
        /// How many there are.
        available: i32,
    },
    /// There would be more of a product than there can be.
    NoRoom {
        /// The most that there can be.
        most: i32,
    },
    /// A number that is not one of goods.
    Quantity {
        /// The most that it can be.
        most: i32,
    },
    /// A number of a product that is none, or its name.
    Text {
        /// The field that it is in.
        field: &'static str,
        /// The most characters that it can have.
        most: usize,
    },
    /// The database did not do what it was asked: what a plugin is told of that, `hostfn` knows.
    Database(DieselError),
}

impl From<DieselError> for StockError {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

impl From<StockError> for HostError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::UnknownProduct => Self::not_found("no product has this number").in_field("sku"),
            StockError::NoReservation => {
                Self::not_found("there is no such reservation of this plugin's; it may have expired").in_field("id")
            }
            StockError::NotEnough { available } => {
                Self::conflict(format!("only {available} left: ask for fewer, or wait for goods")).in_field("quantity")
            }
            StockError::NoRoom { most } => {
                Self::conflict(format!("there is room for {most} of a product: send fewer")).in_field("quantity")
            }
            StockError::Quantity { most } => {
                Self::invalid_request(format!("expected a quantity from 1 to {most}")).in_field("quantity")
            }
            StockError::Text { field, most } => {
                Self::invalid_request(format!("expected a text of 1 to {most} characters")).in_field(field)
            }
            StockError::Database(error) => error.into(),
        }
    }
}
