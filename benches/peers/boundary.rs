//! A host call of a plugin with Extism's PDK for Rust: 134 bytes there, 211 bytes back.

use std::{fs, hint::black_box, time::Duration};

use extism::{Manifest, UserData, ValType, Wasm};
use hostfn::{Grants, HostResponse, LimitChanges, Limits, PluginManager, PluginOptions, host_fn};
use serde::{Deserialize, Serialize};

use crate::turns::{Comparison, Work, each};

pub(crate) const REQUEST: &str = r#"{"name": "Ada Lovelace", "email": "ada.lovelace@example.com", "city": "London", "visits": 1843, "note": "analyst of the first engine"}"#;

/// Says again what it is told: an operation that takes no time, so that the way there is seen.
#[host_fn(permission = "measure")]
pub(crate) fn measure(name: String, email: String, city: String, visits: u32, note: String) -> Measured {
    Measured { is_known: true, name, email, city, visits, note, plan: "premium", country: "GBR" }
}

#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct Measured {
    is_known: bool,
    name: String,
    email: String,
    city: String,
    visits: u32,
    note: String,
    plan: &'static str,
    country: &'static str,
}

/// What somebody writes for the request who writes the host function by hand.
#[derive(Deserialize)]
pub(crate) struct Request {
    name: String,
    email: String,
    city: String,
    visits: u32,
    note: String,
}

impl Request {
    pub(crate) fn call(self) -> Measured {
        let Self { name, email, city, visits, note } = self;
        measure(name, email, city, visits, note)
    }
}

pub(crate) fn answer<T: Serialize>(data: &T) -> String {
    serde_json::to_string(&HostResponse::Success(data)).expect("the answer is JSON")
}

extism::host_fn!(pub(crate) peer_measure(calls: u64; request: String) -> String {
    let calls = calls.get()?;
    *calls.lock().map_err(|_| extism::Error::msg("the lock is poisoned"))? += 1;
    let request: Request = serde_json::from_str(&request)?;
    Ok(answer(&request.call()))
});

/// As fast as it goes, and not as fast as it may.
pub(crate) fn options() -> PluginOptions {
    let limits = LimitChanges {
        host_calls: Some(u32::MAX),
        host_calls_per_second: Some(u32::MAX),
        host_call_bytes: Some(u64::MAX),
        request_bytes: Some(4 << 20),
        response_bytes: Some(4 << 20),
        ..LimitChanges::default()
    };
    PluginOptions::from(Grants::all()).limits(limits)
}

/// A guest with the bounds that ours has: a timer, fuel and a limit cost the same whoever wrote the host function.
pub(crate) fn peer(guest: &[u8]) -> extism::PluginBuilder<'static> {
    let limits = Limits::default();
    let manifest = Manifest::new([Wasm::data(guest)])
        .with_timeout(limits.timeout)
        .with_memory_max(limits.memory_bytes as u32 >> 16);
    extism::PluginBuilder::new(manifest).with_fuel_limit(limits.fuel)
}

/// Both sides have a guest of Extism's PDK for Rust.
pub(crate) struct Boundary {
    guest: Vec<u8>,
    manager: PluginManager,
}

impl Boundary {
    pub(crate) fn new() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/test-plugins/prebuilt/measure-rust.wasm");
        let guest = fs::read(path).expect("the prebuilt guest can be read");
        let manager = PluginManager::builder().functions(crate::registry()).build().expect("the host lacks nothing");
        assert_eq!(REQUEST.len(), 134, "the request has not the size that the figures are for");
        let request: Request = serde_json::from_str(REQUEST).expect("the request is one");
        assert_eq!(answer(&request.call()).len(), 211, "the answer has not the size that the figures are for");
        Self { guest, manager }
    }

    pub(crate) fn comparisons(&self) -> impl Iterator<Item = Comparison<'_>> {
        let of_calls = [
            ("host_call/1", 1),
            ("host_call/10", 10),
            ("host_call/100", 100),
            ("host_call/1000", 1_000),
            ("host_call/10000", 10_000),
        ];
        let of_calls = of_calls.into_iter().map(|(id, calls)| Comparison {
            id,
            ours: self.ours(calls),
            theirs: self.theirs(calls),
            parts: f64::from(calls),
        });
        // A host call of each, so that the two are of one size.
        let mut many = self.ours(10_000);
        let flat = Comparison {
            id: "flat/100 over 10000",
            ours: self.ours(100),
            theirs: Box::new(move |times| (0..times).map(|_| many(1)).sum::<Duration>() / 100),
            parts: 100.0,
        };
        of_calls.chain([flat])
    }

    fn ours(&self, calls: u32) -> Work<'_> {
        let plugin = self.manager.load("measure", &self.guest, options()).expect("the guest loads");
        let input = format!("{calls}\n{REQUEST}");
        each(move || {
            black_box(plugin.call("run", &input).expect("the guest runs"));
        })
    }

    fn theirs(&self, calls: u32) -> Work<'_> {
        let function = ("measure", [ValType::I64], [ValType::I64]);
        let mut plugin = peer(&self.guest)
            .with_function(function.0, function.1, function.2, UserData::new(0_u64), peer_measure)
            .build()
            .expect("the guest loads");
        let input = format!("{calls}\n{REQUEST}");
        each(move || {
            black_box(plugin.call::<&str, Vec<u8>>("run", &input).expect("the guest runs"));
        })
    }
}
