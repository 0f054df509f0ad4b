//! The README's walk, command by command, against a server that runs.
#![cfg(unix)]

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Ends the server, however the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_readme_is_true_and_the_log_tells_no_secret() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let child = Command::new(env!("CARGO_BIN_EXE_accounts-server"))
        .args(["--plain-http", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"])
        // As talkative as it can be.
        .env("LOG", "trace,cranelift=off,wasmtime=off,regalloc2=off")
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut server = Server(child);
    let mut log = server.0.stderr.take().expect("it is piped");
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).map(|_| text)
    });
    let said = BufReader::new(server.0.stdout.take().expect("it is piped"));
    let said: Vec<_> = said.lines().take(2).map(|line| line.expect("it is a text")).collect();
    let address = |line: &str| line.split("http://").nth(1).unwrap_or_default().trim_end_matches("/metrics").to_owned();
    assert_eq!(said.len(), 2, "it did not start: {:?}", log.join());

    let walk = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("walk.sh"))
        .args([address(&said[0]), address(&said[1])])
        .current_dir(&folder)
        .output()
        .expect("bash is installed");
    let (out, errors) = (String::from_utf8_lossy(&walk.stdout), String::from_utf8_lossy(&walk.stderr));
    assert!(walk.status.success(), "{out}{errors}");
    assert!(out.ends_with("the walk is as the README has it: 9 answers\n"), "{out}{errors}");

    // It ends by itself when it is told to.
    let told = Command::new("kill").arg(server.0.id().to_string()).status().expect("kill is installed");
    assert!(told.success());
    let started = Instant::now();
    let status = loop {
        match server.0.try_wait().expect("it is our child") {
            Some(status) => break status,
            None if started.elapsed() > Duration::from_secs(120) => panic!("it does not end"),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(status.success(), "{status}");

    let log = log.join().expect("nothing panics there").expect("the log is a text");
    assert!(log.contains("path=\"/session\""), "{log}");
    let mails = std::fs::read_dir(folder.path().join("outbox")).expect("there are mails");
    let mut secrets = vec!["correct horse".to_owned(), "battery staple".to_owned()];
    for mail in mails {
        let mail = std::fs::read_to_string(mail.expect("it can be read").path()).expect("it is a text");
        secrets.push(mail.rsplit("Token: ").next().expect("a text has an end").trim().to_owned());
    }
    let jar = std::fs::read_to_string(folder.path().join("jar")).expect("curl keeps its cookies");
    secrets.extend(jar.lines().filter_map(|line| line.split("\tsession\t").nth(1)).map(str::to_owned));
    assert_eq!(secrets.len(), 5, "two passwords, two mails and a session");
    for secret in secrets {
        assert!(secret.len() > 10 && !log.contains(&secret), "a secret is in the log");
    }
}
