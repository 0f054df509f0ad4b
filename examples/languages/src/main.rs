//! One job, by plugins in four languages, on one host: a plugin is what it imports and exports, whatever it was written in.
//!
//! Each plugin signs somebody up and then changes what they say of themselves, with three host functions, through bindings
//! that `hostfn bindings` wrote for its language. The host loads them all alike, each on a database of its own, and shows
//! what each asked of it and answered. It is a failure when they are not the same.

use std::{
    error::Error,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use hostfn::{Database, Grants, HostCall, Observer, PluginManager};

/// A plugin, as `cargo xtask guests` compiled it.
struct Guest {
    language: &'static str,
    /// Where the job stands in the source.
    source: &'static str,
    module: &'static [u8],
}

const GUESTS: [Guest; 4] = [
    Guest {
        language: "Rust",
        source: "bindings-rust/src/example.rs",
        module: include_bytes!("../../../test-plugins/prebuilt/bindings-rust.wasm"),
    },
    Guest {
        language: "AssemblyScript",
        source: "bindings-assemblyscript/src/example.ts",
        module: include_bytes!("../../../test-plugins/prebuilt/bindings-assemblyscript.wasm"),
    },
    Guest {
        language: "C",
        source: "bindings-c/src/example.c",
        module: include_bytes!("../../../test-plugins/prebuilt/bindings-c.wasm"),
    },
    Guest {
        language: "Zig",
        source: "bindings-zig/src/example.zig",
        module: include_bytes!("../../../test-plugins/prebuilt/bindings-zig.wasm"),
    },
];

/// What a plugin did with its job.
#[derive(Debug, PartialEq, Eq)]
struct Done {
    /// The host functions that it called, and what they were answered.
    host_calls: Vec<String>,
    answer: String,
}

/// Writes down which functions are called. Requests and answers it leaves alone: there are passwords in them.
#[derive(Default)]
struct Calls(Mutex<Vec<String>>);

impl Observer for Calls {
    fn host_call(&self, call: &HostCall<'_>) {
        let outcome = call.error.map_or("success", |code| code.as_str());
        let line = format!("{}: {outcome}", call.function.name());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// Has a plugin do the job. It is granted what the job needs, which is the same in every language.
fn run(guest: &Guest) -> Result<Done, Box<dyn Error>> {
    let calls = Arc::new(Calls::default());
    let manager = PluginManager::builder()
        .functions(hostfn::functions::registry())
        .database(Database::open("sqlite::memory:")?)
        .observer(calls.clone())
        .build()?;
    let plugin = manager.load("example", guest.module, Grants::of(["users:write", "credentials:verify"])?)?;
    let answer = String::from_utf8(plugin.call("example", "ada@example.com")?)?;
    let host_calls = std::mem::take(&mut *calls.0.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Done { host_calls, answer })
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut all: Vec<Done> = Vec::new();
    for guest in &GUESTS {
        let done = run(guest)?;
        println!("{}, {} bytes, from test-plugins/{}", guest.language, guest.module.len(), guest.source);
        println!("  calls {}", done.host_calls.join(", "));
        println!("  answers {:?}", done.answer);
        all.push(done);
    }
    if all.windows(2).any(|pair| pair[0] != pair[1]) {
        println!("they are not the same");
        return Ok(ExitCode::FAILURE);
    }
    println!("{} languages, one answer", all.len());
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn each_language_does_the_same() -> Result<(), Box<dyn Error>> {
        for guest in &GUESTS {
            let done = run(guest)?;
            let calls = ["hash_password: success", "db_create_user: success", "db_update_user_profile: success"];
            assert_eq!(done.host_calls, calls, "{}", guest.language);
            assert_eq!(done.answer, "Ada: Notes, é 漢字 🎉", "{}", guest.language);
        }
        Ok(())
    }

    /// A plugin that is not granted what it needs is told so in any language, and none makes an account.
    #[test]
    fn none_does_it_without_grants() -> Result<(), Box<dyn Error>> {
        for guest in &GUESTS {
            let database = Database::open("sqlite::memory:")?;
            let manager = PluginManager::with_database(database, hostfn::functions::registry())?;
            let plugin = manager.load("example", guest.module, Grants::of(["credentials:verify"])?)?;
            assert!(plugin.call("example", "ada@example.com").is_err(), "{}", guest.language);
        }
        Ok(())
    }

    #[test]
    fn the_readme_links_each_source() -> Result<(), Box<dyn Error>> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let readme = fs::read_to_string(here.join("README.md"))?;
        for guest in &GUESTS {
            let link = format!("../../test-plugins/{}", guest.source);
            assert!(readme.contains(&format!("]({link})")), "{link}");
            assert!(here.join(&link).is_file(), "{link}");
        }
        Ok(())
    }
}
