use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use super::{FolderChange, PluginFolder};

/// Watches a folder of plugins until it is dropped: [`PluginFolder::watch`].
#[must_use = "the folder is watched until this is dropped"]
pub struct FolderWatch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How long ago a file must have been written for its time and size to say that it is the same. File systems keep times
/// more coarsely than files can be written twice; two seconds is the coarsest in use.
const SETTLED: Duration = Duration::from_secs(2);

/// The time and the size of each file of the folder, and of each module that a manifest in it names.
type Stamps = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

impl PluginFolder {
    /// Looks at the folder every `interval`, in a thread of its own, and [reloads](Self::reload) it when a file of it
    /// changed. `on_change` hears of each change, which is also logged.
    ///
    /// It looks, and is not told by the operating system: that works on every file system, those of the network and of
    /// containers too. A look costs about a microsecond a file. What `granted` allows is asked when a file changed, and
    /// by [`reload`](Self::reload).
    ///
    /// # Errors
    /// When there can be no more threads.
    pub fn watch(
        &self,
        interval: Duration,
        mut on_change: impl FnMut(&FolderChange) + Send + 'static,
    ) -> io::Result<FolderWatch> {
        let (stop, stopped) = mpsc::channel();
        let folder = self.clone();
        let body = move || {
            let mut last = None;
            let mut reason = String::new();
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                // Before it is read: what changes while it is read is another stamp the next time.
                let stamps = folder.stamps();
                if last.is_some() && stamps == last {
                    continue;
                }
                match folder.reload() {
                    Ok(changes) => {
                        changes.iter().for_each(&mut on_change);
                        reason.clear();
                        // A file may be known now that was not when it was looked at.
                        last = stamps.filter(|stamps| Some(stamps) == folder.stamps().as_ref());
                    }
                    Err(error) => {
                        last = None;
                        let now = error.to_string();
                        if now != reason {
                            tracing::warn!(folder = ?folder.path(), reason = now, "a folder of plugins cannot be read");
                            reason = now;
                        }
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("plugin folder".to_owned()).spawn(body)?;
        Ok(FolderWatch { stop: Some(stop), thread: Some(thread) })
    }

    /// What the files look like, or nothing where that does not say whether they are the same.
    fn stamps(&self) -> Option<Stamps> {
        let entries = fs::read_dir(self.path()).ok()?;
        let mut files: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().ok()?;
        self.read(|contents| {
            files.extend(contents.modules.iter().cloned());
        });
        let stamp = |file: &PathBuf| {
            let metadata = fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        let stamps: Stamps = files.into_iter().map(|file| (file.clone(), stamp(&file))).collect();
        let now = SystemTime::now();
        let is_settled = |written: &SystemTime| now.duration_since(*written).is_ok_and(|age| age > SETTLED);
        stamps.values().flatten().all(|(written, _)| is_settled(written)).then_some(stamps)
    }
}

impl Drop for FolderWatch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It ends with its look; a panic of `on_change` was told by the panic hook.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for FolderWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FolderWatch").finish_non_exhaustive()
    }
}
