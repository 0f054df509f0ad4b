//! Writing a project: all of it, or nothing.

use std::{
    fmt, fs, io,
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Common, Vcs};
use crate::Failure;

/// A project, as it is to be written.
pub(super) struct Project {
    pub(super) files: Vec<hostfn_bindings::File>,
    /// What is to be typed in its folder, one command after the other.
    pub(super) next: Vec<String>,
    /// Whether what is to be typed is, in part, this command.
    pub(super) needs_command: bool,
    /// What to know before.
    pub(super) notes: Vec<String>,
}

/// Where a project will be.
pub(super) struct Place {
    /// The last part of the folder.
    pub(super) name: String,
    folder: PathBuf,
    /// The folder in which it is made.
    parent: PathBuf,
    /// Whether it is in somebody's repository, whose CI and whose `.git` are at its root.
    pub(super) is_in_repository: bool,
}

impl Place {
    /// Where the arguments say, if a project can be made there under a name that the rule takes.
    pub(super) fn of(common: &Common, rule: fn(&str) -> Result<(), String>) -> Result<Self, Failure> {
        let shown = common.path.display();
        let name = common.path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        rule(&name).map_err(|reason| format!("{name:?} cannot be the name of it: {reason}"))?;
        let folder = std::path::absolute(&common.path).and_then(|path| without_detours(&path));
        let folder = folder.map_err(|error| format!("cannot tell where {shown} is: {error}"))?;
        let parent = folder.parent().unwrap_or(Path::new("/")).to_owned();
        match fs::read_dir(&folder).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Err(format!("{shown} is there, and not empty: choose another name, or move it").into()),
            Ok(false) => {}
            Err(_) if folder.symlink_metadata().is_ok() => {
                return Err(format!("{shown} is there, and no folder: choose another name, or move it").into());
            }
            Err(_) => {}
        }
        let is_in_repository = parent.ancestors().any(|above| above.join(".git").exists());
        Ok(Self { name, folder, parent, is_in_repository })
    }
}

/// A path without `..` and links, as far as it is there already: what is above a folder is told by its path.
fn without_detours(path: &Path) -> io::Result<PathBuf> {
    let Some(there) = path.ancestors().find(|above| above.exists()) else { return Ok(path.to_owned()) };
    let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
    let mut folder = fs::canonicalize(there)?;
    for part in rest.components() {
        match part {
            Component::ParentDir => _ = folder.pop(),
            part => folder.push(part),
        }
    }
    Ok(folder)
}

/// Writes a project beside its place, and puts it there when it is whole. Answers whether it became a repository.
pub(super) fn write(place: &Place, project: &Project, vcs: Vcs) -> Result<bool, Failure> {
    let cannot = |path: &Path, error: &dyn fmt::Display| format!("cannot write {}: {error}", path.display());
    fs::create_dir_all(&place.parent).map_err(|error| cannot(&place.parent, &error))?;
    // Gone with all that is in it, unless what is in it was moved.
    let beside = tempfile::Builder::new().prefix(".new-").tempdir_in(&place.parent);
    let beside = beside.map_err(|error| cannot(&place.parent, &error))?;
    // A folder within, since the one around it is for nobody else to see.
    let made = beside.path().join(&place.name);
    for file in &project.files {
        let path = made.join(&file.name);
        let folder = path.parent().unwrap_or(&made);
        fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
        fs::write(&path, &file.text).map_err(|error| cannot(&path, &error))?;
    }
    let becomes_repository = vcs == Vcs::Git && !place.is_in_repository && git_init(&made);
    if place.folder.exists() {
        // Windows moves nothing onto a folder, though it is empty.
        fs::remove_dir(&place.folder).map_err(|error| cannot(&place.folder, &error))?;
    }
    fs::rename(&made, &place.folder).map_err(|error| cannot(&place.folder, &error))?;
    Ok(becomes_repository)
}

/// Whether it could be done; without git there is no repository, and nothing else is missing.
fn git_init(folder: &Path) -> bool {
    let mut git = Command::new("git");
    git.args(["init", "--quiet"]).current_dir(folder);
    // What a hook of another repository leaves would make this one that.
    git.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE");
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    git.status().is_ok_and(|status| status.success())
}
