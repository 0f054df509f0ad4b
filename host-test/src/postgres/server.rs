use std::{
    fmt, fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use tempfile::TempDir;

use super::{Unavailable, programs::Programs};
use crate::fixture::Failure;

/// The superuser of a server of one's own.
const USER: &str = "postgres";

/// A PostgreSQL server. One that was started here is stopped and removed when this is dropped, and when the process
/// ends in whatever way.
pub struct Server {
    /// Its URL, with the name of one database in it.
    url: String,
    /// Nothing where it is somebody else's.
    own: Option<Own>,
}

struct Own {
    programs: Programs,
    data: PathBuf,
    guard: Child,
    // Dropped last: the files are in it.
    folder: TempDir,
}

impl Server {
    /// Starts a server of one's own, with no database of one's own in it yet. What is written is not flushed to the
    /// disk: it goes with the process anyway.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self, Unavailable> {
        Self::start_with(&[])
    }

    /// As [`start`](Self::start), with other settings than PostgreSQL's own: `&[("fsync", "on")]`.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start with them.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Self, Unavailable> {
        let programs = Programs::find()?;
        let (folder, data) = folder_for(&programs)?;
        let mut initdb = programs.command("initdb");
        initdb.args(["--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8", "--username", USER, "--pgdata"]);
        run(initdb.arg(&data))?;
        Self::with_files(programs, folder, data, settings)
    }

    /// Starts what the files in `data` are of.
    fn with_files(
        programs: Programs,
        folder: TempDir,
        data: PathBuf,
        settings: &[(&str, &str)],
    ) -> Result<Self, Unavailable> {
        let socket = folder.path().display().to_string();
        let mut lines = String::new();
        let own = [("listen_addresses", ""), ("unix_socket_directories", &socket), ("fsync", "off")];
        for (name, value) in own.iter().chain(settings) {
            lines += &format!("{name} = '{}'\n", value.replace('\'', "''"));
        }
        append(&data.join("postgresql.auto.conf"), &lines)?;
        let guard = guard(&programs, &data, folder.path())?;
        let url = format!("postgres://{USER}@/postgres?host={}", encoded(&socket));
        let server = Self { url, own: Some(Own { programs, data, guard, folder }) };
        server.start_again()?;
        Ok(server)
    }

    /// The server at a URL, whose user must be allowed to create databases.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn at(url: &str) -> Result<Self, Unavailable> {
        let server = Self { url: url.to_owned(), own: None };
        // Neither the URL nor what it says of the password.
        PgConnection::establish(url)
            .map_err(|error| Unavailable(format!("the server of {} cannot be used: {error}", super::URL_VARIABLE)))?;
        Ok(server)
    }

    /// Whether it was started here, and goes with this process, all its databases with it.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        let (base, query) =
            self.url.split_once('?').map_or((self.url.as_str(), None), |(base, query)| (base, Some(query)));
        let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
        let authority = rest.split('/').next().unwrap_or_default();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{scheme}://{authority}/{}{query}", encoded(database))
    }

    /// Runs SQL in one of its databases, outside of any transaction.
    ///
    /// # Errors
    /// What the server says.
    pub fn execute(&self, database: &str, sql: &str) -> Result<(), Failure> {
        Ok(PgConnection::establish(&self.url(database))?.batch_execute(sql)?)
    }

    /// Stops it as an administrator does: connections are closed, and what was committed is there.
    ///
    /// # Errors
    /// When it is somebody else's, or does not stop.
    pub fn stop(&self) -> Result<(), Unavailable> {
        self.control(&["stop", "--mode=fast"])
    }

    /// Stops it as a crash does: at the next start it recovers from its log.
    ///
    /// # Errors
    /// When it is somebody else's, or does not stop.
    pub fn kill(&self) -> Result<(), Unavailable> {
        self.control(&["stop", "--mode=immediate"])
    }

    /// Starts it again, and waits until it answers.
    ///
    /// # Errors
    /// When it is somebody else's, or does not start.
    pub fn start_again(&self) -> Result<(), Unavailable> {
        let log = self.own()?.folder.path().join("log");
        self.control(&["start", "--log", &log.display().to_string()])
    }

    /// Starts another server that follows this one, and serves reads until it is [promoted](Self::promote).
    ///
    /// # Errors
    /// When this one is somebody else's, or the other does not start.
    pub fn standby(&self) -> Result<Self, Unavailable> {
        let programs = self.own()?.programs.clone();
        let (folder, data) = folder_for(&programs)?;
        let mut copy = programs.command("pg_basebackup");
        copy.args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--dbname"]).arg(&self.url);
        run(copy.arg("--pgdata").arg(&data))?;
        Self::with_files(programs, folder, data, &[])
    }

    /// Makes a standby a primary.
    ///
    /// # Errors
    /// When it is none.
    pub fn promote(&self) -> Result<(), Unavailable> {
        self.control(&["promote"])
    }

    fn control(&self, arguments: &[&str]) -> Result<(), Unavailable> {
        let Own { programs, data, folder, .. } = self.own()?;
        let outcome =
            run(programs.command("pg_ctl").args(["--wait", "--silent", "--pgdata"]).arg(data).args(arguments));
        outcome.map_err(|Unavailable(said)| {
            let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            let last: Vec<_> = log.lines().rev().take(5).collect();
            Unavailable(format!("{said}\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n")))
        })
    }

    fn own(&self) -> Result<&Own, Unavailable> {
        self.own.as_ref().ok_or_else(|| Unavailable(format!("the server of {} is not ours", super::URL_VARIABLE)))
    }
}

