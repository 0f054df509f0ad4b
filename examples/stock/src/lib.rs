//! Host functions of one's own: the stock of a warehouse, which plugins reserve and ship.
//!
//! | file | what |
//! |---|---|
//! | `schema.rs` | the tables, as `migrations/` makes them on SQLite and PostgreSQL |
//! | `products.rs`, `reservations.rs` | the host functions |
//! | `rules.rs` | what the warehouse decides: state that the functions borrow |
//! | `error.rs` | what can go wrong, and what a plugin is told of it |
//! | `main.rs` | a host, with the plugin of `plugin/` |
//! | `bin/stock-cli.rs` | the command `hostfn` for these functions |

mod error;
mod products;
mod reservations;
mod rules;
mod schema;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use hostfn::{Cleanup, PluginManager, PluginManagerBuilder, db::Migrations};

pub use error::StockError;
pub use products::{Product, get_product, list_short, receive_goods};
pub use reservations::{Reservation, release, release_expired, reserve, ship};
pub use rules::Rules;

/// The plugin that takes orders, as `cargo xtask guests` compiled it from `plugin/`.
pub const ORDERS: &[u8] = include_bytes!("../plugin.wasm");

/// What the plugin that takes orders may do.
pub const ORDERS_GRANTS: [&str; 2] = ["stock:read", "stock:reserve"];

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

hostfn::registry!(
    migrations = Migrations::sqlite(SQLITE_MIGRATIONS).and_postgres(POSTGRES_MIGRATIONS),
    cleanup = [Cleanup::by("reservations", release_expired)],
);

/// The functions with their state. What else there is to a host, its database for one, is added by whoever builds it.
pub fn host(rules: Rules) -> PluginManagerBuilder {
    PluginManager::builder().functions(registry()).provide(rules)
}
