//! The scenarios of each guest, through the command, as its author runs them.

use std::{fs, process::Stdio};

use xtask::guests::{GUESTS, Guest};

use crate::{
    command::{hostfn, run, stderr, stdout},
    support::root,
};

/// The guests that the conformance suite does not cover. One without scenarios is one without a test.
fn guests() -> impl Iterator<Item = &'static Guest> {
    // The one that measures calls a function of the benchmarks, and is tested by them.
    GUESTS.iter().filter(|guest| !guest.forwards && guest.name != "measure-rust")
}

#[test]
fn every_guest_passes_its_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    for guest in guests() {
        let scenarios = root().join("test-plugins").join(guest.name).join("scenarios");
        let (scenarios, module) = (scenarios.display().to_string(), guest.module(root()).display().to_string());
        let report = folder.path().join(guest.name).join("junit.xml");
        let output = run(&["test", &scenarios, "--plugin", &module, "--junit", &report.display().to_string()]);
        assert!(output.status.success(), "{}: {}{}", guest.name, stdout(&output), stderr(&output));
        assert!(stdout(&output).contains(" passed, 0 failed, in "), "{}", stdout(&output));
        let report = fs::read_to_string(report).expect("the report was written");
        assert!(report.contains("failures=\"0\" errors=\"0\""), "{report}");
    }
}

#[test]
fn what_is_written_of_a_scenario_passes_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("sign_up.yaml");
    let text = "# Nobody expects anything yet.\ngrants: ['*']\nsteps:\n  - export: sign_up\n    input: {name: Ada, \
                email: ada@example.com, password: correct horse}\n    output: {user_uuid: none}\n";
    fs::write(&scenario, text).unwrap();
    let module = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let path = scenario.display().to_string();
    let test = |more: &[&str]| run(&[&["test", &path, "--plugin", &module], more].concat());

    let failed = test(&[]);
    assert_eq!(failed.status.code(), Some(1));
    let shown = stdout(&failed);
    assert!(shown.contains("output.user_uuid\n") && shown.contains("- \"none\""), "{shown}");
    assert!(shown.contains("0 passed, 1 failed"), "{shown}");

    assert!(stdout(&test(&["--update"])).starts_with("updated"));
    let written = fs::read_to_string(&scenario).unwrap();
    assert!(written.starts_with("# Nobody expects anything yet.\n"), "{written}");
    assert!(written.contains("verification_token: $verification_token}"), "{written}");
    assert!(test(&[]).status.success());
    assert!(stdout(&test(&["--update"])).starts_with("unchanged"));
    assert_eq!(fs::read_to_string(&scenario).unwrap(), written);
}

#[test]
fn a_plugin_that_can_take_what_is_the_machines_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, module) = (folder.path().join("one.yaml"), folder.path().join("chance.wasm"));
    fs::write(&scenario, "steps: [{export: draw, output: $_}]\n").unwrap();
    let says = |imports: &str| {
        let text = format!("(module {imports} (func (export \"draw\") (result i32) (i32.const 0)))");
        fs::write(&module, wat::parse_str(text).unwrap()).unwrap();
        let output = run(&["test", &scenario.display().to_string(), "--plugin", &module.display().to_string()]);
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    let random = r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32))) (memory (export "memory") 1)"#;
    let said = says(random);
    assert!(
        said.starts_with("note: `chance` imports `random_get` from WASI: what it takes from there is the machine's")
    );
    assert_eq!(says(""), "");
}

#[test]
fn a_scenario_that_cannot_be_run_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "steps: {").unwrap();
    fs::write(folder.path().join("b.yaml"), "steps: [{export: sign_out, error: $_}]").unwrap();
    let (path, module) = (folder.path().display().to_string(), root().join("test-plugins/prebuilt/auth.wasm"));
    let report = folder.path().join("junit.xml").display().to_string();
    let output = run(&["test", &path, "--plugin", &module.display().to_string(), "--junit", &report]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("1 passed, 1 failed"), "{}", stdout(&output));
    assert!(fs::read_to_string(report).unwrap().contains("failures=\"0\""));

    let none = tempfile::tempdir().unwrap();
    let output = run(&["test", &none.path().display().to_string(), "--plugin", &module.display().to_string()]);
    assert!(stderr(&output).contains("no scenarios in"), "{}", stderr(&output));
}