/// A folder for a server's files, which belongs to whoever runs it.
fn folder_for(programs: &Programs) -> Result<(TempDir, PathBuf), Unavailable> {
    let folder = tempfile::Builder::new().prefix("hostfn-postgres-").tempdir().map_err(unavailable)?;
    if let Some(user) = programs.user() {
        run(Command::new("chown").arg(user).arg(folder.path()))?;
    }
    let data = folder.path().join("data");
    Ok((folder, data))
}

/// A process that stops the server and removes its files when ours is gone, however it went: it reads until nobody
/// holds the other end any more.
fn guard(programs: &Programs, data: &Path, folder: &Path) -> Result<Child, Unavailable> {
    let stop = programs.command("pg_ctl");
    let stop = stop.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect::<Vec<_>>();
    let program = programs.command("pg_ctl").get_program().to_string_lossy().into_owned();
    Command::new("sh")
        .args(["-c", "trap '' INT TERM HUP; cat >&2; folder=$1; data=$2; shift 2; \"$@\" --silent --pgdata \"$data\" --mode=immediate stop; rm -rf \"$folder\"", "guard"])
        .arg(folder)
        .arg(data)
        .arg(program)
        .args(stop)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(unavailable)
}

impl Drop for Own {
    fn drop(&mut self) {
        // The guard does the rest.
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Adds lines to a file, which keeps its owner.
fn append(file: &Path, lines: &str) -> Result<(), Unavailable> {
    use std::io::Write;
    let mut file = fs::OpenOptions::new().append(true).open(file).map_err(unavailable)?;
    file.write_all(lines.as_bytes()).map_err(unavailable)
}

fn run(command: &mut Command) -> Result<(), Unavailable> {
    let name = format!("{command:?}");
    // A server that is started keeps the files that it inherits open, so that a pipe would never end.
    let mut said = tempfile::tempfile().map_err(unavailable)?;
    let writer = said.try_clone().map_err(unavailable)?;
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            let mut text = String::new();
            let _ = std::io::Seek::rewind(&mut said).and_then(|()| said.read_to_string(&mut text));
            Err(Unavailable(format!("{name}: {status}\n{}", text.trim_end())))
        }
        Err(error) => Err(Unavailable(format!("{name}: {error}"))),
    }
}

fn unavailable(error: std::io::Error) -> Unavailable {
    Unavailable(error.to_string())
}

