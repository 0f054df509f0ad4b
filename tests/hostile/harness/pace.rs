//! How long things take on this machine at this moment, for the cases in which something must be done before a time is
//! over: a number of milliseconds that is enough on a quiet machine is not enough on a busy one.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use hostfn::{Grants, PluginManager};

/// The time itself, or as often what loading a small plugin and calling it took in this process, whichever is longer.
pub(crate) fn at_least(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds).max(10 * *MEASURED)
}

static MEASURED: LazyLock<Duration> = LazyLock::new(|| {
    let module = wat::parse_str(r#"(module (func (export "run") (result i32) i32.const 0))"#);
    let started = Instant::now();
    let manager = PluginManager::builder().build().expect("a host of nothing can be built");
    let plugin = manager.load("pace", &module.expect("the module is valid text"), Grants::none());
    plugin.expect("the plugin can be loaded").call("run", "").expect("the plugin can be called");
    started.elapsed()
});
