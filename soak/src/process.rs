//! Processes that do some work, say what they did line by line, and can be killed at any moment.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
};

use crate::{Broken, FAR};

/// A running `hostfn-soak worker`.
pub(crate) struct Worker {
    child: Child,
    lines: Receiver<String>,
}

impl Worker {
    /// Starts a worker of this task.
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Result<Self, Broken> {
        let mut command = Command::new(program);
        command.arg("worker").args(arguments);
        Self::spawn(&mut command)
    }

    /// Starts a command that ends in being one.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self, Broken> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("a worker has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = String::new();
            // What a killed process had begun to say, it did not say.
            while output.read_line(&mut line).is_ok() && line.ends_with('\n') {
                if sender.send(line.trim_end().to_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Ok(Self { child, lines })
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it says next.
    pub(crate) fn next_line(&self) -> Result<String, Broken> {
        self.lines.recv_timeout(FAR).map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("a worker said nothing for {FAR:?}").into(),
            RecvTimeoutError::Disconnected => "a worker ended before it was told to".into(),
        })
    }

    /// Kills it as `kill -9` does, and answers what it had said and was not asked for yet.
    pub(crate) fn kill(mut self) -> Result<Vec<String>, Broken> {
        if let Some(status) = self.child.try_wait()? {
            return Err(format!("a worker ended before it was killed: {status}").into());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(self.lines.iter().collect())
    }

    /// Waits for its end, and answers what it said.
    pub(crate) fn finish(mut self) -> Result<Vec<String>, Broken> {
        drop(self.child.stdin.take());
        let lines = self.lines.iter().collect();
        let status = self.child.wait()?;
        if status.success() { Ok(lines) } else { Err(format!("a worker failed: {status}").into()) }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
