//! Plugins: what loading one costs, an instance with its first call, and a call of an instance that is there.

use std::{fs, hint::black_box};

use extism::{UserData, ValType};
use hostfn::PluginManager;

use crate::{
    boundary::{options, peer, peer_measure},
    turns::{Comparison, Work, each},
};

pub(crate) struct Instances {
    manager: PluginManager,
    /// A plugin of Extism's PDK for Rust, with an export that ends its instance: each call of it is of a new one.
    guest: Vec<u8>,
}

impl Instances {
    pub(crate) fn new() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/test-plugins/prebuilt/measure-rust.wasm");
        let guest = fs::read(path).expect("the prebuilt guest can be read");
        let manager = PluginManager::builder().functions(crate::registry()).build().expect("the host lacks nothing");
        Self { manager, guest }
    }

    pub(crate) fn comparisons(&self) -> impl Iterator<Item = Comparison<'_>> {
        let first = {
            let plugin = self.manager.load("first", &self.guest, options()).expect("it loads");
            each(move || {
                black_box(plugin.call("_start", "").expect("the guest runs"));
            })
        };
        let load = each(|| {
            let plugin = self.manager.load("load", &self.guest, options()).expect("it loads");
            black_box(plugin.call("_start", "").expect("the guest runs"));
        });
        [
            Comparison { id: "instance/first call", ours: first, theirs: self.stock(), parts: 1.0 },
            Comparison { id: "instance/load and first call", ours: load, theirs: self.stock(), parts: 1.0 },
            Comparison { id: "instance/steady call", ours: self.steady(), theirs: self.stock_steady(), parts: 1.0 },
        ]
        .into_iter()
    }

    /// Stock Extism with its cache of compiled modules on the disk, and an engine for each instance.
    fn stock(&self) -> Work<'_> {
        each(|| {
            let mut plugin = self.stock_plugin();
            black_box(plugin.call::<&str, Vec<u8>>("_start", "").expect("the guest runs"));
        })
    }

    fn stock_steady(&self) -> Work<'_> {
        let mut plugin = self.stock_plugin();
        each(move || {
            black_box(plugin.call::<&str, Vec<u8>>("nothing", "").expect("the guest runs"));
        })
    }

    fn steady(&self) -> Work<'_> {
        let plugin = self.manager.load("steady", &self.guest, options()).expect("it loads");
        each(move || {
            black_box(plugin.call("nothing", "").expect("the guest runs"));
        })
    }

    fn stock_plugin(&self) -> extism::Plugin {
        let of = || [ValType::I64];
        peer(&self.guest)
            .with_function("measure", of(), of(), UserData::new(0_u64), peer_measure)
            .build()
            .expect("the guest loads")
    }
}
