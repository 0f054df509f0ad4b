//! The tables, as `migrations/` makes them.

diesel::table! {
    use diesel::sql_types::{Integer, Text};

    products (sku) {
        sku -> Text,
        name -> Text,
        // What nobody has reserved.
        available -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use hostfn::sql_types::{Timestamp, Uuid};

    reservations (id) {
        id -> Uuid,
        sku -> Text,
        quantity -> Integer,
        // Whose it is.
        plugin -> Text,
        expires_at -> Timestamp,
    }
}
