//! Accounts over HTTP: what an account is, a plugin decides; what HTTP is, this server does.
//!
//! The plugin is `auth`, WebAssembly that knows neither HTTP nor SQL. It calls the built-in host functions, on SQLite or
//! PostgreSQL, and each request of a visitor is one call of one of its exports. The server adds what a plugin cannot: the
//! listener, session cookies, mails, metrics, and an end without losing what is on its way.
//!
//! | file | what |
//! |---|---|
//! | `accounts.rs` | the plugin, called from async code |
//! | `routes.rs` | a request to a call, its answer to a response |
//! | `failure.rs` | an error of the plugin or the host, as HTTP has it |
//! | `cookies.rs` | the session, in a cookie |
//! | `outbox.rs` | mails, as files for whoever sends them |
//! | `metrics.rs` | an observer that counts, for Prometheus |
//! | `cleanup.rs` | what has expired is removed |

mod accounts;
mod cleanup;
mod cookies;
mod failure;
mod metrics;
mod outbox;
mod routes;
#[cfg(test)]
mod tests;

use std::{error::Error, io::IsTerminal, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use hostfn::{Database, PluginManager, PluginManagerBuilder};
use tokio::{net::TcpListener, sync::watch};
use tracing_subscriber::EnvFilter;

use crate::{accounts::Accounts, cookies::SessionCookies, metrics::Metrics, outbox::Outbox, routes::App};

/// How long requests that are on their way may go on when the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Accounts over HTTP, on host functions.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where visitors are served; behind a proxy that does TLS
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Where Prometheus is served, which is nobody else's business
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3001")]
    metrics: SocketAddr,
    /// The database, such as sqlite://accounts.db or postgres://app@db/accounts
    #[arg(long, value_name = "URL", default_value = "sqlite://accounts.db")]
    database: String,
    /// The folder that mails are put in
    #[arg(long, value_name = "FOLDER", default_value = "outbox")]
    outbox: PathBuf,
    /// Send cookies over plain HTTP too: for trying it on this machine, and never for visitors
    #[arg(long)]
    plain_http: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Extism logs as an error each failure that a plugin answers, a wrong password for instance.
    let filter = EnvFilter::try_from_env("LOG").unwrap_or_else(|_| EnvFilter::new("info,extism=off"));
    let stderr = std::io::stderr;
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(stderr().is_terminal()).with_writer(stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What plugins can call here. The database comes later, for tests have their own.
fn host(metrics: &Arc<Metrics>) -> PluginManagerBuilder {
    PluginManager::builder().functions(hostfn::functions::registry()).observer(metrics.clone())
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if arguments.plain_http && !arguments.listen.ip().is_loopback() {
        return Err("--plain-http is for this machine alone: leave it out, or listen at 127.0.0.1".into());
    }
    let metrics = Arc::new(Metrics::new()?);
    let database = Database::open(&arguments.database)?;
    let manager = host(&metrics).database(database.clone()).build()?;
    let app = App {
        accounts: Accounts::load(&manager, accounts::TIMEOUT)?,
        outbox: Arc::new(Outbox::open(arguments.outbox)?),
        cookies: SessionCookies { is_secure: !arguments.plain_http },
        metrics: metrics.clone(),
    };

    let visitors = TcpListener::bind(arguments.listen).await?;
    let prometheus = TcpListener::bind(arguments.metrics).await?;
    // On standard output and not in the log, for whoever asked for port 0.
    println!("accounts are served at http://{}", visitors.local_addr()?);
    println!("metrics are served at http://{}/metrics", prometheus.local_addr()?);

    // One signal ends everything.
    let (stop, stopped) = watch::channel(false);
    let wait = |mut stopped: watch::Receiver<bool>| async move { drop(stopped.wait_for(|stopped| *stopped).await) };
    let cleanup = tokio::spawn(cleanup::run(database, wait(stopped.clone())));
    let serving = async {
        tokio::try_join!(
            axum::serve(visitors, routes::router(app)).with_graceful_shutdown(wait(stopped.clone())),
            axum::serve(prometheus, metrics::router(metrics)).with_graceful_shutdown(wait(stopped.clone())),
        )
    };
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => drop(ended?),
        () = signal() => {
            tracing::info!("stopping: requests that are on their way are answered first");
            stop.send_replace(true);
            match tokio::time::timeout(GRACE, serving).await {
                Ok(ended) => drop(ended?),
                Err(_) => tracing::warn!("requests that took longer than {GRACE:?} were given up"),
            }
        }
    }
    cleanup.await?;
    Ok(())
}

/// What the operator or the system says when this shall end.
async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).expect("the system takes a handler of this signal");
        tokio::select! {
            interrupted = interrupt => interrupted.expect("the system takes a handler of this signal"),
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await.expect("the system takes a handler of this signal");
}