#[test]
fn whoever_reads_no_more_gets_the_verdict_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("wrong.yaml");
    fs::write(&scenario, "steps: [{export: sign_out, output: $_}]").unwrap();
    let module = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let mut child = hostfn(&["test", &scenario.display().to_string(), "--plugin", &module])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_a_file_that_is_read_only_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, link) = (folder.path().join("sign_out.yaml"), folder.path().join("link.yaml"));
    let text = "steps:\n  - export: sign_out\n    input: {}\n";
    fs::write(&scenario, text).unwrap();
    std::os::unix::fs::symlink(&scenario, &link).unwrap();
    let module = root().join("test-plugins/prebuilt/auth.wasm").display().to_string();
    let update = || run(&["test", &link.display().to_string(), "--plugin", &module, "--update"]);

    let mut permissions = fs::metadata(&scenario).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&scenario, permissions.clone()).unwrap();
    let refused = update();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stdout(&refused).contains("link.yaml: cannot be written: it is read-only"), "{}", stdout(&refused));
    assert_eq!(fs::read_to_string(&scenario).unwrap(), text);

    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    fs::set_permissions(&scenario, permissions).unwrap();
    assert!(stdout(&update()).starts_with("updated"));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&scenario).unwrap().contains("code: invalid_input"));
}

/// What a plugin that passes on what the host answers does in two languages, written by one and passed by both.
#[test]
fn one_set_of_scenarios_serves_plugins_of_two_languages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let scenario = folder.path().join("users.yaml");
    let user = "{name: Ada, email: ada@example.com, password_hash: '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA'}";
    let text = format!(
        "grants: ['users:write']\nsteps:\n  - export: db_create_user\n    input: {user}\n  - export: db_create_user\n    \
         input: {user}\n  - export: db_get_user_by_email\n    input: {{email: ada@example.com}}\n"
    );
    fs::write(&scenario, &text).unwrap();
    let module = |name: &str| root().join(format!("test-plugins/prebuilt/{name}.wasm")).display().to_string();
    let [assemblyscript, zig] = ["bindings-assemblyscript", "bindings-zig"].map(module);
    let written = run(&["test", &path, "--plugin", &assemblyscript, "--update"]);
    assert!(written.status.success(), "{}{}", stdout(&written), stderr(&written));
    let expected = fs::read_to_string(&scenario).unwrap();
    assert!(expected.contains("code: permission_denied\n"), "{expected}");
    assert!(!expected.contains("call_id") && !expected.contains("bindings-"), "{expected}");
    for module in [&assemblyscript, &zig] {
        let tested = run(&["test", &path, "--plugin", module]);
        assert!(tested.status.success(), "{expected}\n{}{}", stdout(&tested), stderr(&tested));
    }
    // And the other way round.
    fs::write(&scenario, &text).unwrap();
    assert!(run(&["test", &path, "--plugin", &zig, "--update"]).status.success());
    assert_eq!(fs::read_to_string(&scenario).unwrap(), expected);
    assert!(stdout(&run(&["test", &path, "--plugin", &assemblyscript, "--update"])).starts_with("unchanged"));
}

#[test]
fn a_manifest_can_be_tested_and_grants_no_more_than_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("auth.wasm");
    fs::copy(root().join("test-plugins/prebuilt/auth.wasm"), &module).unwrap();
    let manifest = folder.path().join("auth.toml").display().to_string();
    fs::write(&manifest, run(&["manifest", &module.display().to_string()]).stdout).unwrap();
    let scenarios = root().join("test-plugins/auth/scenarios").display().to_string();
    let tested = run(&["test", &scenarios, "--plugin", &manifest]);
    assert!(tested.status.success(), "{}{}", stdout(&tested), stderr(&tested));

    fs::write(&module, b"another").unwrap();
    let refused = run(&["test", &scenarios, "--plugin", &manifest]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stdout(&refused).is_empty(), "it is told once: {}", stdout(&refused));
    let said = format!("; review it, and run `hostfn manifest --update {manifest}`\n");
    assert!(stderr(&refused).contains(&said), "{}", stderr(&refused));
}
