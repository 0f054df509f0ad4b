//! Where PostgreSQL's programs are, and as whom they run.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::Unavailable;

/// Where distributions put them that keep several versions apart, and do not put them on the path.
const FOLDERS: [&str; 4] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr/pgsql"];

/// The programs of one version.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    /// Who runs them: PostgreSQL refuses to run as root.
    user: Option<&'static str>,
}

impl Programs {
    pub(super) fn find() -> Result<Self, Unavailable> {
        let on_path = env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
        let mut versions: Vec<_> = FOLDERS.iter().flat_map(|folder| versions_in(Path::new(folder))).collect();
        // The newest first.
        versions.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        let folder = on_path
            .chain(versions.into_iter().map(|(_, folder)| folder))
            .find(|folder| ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file()));
        let folder = folder.ok_or_else(|| {
            Unavailable(format!(
                "`initdb` is not installed: install PostgreSQL's server (Debian: apt-get install postgresql), or name a \
                 server in {}",
                super::URL_VARIABLE
            ))
        })?;
        // Some of them may be linked to from a folder of the path, and the others not.
        let folder = fs::canonicalize(folder.join("initdb")).ok().and_then(|initdb| Some(initdb.parent()?.to_owned()));
        let folder = folder.ok_or_else(|| Unavailable("the folder of `initdb` cannot be read".to_owned()))?;
        Ok(Self { folder, user: unprivileged_user()? })
    }

    /// Who runs them, where it is somebody else.
    pub(super) fn user(&self) -> Option<&'static str> {
        self.user
    }

    /// A command that runs one of them.
    pub(super) fn command(&self, program: &str) -> Command {
        let path = self.folder.join(program);
        let mut command = match self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
            None => Command::new(path),
        };
        // The caller's folder may be closed to that user, and its settings are for other servers.
        command.current_dir("/");
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command
    }
}

/// The folders of programs below a folder with one for each version, with their versions.
fn versions_in(folder: &Path) -> Vec<(f32, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let versions = entries.filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let version = name.trim_start_matches("postgresql").trim_start_matches(['@', '-']).parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    versions.collect()
}

fn unprivileged_user() -> Result<Option<&'static str>, Unavailable> {
    let output = |command: &mut Command| Some(String::from_utf8(command.output().ok()?.stdout).ok()?.trim().to_owned());
    if output(Command::new("id").arg("-u")).as_deref() != Some("0") {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| Command::new("id").arg(user).output().is_ok_and(|output| output.status.success()))
        .map(Some)
        .ok_or_else(|| {
            Unavailable("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`".to_owned())
        })
}
