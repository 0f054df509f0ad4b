//! A process with bounds.

use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How a process ended.
pub(crate) enum Ended {
    /// It wrote this, and ended by itself.
    By(String),
    /// It died of this.
    Died(String),
    /// It took too long, and was killed.
    Late,
    /// It took too much memory, and was killed.
    Large(u64),
}

/// Runs a program to its end, or to that of its time or of its memory.
pub(crate) fn run(command: &mut Command, patience: Duration, most_bytes: u64) -> io::Result<(Ended, Duration)> {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let ended = loop {
        if let Some(status) = child.try_wait()? {
            let mut output = String::new();
            if let Some(mut stdout) = child.stdout.take() {
                // What has been written is small, and waits in the pipe.
                stdout.read_to_string(&mut output)?;
            }
            break if status.success() { Ended::By(output) } else { Ended::Died(status.to_string()) };
        }
        if started.elapsed() > patience {
            kill(&mut child)?;
            break Ended::Late;
        }
        if let Some(bytes) = resident_bytes(&child.id().to_string(), "VmRSS").filter(|bytes| *bytes > most_bytes) {
            kill(&mut child)?;
            break Ended::Large(bytes);
        }
        thread::sleep(Duration::from_millis(10));
    };
    Ok((ended, started.elapsed()))
}

fn kill(child: &mut Child) -> io::Result<()> {
    child.kill()?;
    child.wait().map(drop)
}

/// How much memory a process has (`VmRSS`), or had at most (`VmHWM`), where the system tells: Linux.
pub(crate) fn resident_bytes(process: &str, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
