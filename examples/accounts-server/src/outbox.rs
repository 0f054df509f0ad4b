//! Mails, as files in a folder: whoever sends them takes them from there.
//!
//! A mail has a token that opens an account. So it is in a file that only the operator can read, and never in the log,
//! which goes to more places and more people than one thinks.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// What a mail is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mail {
    /// Says that an address is whose it is said to be.
    Verification,
    /// Lets its reader choose a new password.
    PasswordReset,
}

impl Mail {
    fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::PasswordReset => "password-reset",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Verification => "Is this your address?",
            Self::PasswordReset => "A new password",
        }
    }
}

/// The folder of mails.
#[derive(Debug)]
pub(crate) struct Outbox {
    folder: PathBuf,
    next: AtomicU32,
}

impl Outbox {
    /// Opens the folder, and makes it where it is missing.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        make(&folder)?;
        let mut last = 0;
        for entry in fs::read_dir(&folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let number = name.split('-').next().and_then(|number| number.parse().ok());
            last = last.max(number.unwrap_or(0));
        }
        Ok(Self { folder, next: AtomicU32::new(last) })
    }

    /// Puts a mail there, and answers when it is on the disk.
    pub(crate) fn put(&self, mail: Mail, to: &str, token: &str) -> io::Result<()> {
        // The host has taken it for an address already; a line break in it would be another header.
        if to.chars().any(char::is_control) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the address has control characters"));
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        // Nothing of the visitor's is in the name.
        let path = self.folder.join(format!("{number:04}-{}.txt", mail.name()));
        let mut file = options().create_new(true).write(true).open(path)?;
        write!(file, "To: {to}\nSubject: {}\n\nToken: {token}\n", mail.subject())?;
        file.sync_all()
    }
}

#[cfg(unix)]
fn make(folder: &PathBuf) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &PathBuf) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn options() -> fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn options() -> fs::OpenOptions {
    fs::OpenOptions::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_where_it_was_and_overwrites_nothing() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("outbox");
        Outbox::open(path.clone())?.put(Mail::Verification, "ada@example.com", "one")?;
        Outbox::open(path.clone())?.put(Mail::PasswordReset, "ada@example.com", "two")?;
        let read = |name: &str| fs::read_to_string(path.join(name));
        assert_eq!(
            read("0001-verification.txt")?,
            "To: ada@example.com\nSubject: Is this your address?\n\nToken: one\n"
        );
        assert!(read("0002-password-reset.txt")?.ends_with("\n\nToken: two\n"));
        Ok(())
    }

    #[test]
    fn an_address_is_not_two_headers() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let outbox = Outbox::open(folder.path().to_owned())?;
        let error = outbox.put(Mail::Verification, "ada@example.com\nBcc: eve@example.com", "token");
        assert_eq!(error.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidInput));
        assert_eq!(fs::read_dir(folder.path())?.count(), 0);
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn only_the_operator_can_read_it() -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("outbox");
        Outbox::open(path.clone())?.put(Mail::Verification, "ada@example.com", "token")?;
        let mode = |path: PathBuf| Ok::<_, io::Error>(fs::metadata(path)?.permissions().mode() & 0o077);
        assert_eq!((mode(path.clone())?, mode(path.join("0001-verification.txt"))?), (0, 0));
        Ok(())
    }
}
