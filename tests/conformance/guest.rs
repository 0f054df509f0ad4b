use std::{env, fs, path::PathBuf, sync::Arc};

use hostfn::PluginManager;
use hostfn_test::{TestDatabase, TestHost};
use xtask::guests::GUESTS;

use crate::support::root;

/// A guest that forwards to every built-in host function, and the database of the hosts that it calls.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) database: TestDatabase,
    /// The language that it is written in, and whether it goes through that language's bindings.
    pub(crate) name: String,
    /// Whether it goes through generated bindings, and not through raw bytes.
    pub(crate) typed: bool,
    /// Whether it is loaded without the adapter.
    plain: bool,
    /// Nothing for the one that each host generates.
    module: Option<Arc<[u8]>>,
}

/// The folder of the modules to try, where it shall not be `test-plugins/prebuilt`: continuous
/// integration tries those that it has just built.
const FOLDER: &str = "HOSTFN_TEST_GUESTS";

impl Guest {
    /// The generated one, and all in `test-plugins/` that forward: none can be forgotten here. Each with the adapter and
    /// without, and all of them on SQLite.
    pub(crate) fn all() -> Vec<Self> {
        let database = TestDatabase::Sqlite;
        let folder = env::var_os(FOLDER).map(PathBuf::from);
        let forwarding = GUESTS.iter().filter(|guest| guest.forwards);
        let written = forwarding.map(|guest| {
            let path = match &folder {
                Some(folder) => folder.join(guest.file_name()),
                None => guest.module(root()),
            };
            let module = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let kind = if guest.typed { "-bindings" } else { "" };
            let name = format!("{}{kind}", guest.language.name());
            Self { database, name, typed: guest.typed, plain: false, module: Some(module.into()) }
        });
        let generated = Self { database, name: "generated".to_owned(), typed: false, plain: false, module: None };
        let with_adapter = [generated].into_iter().chain(written);
        let both = |guest: Self| {
            let plain = Self { name: format!("{}-plain", guest.name), plain: true, ..guest.clone() };
            [guest, plain]
        };
        with_adapter.flat_map(both).collect()
    }

    /// The same guest, on another database.
    pub(crate) fn on(&self, database: TestDatabase) -> Self {
        Self { database, ..self.clone() }
    }

    /// A host of the built-in functions, whose calls go through this guest.
    pub(crate) fn host(&self) -> TestHost {
        let functions = PluginManager::builder().functions(hostfn::functions::registry());
        let functions = if self.plain { functions.without_adapter() } else { functions };
        match &self.module {
            Some(module) => TestHost::with_guest_on(self.database, functions, module.to_vec()),
            None => TestHost::on(self.database, functions),
        }
    }
}