/// As a part of a URL.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TestDatabase;

    #[test]
    fn a_url_is_of_a_database() {
        let server = Server { url: "postgres://app:secret@db:5433/one?sslmode=require".to_owned(), own: None };
        assert_eq!(server.url("two three"), "postgres://app:secret@db:5433/two%20three?sslmode=require");
        assert!(server.stop().is_err());
    }

    #[test]
    fn a_server_of_ones_own_starts_stops_and_starts_again() {
        let server = match Server::start() {
            Ok(server) => server,
            Err(reason) if !TestDatabase::skipping_fails() => return eprintln!("skipped: {reason}"),
            Err(reason) => panic!("{reason}"),
        };
        server.execute("postgres", "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").unwrap();
        let standby = server.standby().unwrap();
        server.kill().unwrap();
        assert!(server.execute("postgres", "SELECT 1").is_err());
        assert!(standby.execute("postgres", "INSERT INTO kept VALUES (2)").is_err());
        standby.promote().unwrap();
        standby.execute("postgres", "INSERT INTO kept SELECT 1 / count(*) FROM kept").unwrap();
        server.start_again().unwrap();
        server.execute("postgres", "DROP TABLE kept").unwrap();
        let folder = server.own().unwrap().folder.path().to_owned();
        drop(server);
        assert!(!folder.exists());
    }
    /// A server's certificate for `localhost` and its key, in files of whoever runs the server.
    fn certificate(folder: &Path) -> (String, String) {
        let path = |name: &str| folder.join(name).display().to_string();
        let (certificate, key) = (path("server.crt"), path("server.key"));
        let subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"];
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-out", &certificate, "-keyout", &key]);
        run(openssl.args(subject)).unwrap();
        if let Some(user) = Programs::find().unwrap().user() {
            run(Command::new("chown").arg("--recursive").arg(user).arg(folder)).unwrap();
        }
        (certificate, key)
    }

    /// With TLS what libpq was told of it holds, and without it one is told how to get it.
    #[test]
    fn the_options_of_tls_are_those_of_libpq() {
        let folder = tempfile::tempdir().unwrap();
        let server = match Programs::find() {
            Ok(_) => {
                let (certificate, key) = certificate(folder.path());
                let start = || {
                    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
                    let port = port.to_string();
                    let settings = [
                        ("listen_addresses", "127.0.0.1"),
                        ("port", &port),
                        ("ssl", "on"),
                        ("ssl_cert_file", &certificate),
                        ("ssl_key_file", &key),
                    ];
                    Server::start_with(&settings).map(|server| (port, server))
                };
                // Somebody else may take a port that was free just now.
                let (port, server) = (0..9).find_map(|_| start().ok()).unwrap_or_else(|| start().unwrap());
                (port, certificate, server)
            }
            Err(reason) if !TestDatabase::skipping_fails() => return eprintln!("skipped: {reason}"),
            Err(reason) => panic!("{reason}"),
        };
        let (port, certificate, _server) = server;
        let open = |options: &str| {
            hostfn_runtime::Database::open(&format!("postgres://postgres@localhost:{port}/postgres?{options}"))
        };
        if cfg!(feature = "postgres-tls") {
            let database = open(&format!("sslmode=verify-full&sslrootcert={certificate}")).unwrap();
            let in_use = database.read(|db| {
                let query = diesel::dsl::sql::<diesel::sql_types::Bool>(
                    "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                );
                Ok(hostfn_runtime::on_backend!(db, |connection| diesel::RunQueryDsl::get_result::<bool>(
                    query, connection
                ))?)
            });
            assert!(in_use.unwrap());
            assert!(open("sslmode=verify-full&sslrootcert=/dev/null").is_err());
        } else {
            let error = open("sslmode=require").unwrap_err().to_string();
            assert!(error.contains("turn on the feature `postgres-tls`"), "{error}");
            open("sslmode=prefer").unwrap();
        }
    }
}
