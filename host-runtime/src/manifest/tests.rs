use std::time::Duration;

use super::*;

const HASH: &str = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";

fn text(rest: &str) -> String {
    format!("name = 'a'\nmodule = 'a.wasm'\nsha256 = '{HASH}'\n{rest}")
}

fn manifest(rest: &str) -> Result<PluginManifest, ManifestError> {
    text(rest).parse()
}

#[test]
fn what_is_asked_and_granted_is_had() {
    let text = "grants = ['users:*', 'sessions:read']\n[limits]\nmemory_bytes = 1000\ntimeout = 2.5\n\
                [config]\nkey = 'theirs'\nother = 'theirs'";
    let granted = PluginOptions::from(Grants::of(["users:read", "sessions:*"]).unwrap())
        .limits(LimitChanges { fuel: Some(7), memory_bytes: Some(500), ..LimitChanges::default() })
        .config("key", "ours");
    let (options, cut) = manifest(text).unwrap().options(granted, Limits::default());
    assert_eq!(options.grants, Grants::of(["users:read", "sessions:read"]).unwrap());
    let limits = options.limits.over(Limits::default());
    assert_eq!((limits.fuel, limits.memory_bytes), (7, 500));
    assert_eq!(limits.timeout, Duration::from_millis(2500));
    assert_eq!(cut.iter().map(|cut| cut.limit).collect::<Vec<_>>(), ["memory_bytes"]);
    let config: Vec<_> = options.config.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(config, [("key", "ours"), ("other", "theirs")]);
}

/// Errors go to logs and to watchers of a folder, and `config` is where an API key is kept.
#[test]
fn nothing_that_stands_in_a_manifest_is_in_its_errors() {
    for rest in [
        "[config]\nkey = 70713",
        "[config]\nkey = ['hunter22']",
        "[config]\nkey = 'hunter22",
        "[config]\nkey = \"hunter22\\q\"",
        "[config]\nkey = hunter22",
        "[config]\nkey = { hunter22 = 1 }",
        "[config]\nkey = 'hunter22' 'hunter22'",
        "[config]\nkey = 'a'\nkey = 'hunter22'",
        "[limits]\nfuel = 'hunter22'",
        "[limits]\ntimeout = 'hunter22'",
        "config = 'hunter22'",
    ] {
        let error = manifest(rest).unwrap_err();
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hunter22") && !shown.contains("70713"), "{shown}");
            assert!(shown.contains("line "), "{shown}");
        }
    }
}

/// Whether an editor that has the schema takes it.
fn is_valid_by_schema(text: &str) -> bool {
    let manifest: Value = toml::from_str(text).expect("it is TOML");
    jsonschema::validator_for(&PluginManifest::schema()).expect("it is a schema").is_valid(&manifest)
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    for (rest, said) in [
        ("grants = ['Users']", "\"Users\" is not a permission"),
        ("grants = 'users:read'", "line 4, column 10: grants: expected an array"),
        ("grant = ['users:read']", "unknown field `grant`"),
        ("[limits]\nmemory = 5", "unknown field `memory`"),
        ("[limits]\nfuel = '5'", "line 5, column 8: limits.fuel: expected an integer that is not negative"),
        ("[limits]\njson_depth = 256", "expected an integer from 0 to 255"),
        ("[limits]\nhost_calls = -1", "expected an integer from 0 to 4294967295"),
        ("[limits]\ntimeout = -1", "expected a number of seconds"),
        ("[config]\nkey = 5", "expected a string"),
        ("[linked.other]\nmodule = 'b.wasm'", "missing field `sha256`"),
        ("[linked.other]\nmodule = 'b.wasm'\nsha256 = 'x'", "64 hexadecimal digits"),
    ] {
        let error = manifest(rest).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(!is_valid_by_schema(&text(rest)), "{rest}");
    }
    for (text, said) in [
        ("name = 'a b'\nmodule = 'a.wasm'", "expected a name of 1 to 64 letters"),
        ("name = 'a'\nmodule = 'a.wasm'\nsha256 = 'x'", "64 hexadecimal digits"),
        ("name = 'a'\nmodule = 'a.wasm'", "missing field `sha256`"),
    ] {
        let error = text.parse::<PluginManifest>().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(!is_valid_by_schema(text), "{text}");
    }
}

#[test]
fn what_is_read_an_editor_takes() {
    for rest in [
        "",
        "grants = ['*', 'users:*', 'users:read', 'a_2:b:c:*']",
        "[limits]\nmemory_bytes = 16_777_216\ntimeout = 2.5\njson_depth = 12",
        "[limits]\ntimeout = 2",
        "[config]\nsender = 'noreply@example.com'",
    ] {
        manifest(rest).unwrap_or_else(|error| panic!("{error}"));
        assert!(is_valid_by_schema(&text(rest)), "{rest}");
    }
    let linked = format!("[linked.markdown]\nmodule = 'markdown.wasm'\nsha256 = '{HASH}'");
    assert!(manifest(&linked).is_ok() && is_valid_by_schema(&text(&linked)));
    for name in ["", "users:", ":read", "Users:read", "users:re*", "*:read", "users read", "users:*:read", "**"] {
        assert!(!is_valid_by_schema(&text(&format!("grants = [{name:?}]"))), "{name}");
    }
}

#[test]
fn another_module_than_was_reviewed_is_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    fs::write(folder.path().join("a.wasm"), b"reviewed").unwrap();
    let grants = Grants::of(["users:read"]).unwrap();
    fs::write(&path, PluginManifest::text_for("a.b", Path::new("a.wasm"), b"reviewed", &grants)).unwrap();
    let manifest = PluginManifest::read(&path).unwrap();
    assert_eq!((manifest.name(), manifest.grants()), ("a.b", &grants));
    assert_eq!(manifest.module().unwrap(), b"reviewed");
    fs::write(folder.path().join("a.wasm"), b"another").unwrap();
    let error = manifest.module().unwrap_err().to_string();
    assert!(error.contains("not the module that the manifest of `a.b` is for"), "{error}");
    assert!(error.ends_with(&format!("; review it, and run `hostfn manifest --update {}`", path.display())), "{error}");
    fs::remove_file(folder.path().join("a.wasm")).unwrap();
    let error = manifest.module().unwrap_err().to_string();
    let said = "a.wasm: the module cannot be read: there is no such file; build the plugin, or correct `module` in the \
                manifest of `a.b`, a path from its folder";
    assert!(error.ends_with(said), "{error}");
}
