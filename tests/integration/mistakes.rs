//! Mistakes on the command line and in files, and what is said of them.

use std::{fs, path::Path};

use hostfn::{Grants, PluginManifest};

use crate::command::{auth, run, stderr, stdout};

#[test]
fn a_module_that_is_not_there_is_told_in_one_way() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let manifest = folder.path().join("plugin.toml").display().to_string();
    let text = PluginManifest::text_for("plugin", Path::new("missing.wasm"), b"", &Grants::none());
    fs::write(&manifest, text).expect("the manifest is written");
    let said = "missing.wasm: the module cannot be read: there is no such file; build the plugin, or correct ";
    for arguments in [
        &["call", "missing.wasm", "run"][..],
        &["trace", "missing.wasm", "run"],
        &["check", "missing.wasm"],
        &["manifest", "missing.wasm"],
        &["test", "Cargo.toml", "--plugin", "missing.wasm"],
        &["call", &manifest, "run"],
        &["trace", &manifest, "run"],
        &["check", &manifest],
        &["test", "Cargo.toml", "--plugin", &manifest],
        &["manifest", "--update", &manifest],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let shown = stderr(&output);
        assert!(shown.contains(said), "{arguments:?}\n{shown}");
        assert!(shown.contains("`hostfn explain module-unreadable` tells more"), "{arguments:?}\n{shown}");
    }
    let none = run(&["call", "missing.toml", "run"]);
    let said =
        "missing.toml: the manifest cannot be read: there is no such file; write one by `hostfn manifest PLUGIN.wasm`";
    assert!(stderr(&none).contains(said), "{}", stderr(&none));
    let none = run(&["test", "missing.yaml", "--plugin", &auth()]);
    assert_eq!(none.status.code(), Some(2));
    assert!(
        stderr(&none).contains("missing.yaml: there is no such file or folder; name a scenario"),
        "{}",
        stderr(&none)
    );
}

#[test]
fn a_grant_that_nothing_needs_is_told_with_the_nearest() {
    let folder = tempfile::tempdir().expect("there is a place for files");
    let auth = auth();
    let said = "`user:read` is granted, which no function of this host needs; did you mean `users:read`?";
    let check = run(&["check", &auth, "--grant", "*", "--grant", "user:read"]);
    assert!(check.status.success(), "{}", stderr(&check));
    assert!(stdout(&check).starts_with(&format!("warning  unused-grant {said}\n")), "{}", stdout(&check));
    for command in ["call", "trace"] {
        let output = run(&[command, &auth, "sign_out", "--grant", "user:read", "--input", "{}", "--timeout", "60"]);
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    let scenario = folder.path().join("sign_out.yaml").display().to_string();
    fs::write(&scenario, "grants:\n  - users:*\n  - user:read\nsteps: [{export: sign_out, error: $_}]")
        .expect("it is written");
    let test = run(&["test", &scenario, "--plugin", &auth]);
    assert!(test.status.success(), "{}", stdout(&test));
    assert!(stderr(&test).contains(&format!("sign_out.yaml: line 3, column 5: {said}")), "{}", stderr(&test));

    let module = folder.path().join("auth.wasm");
    fs::copy(&auth, &module).expect("the plugin is copied");
    let manifest = folder.path().join("auth.toml").display().to_string();
    let asked = stdout(&run(&["manifest", &module.display().to_string()])).replace("\"users:read\"", "\"user:read\"");
    fs::write(&manifest, asked).expect("the manifest is written");
    let shown = stdout(&run(&["check", &manifest, "--grant", "*", "--grant", "user:read"]));
    let line = "warning  unused-grant the manifest asks for `user:read`, which no function of this host needs; did you mean \
                `users:read`?\n";
    assert!(shown.contains(line), "{shown}");
    assert_eq!(shown.matches("user:read`").count(), 1, "{shown}");
}
