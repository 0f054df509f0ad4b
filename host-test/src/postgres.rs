//! Throwaway PostgreSQL servers, for tests: with files in a temporary folder, reached through a socket in it, and
//! gone with the process that started it.
//!
//! ```no_run
//! use hostfn_test::postgres::Server;
//!
//! let server = Server::start()?;
//! server.execute("postgres", "CREATE DATABASE app")?;
//! let database = hostfn_runtime::Database::open(&server.url("app"))?;
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```

mod programs;
mod server;

use std::{env, fmt, sync::OnceLock};

pub use server::Server;

/// The environment variable with the URL of a server that tests shall use instead of one of their own. Its user
/// must be allowed to create databases.
pub const URL_VARIABLE: &str = "HOSTFN_TEST_POSTGRES_URL";

/// Why no PostgreSQL can be had.
#[derive(Clone, Debug)]
pub struct Unavailable(pub(crate) String);

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}

impl Server {
    /// The one server that all tests of a process share: that of the environment variable
    /// `HOSTFN_TEST_POSTGRES_URL`, or one that is started when it is first asked for.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn shared() -> Result<&'static Self, &'static Unavailable> {
        static SHARED: OnceLock<Result<Server, Unavailable>> = OnceLock::new();
        SHARED
            .get_or_init(|| match env::var(URL_VARIABLE) {
                Ok(url) if !url.is_empty() => Server::at(&url),
                _ => Server::start(),
            })
            .as_ref()
    }
}
