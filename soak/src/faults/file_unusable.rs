//! SQLite's file cannot be written, is not a database, or its folder is not there. Whoever opens it is told what to do,
//! calls are answered `unavailable`, and when it is mended they are done, by the same host.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Instant};

use hostfn::Database;

use crate::{
    Broken, FAR, Figures, Site, ensure,
    ledger::Ledger,
    process::Worker,
    site::{self, check_whole},
};

/// The file may be read and not written, by a host that is not root: root may write all.
pub(super) fn read_only(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let mut figures = Figures::default();
    let mut acknowledged = Vec::new();
    let file = site.folder().join("soak.db");
    fs::set_permissions(site.folder(), fs::Permissions::from_mode(0o777))?;
    for round in 0..u64::from(rounds.min(20)) {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444))?;
        let url = site.url("");
        let from = (round << 20).to_string();
        let arguments = ["worker", "write", "--go-on", "--database", &url, "--from", &from];
        let worker = Worker::spawn(unprivileged(&site.worker)?.args(arguments))?;
        ensure(worker.next_line()? == "ready", || "a host cannot be started to read".to_owned())?;
        for _ in 0..10 {
            let line = worker.next_line()?;
            ensure(line == "unavailable", || format!("a call on a read-only file ended with `{line}`"))?;
            figures.tried += 1;
        }
        // SQLite gives the files beside it the permissions that it has.
        for entry in fs::read_dir(site.folder())? {
            fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o666))?;
        }
        let mended = Instant::now();
        loop {
            match worker.next_line()?.parse() {
                Ok(number) => {
                    acknowledged.push(number);
                    break;
                }
                Err(_) => ensure(mended.elapsed() < FAR, || "the host does not write again".to_owned())?,
            }
        }
        acknowledged.extend(worker.kill()?.iter().filter_map(|line| line.parse::<u64>().ok()));
    }
    let database = Database::open(&site.url(""))?;
    check_whole(&database)?;
    let ledger = Ledger::read(&database)?;
    figures.tried += acknowledged.len() as u64;
    figures.acknowledged = acknowledged.len() as u64;
    figures.lost = ledger.lost(&acknowledged);
    figures.half_done = ledger.half_done();
    figures.note("writes go on when the file is mended");
    Ok(figures)
}

/// A command that runs a program as a user who may not do everything.
fn unprivileged(program: &Path) -> Result<Command, Broken> {
    let id = Command::new("id").arg("-u").output()?;
    if id.stdout.trim_ascii() != b"0" {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(program);
    Ok(command)
}

/// The file is something else, or its folder is missing.
pub(super) fn no_database(site: &Site, rounds: u32) -> Result<Figures, Broken> {
    let mut figures = Figures::default();
    for round in 0..rounds.min(20) {
        let folder = site.folder().join(format!("folder-{round}"));
        let url = format!("sqlite://{}", folder.join("app.db").display());
        refused(&url, "create it first")?;
        fs::create_dir(&folder)?;
        fs::write(
            folder.join("app.db"),
            "this is a text, and long enough to be taken for the head of a file".repeat(20),
        )?;
        refused(&url, "file is not a database")?;
        fs::remove_file(folder.join("app.db"))?;
        site::host(&url)?.build()?;
        figures.tried += 3;
        figures.acknowledged += 1;
    }
    figures.note("the host says what is wrong when it is opened, and opens when it is mended");
    Ok(figures)
}

fn refused(url: &str, reason: &str) -> Result<(), Broken> {
    match Database::open(url) {
        Ok(_) => Err(format!("{url} was opened, and should be refused: {reason}").into()),
        Err(error) => ensure(error.to_string().contains(reason), || format!("`{reason}` is not in: {error}")),
    }
}
