//! Building a guest in Rust, without a trace of the machine that built it.

mod toolchain;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{Built, Guest};
use crate::{Error, fs, target_dir};
use toolchain::TARGET;

/// What stands in for rustup's target, in the environment of a plain `cargo build`; nothing, where rustup's is there.
pub(crate) fn stand_in(root: &Path) -> Result<Option<Vec<(String, String)>>, Error> {
    Ok(toolchain::find(root)?.stand_in())
}

pub(super) fn build(root: &Path, guest: &Guest) -> Result<Built, Error> {
    let toolchain = toolchain::find(root)?;
    let target = target_dir(root, "guests")?;
    let folder = guest.folder(root);
    let home = env::home_dir();
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(home.as_ref()?.join(".cargo")));

    let mut remapped = vec![(folder.clone(), "/guest")];
    remapped.extend(cargo_home.map(|path| (path, "/cargo")));
    remapped.push((target.clone(), "/target"));
    remapped.push((toolchain.library.clone(), "/rust/library"));
    // Debian's is a link, and the compiler sees now one path and now the other.
    remapped.extend(toolchain.library.canonicalize().ok().map(|path| (path, "/rust/library")));

    let status = toolchain
        .cargo_build(&folder)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(&remapped))
        .status()
        .map_err(Error::io("start cargo in", &folder))?;
    if !status.success() {
        return Err(Error::new(format!("{}: cargo could not build it; its messages are above", guest.name)));
    }

    let file = target.join(TARGET).join("release").join(format!("{}.wasm", guest.name.replace('-', "_")));
    let module = fs::read(&file)?;
    let private = remapped.into_iter().map(|(path, _)| path).chain(home).chain([root.to_path_buf()]);
    match leaked(&module, private) {
        Some(path) => Err(Error::new(format!(
            "{}: the module tells a path of this machine, {}; add it to the remapped ones in xtask/src/guests/rust.rs",
            guest.name,
            path.display()
        ))),
        None => Ok(Built { module, toolchain: toolchain.version }),
    }
}

/// The flags that replace paths of this machine, which panic messages would otherwise carry: they tell who built the
/// module, and make it another on every machine. The separator is what cargo wants, so that a path may have spaces.
fn flags(remapped: &[(PathBuf, &str)]) -> OsString {
    let mut flags = OsString::new();
    for (path, name) in remapped {
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    flags
}

/// The first of the folders that a module tells. A `/` must follow, or `/root` would be found in `/rootless`.
fn leaked(module: &[u8], mut folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    folders.find(|folder| {
        let needle = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
        // A home of `/`, as some containers have it, is nobody's.
        folder.parent().is_some() && module.windows(needle.len()).any(|window| window == needle.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{flags, leaked};

    fn leak(module: &str, folders: &[&str]) -> Option<PathBuf> {
        leaked(module.as_bytes(), folders.iter().map(PathBuf::from))
    }

    #[test]
    fn a_module_that_tells_a_folder_is_found_out() {
        assert_eq!(leak("\0asm /home/ada/src/lib.rs", &["/srv", "/home/ada"]), Some("/home/ada".into()));
        assert_eq!(leak("\0asm /cargo/registry/src/lib.rs", &["/srv", "/home/ada"]), None);
    }

    #[test]
    fn a_longer_name_and_the_root_of_all_are_no_finding() {
        assert_eq!(leak("/home/adam/src/lib.rs", &["/home/ada"]), None);
        assert_eq!(leak("/cargo/src/lib.rs", &["/"]), None);
    }

    #[test]
    fn a_path_with_spaces_is_one_flag() {
        let flags = flags(&[("/a b".into(), "/guest"), ("/c".into(), "/cargo")]);
        let expected = "--remap-path-prefix=/a b=/guest\x1f--remap-path-prefix=/c=/cargo";
        assert_eq!(flags, expected);
    }
}
