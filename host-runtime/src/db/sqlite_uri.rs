//! SQLite databases that are named as SQLite names them, and what to write for them here.

/// Whether it is a database as SQLite's own URIs name one: `file:app.db`.
///
/// Source: [SQLite's URI file names](https://www.sqlite.org/uri.html).
pub(super) fn is_sqlite_uri(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:"))
}

/// What to write instead of a SQLite database that is named otherwise: by its path, as SQLite does, or by another scheme.
pub(super) fn instead(named: &str, query: &str) -> String {
    let in_memory = || "for a SQLite database in memory write sqlite::memory:".to_owned();
    let decoded = percent_encoding::percent_decode_str(named).decode_utf8();
    let path = match &decoded {
        Ok(decoded) if is_sqlite_uri(named) => {
            let path = &decoded[5..];
            // What stands between two slashes and the next is a host, and of hosts there is only this one.
            let path = path.strip_prefix("//").map_or(path, |rest| rest.strip_prefix("localhost").unwrap_or(rest));
            if query.split('&').any(|option| option == "mode=memory") {
                return in_memory();
            }
            // A drive of Windows stands behind a slash there.
            let bytes = path.as_bytes();
            let is_drive = bytes.len() > 2 && bytes[0] == b'/' && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
            if is_drive { &path[1..] } else { path }
        }
        _ => named,
    };
    let scheme = path.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        // One letter is a drive of Windows.
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    match path {
        ":memory:" | ":memory" => in_memory(),
        // It cannot be written in a URL, or is of no file that anybody meant.
        _ if path.is_empty() || path.contains(['?', '\0']) || scheme.is_some_and(is_scheme) => {
            "write sqlite://app.db with the path of your SQLite file, or postgres://user:password@host/database"
                .to_owned()
        }
        _ if is_sqlite_uri(named) && !query.is_empty() => {
            format!("for a SQLite file write sqlite://{path}, without SQLite's own options")
        }
        _ => format!("for a SQLite file write sqlite://{path}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::db::DatabaseUrl;

    /// What is advised must be what was meant, and be taken.
    #[test]
    fn a_sqlite_database_that_is_named_otherwise_is_advised_as_it_is_meant() {
        for (url, advised) in [
            ("file:x.db", "sqlite://x.db"),
            ("FILE:x.db", "sqlite://x.db"),
            ("sqlite:file:x.db", "sqlite://x.db"),
            ("sqlite://file:x.db", "sqlite://x.db"),
            ("file:data/x.db", "sqlite://data/x.db"),
            ("file:./x.db", "sqlite://./x.db"),
            ("file:../x.db", "sqlite://../x.db"),
            ("file:/var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("file:///var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("file://localhost/var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("file:a%20b.db", "sqlite://a b.db"),
            ("file:///C:/Users/x.db", "sqlite://C:/Users/x.db"),
            ("file:/C:/Users/x.db", "sqlite://C:/Users/x.db"),
            (r"C:\Users\x.db", r"sqlite://C:\Users\x.db"),
            ("C:/Users/x.db", "sqlite://C:/Users/x.db"),
            ("/var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("./x.db", "sqlite://./x.db"),
            ("sqlite:/var/lib/x.db", "sqlite:///var/lib/x.db"),
            ("sqlite:x.db", "sqlite://x.db"),
            ("file:x.db?mode=ro&cache=shared", "sqlite://x.db, without SQLite's own options"),
            (":memory:", "sqlite::memory:"),
            ("sqlite::memory", "sqlite::memory:"),
            ("file::memory:", "sqlite::memory:"),
            ("file::memory:?cache=shared", "sqlite::memory:"),
            ("file:x?mode=memory&cache=shared", "sqlite::memory:"),
        ] {
            let error = url.parse::<DatabaseUrl>().unwrap_err().to_string();
            let (_, written) = error.split_once(" write ").unwrap_or_else(|| panic!("{error}"));
            assert_eq!(written, advised, "{url}");
            let written = written.split(", without").next().unwrap();
            assert_eq!(written.parse::<DatabaseUrl>().unwrap().to_string(), written, "{url}");
        }
        for url in ["file:", "sqlite3:x.db", "jdbc:sqlite:x.db", "file:a%3Fb.db", "file:a%00b.db"] {
            let error = url.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(error.contains("write sqlite://app.db with the path of your SQLite file"), "{error}");
        }
    }
}
