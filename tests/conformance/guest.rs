use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

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

/// A folder of modules that were just built. Those that have other bytes than the ones in `test-plugins/prebuilt` are
/// tried in their place, and no other guest.
pub(crate) const FOLDER: &str = "HOSTFN_TEST_GUESTS";

/// The one language that an ordinary run has on PostgreSQL, too.
const TYPED_ON_POSTGRES: &str = "rust-bindings";

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
            let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let module = read(&path);
            if folder.is_some() && module == read(&guest.module(root())) {
                return None;
            }
            let kind = if guest.typed { "-bindings" } else { "" };
            let name = format!("{}{kind}", guest.language.name());
            Some(Self { database, name, typed: guest.typed, plain: false, module: Some(module.into()) })
        });
        let written: Vec<_> = written.flatten().collect();
        let generated = Self { database, name: "generated".to_owned(), typed: false, plain: false, module: None };
        let generated = Some(generated).filter(|_| folder.is_none());
        let with_adapter = generated.into_iter().chain(written);
        let both = |guest: Self| {
            let plain = Self { name: format!("{}-plain", guest.name), plain: true, ..guest.clone() };
            [guest, plain]
        };
        with_adapter.flat_map(both).collect()
    }

    /// Whether an ordinary run has this combination.
    pub(crate) fn is_ordinary(&self) -> bool {
        match (&self.module, self.database) {
            (None, _) => true,
            (Some(_), TestDatabase::Sqlite) => !self.plain,
            (Some(_), TestDatabase::Postgres) => self.name == TYPED_ON_POSTGRES,
        }
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
