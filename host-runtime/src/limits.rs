//! What a plugin may use.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{codec::without_value, likeness::nearest};

/// One table of limits, from which come the whole, the changes to it, and how one meets the other.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr, $(read with $module:literal,)?)+) => {
        /// What a plugin may use. Each has a default that is safe for a plugin of a stranger.
        ///
        /// A host has limits for all its plugins
        /// ([`PluginManagerBuilder::limits`](crate::PluginManagerBuilder::limits)), and a plugin may be loaded with
        /// other ones ([`PluginOptions`](crate::PluginOptions)). What is passed is answered or told by its name, so
        /// that an administrator knows which to change.
        ///
        /// ```
        /// # use hostfn_runtime::Limits;
        /// use std::time::Duration;
        ///
        /// let limits = Limits { timeout: Duration::from_secs(2), memory_bytes: 16 << 20, ..Limits::default() };
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::exhaustive_structs, reason = "made by `..Limits::default()`")]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $type,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// Limits of which some are said, and the others are those of the host. A plugin's manifest asks for such.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct LimitChanges {
            $(
                $(#[doc = $doc])+
                $(#[serde(deserialize_with = $module)] #[schemars(with = "Option<f64>", range(min = 0))])?
                pub $name: Option<$type>,
            )+
        }

        impl LimitChanges {
            /// The names of all limits.
            const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The limits of a host with these changes.
            pub(crate) fn over(self, limits: Limits) -> Limits {
                Limits { $($name: self.$name.unwrap_or(limits.$name),)+ }
            }

            /// These changes, and where there is none the other's.
            #[must_use]
            pub fn or(self, other: Self) -> Self {
                Self { $($name: self.$name.or(other.$name),)+ }
            }

            /// These changes as far as `most` lets them go, and those that it does not.
            pub(crate) fn within(self, most: Limits) -> (Self, Vec<Cut>) {
                let mut cut = Vec::new();
                $(if let Some(asked) = self.$name.filter(|asked| *asked > most.$name) {
                    let (asked, most) = (format!("{asked:?}"), format!("{:?}", most.$name));
                    cut.push(Cut { limit: stringify!($name), asked, most });
                })+
                (Self { $($name: self.$name.map(|asked| asked.min(most.$name)),)+ }, cut)
            }
        }
    };
}

/// A limit of which more is asked than is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) limit: &'static str,
    /// What is asked for.
    pub(crate) asked: String,
    /// What is granted.
    pub(crate) most: String,
}

limits! {
    /// The largest compiled module, in bytes; 32 MiB by default. It is looked at before it is compiled, which takes
    /// time and memory in proportion.
    module_bytes: usize = 32 << 20,
    /// How many functions the module may have; 50,000 by default. Each costs some kilobytes to compile.
    module_functions: u32 = 50_000,
    /// The largest body of a function, in bytes; one mebibyte by default. Compiling takes more than in proportion.
    function_bytes: usize = 1 << 20,
    /// How many local variables the functions of the module may have together; 5,000,000 by default. A few bytes declare
    /// thousands of them, and each takes time to compile.
    module_locals: u64 = 5_000_000,
    /// The memory of one instance, in bytes; 64 MiB by default. It is rounded up to WebAssembly's pages of 64 KiB.
    memory_bytes: usize = 64 << 20,
    /// How many elements the tables of the module may grow to together; 100,000 by default. Each takes 8 bytes, which
    /// `memory_bytes` does not count.
    table_elements: u64 = 100_000,
    /// How long one call may run; 30 seconds by default, and ten milliseconds at least. It may wait as long again for
    /// an instance that is free. A host function is not interrupted, but what it asks of the database is.
    timeout: Duration = Duration::from_secs(30), read with "seconds::deserialize",
    /// How much one call may compute, in units of [fuel](https://docs.wasmtime.dev/api/wasmtime/struct.Config.html#method.consume_fuel),
    /// about one a WebAssembly instruction; 20 billion by default, which is three to twenty seconds. It also bounds
    /// what runs when an instance is made, which the timeout does not.
    fuel: u64 = 20_000_000_000,
    /// How many calls of the plugin may run at once, each in an instance of its own; as many as the machine has
    /// processors by default. A further call waits.
    instances: usize = std::thread::available_parallelism().map_or(4, usize::from),
    /// The largest request that a host function takes, in bytes of JSON; one mebibyte by default. It is looked at before
    /// the request is.
    request_bytes: usize = 1 << 20,
    /// The largest answer that a host function gives, in bytes of JSON; one mebibyte by default.
    response_bytes: usize = 1 << 20,
    /// How deep the arrays and objects of a request may be nested; 127 by default, which is also the most.
    json_depth: u8 = Limits::MOST_JSON_DEPTH,
    /// How many host calls one plugin call may make; 100,000 by default.
    host_calls: u32 = 100_000,
    /// How many bytes of requests and answers one plugin call may exchange with its host; 256 MiB by default.
    host_call_bytes: u64 = 256 << 20,
    /// How many host calls all instances of the plugin may make a second, with bursts of as many; 100,000 by default.
    host_calls_per_second: u32 = 100_000,
    /// How many bytes of log one plugin call may write, 128 a line and what it says; 64 KiB by default. The rest is left
    /// out, and it is said that it is.
    log_bytes: usize = 64 << 10,
}

impl std::str::FromStr for LimitChanges {
    type Err = InvalidLimit;

    /// Limits as a manifest has them, such as `host_calls = 100`, one a line.
    fn from_str(text: &str) -> Result<Self, InvalidLimit> {
        toml::from_str(text).map_err(|_| {
            InvalidLimit(
                text.lines()
                    .find_map(fault)
                    .unwrap_or_else(|| "each limit must be there once, on a line of its own".to_owned()),
            )
        })
    }
}

/// What is wrong with one limit, if anything is.
fn fault(line: &str) -> Option<String> {
    let Some((name, value)) = line.split_once('=') else {
        return (!line.trim().is_empty()).then(|| format!("`{line}` has no `=`"));
    };
    let (name, value) = (name.trim(), value.trim());
    if !LimitChanges::NAMES.contains(&name) {
        let meant = nearest(name, LimitChanges::NAMES.iter().copied());
        let then = meant.map_or_else(|| "the".to_owned(), |meant| format!("did you mean `{meant}`? The"));
        return Some(format!("there is no limit `{name}`; {then} limits are `{}`", LimitChanges::NAMES.join("`, `")));
    }
    // The values are told from others by the types: of a text each says what it wants.
    let refusal = |value: &str| toml::from_str::<LimitChanges>(&format!("{name} = {value}")).err();
    let _: toml::de::Error = refusal(value)?;
    let expected = match name {
        "timeout" => "expected a number of seconds".to_owned(),
        _ => refusal("''").map(|error| without_value(error.message())).unwrap_or_default(),
    };
    Some(format!("`{name}`: {expected}, and not `{value}`"))
}

/// A text that says no limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a limit: {0}; write its name and a number, such as `host_calls=100`")]
pub struct InvalidLimit(String);

impl Limits {
    /// The parser of JSON refuses what is deeper.
    pub(crate) const MOST_JSON_DEPTH: u8 = 127;

    /// How long a call really may run.
    pub(crate) fn call_timeout(&self) -> Duration {
        self.timeout.max(SHORTEST_TIMEOUT)
    }

    /// The memory of one instance, in WebAssembly's pages.
    pub(crate) fn memory_pages(&self) -> u32 {
        u32::try_from(self.memory_bytes.div_ceil(64 << 10)).unwrap_or(u32::MAX)
    }
}

/// Extism starts its timer a little before it arms the guest. A timer that fires in between is lost,
/// and the guest runs for ever.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(10);

/// A number of seconds, such as 2.5, as a duration.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, de::Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| D::Error::custom("expected a number of seconds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_go_as_far_as_the_host_lets_them() {
        let host = Limits { memory_bytes: 1000, fuel: 10, ..Limits::default() };
        let asked = LimitChanges { memory_bytes: Some(2000), fuel: Some(5), ..LimitChanges::default() };
        let (granted, cut) = asked.within(host);
        assert_eq!(cut, [Cut { limit: "memory_bytes", asked: "2000".to_owned(), most: "1000".to_owned() }]);
        assert_eq!(granted.over(host), Limits { fuel: 5, ..host });
        assert_eq!(LimitChanges::default().over(host), host);
        assert_eq!("fuel=5".parse(), Ok(LimitChanges { fuel: Some(5), ..LimitChanges::default() }));
        for (text, said) in [
            ("fuel", "not a limit: `fuel` has no `=`; write its name and a number, such as `host_calls=100`"),
            ("fule=5", "there is no limit `fule`; did you mean `fuel`? The limits are `module_bytes`, "),
            ("moon=5", "there is no limit `moon`; the limits are `module_bytes`, "),
            ("fuel='5'", "`fuel`: expected an integer that is not negative, and not `'5'`"),
            ("host_calls=x", "`host_calls`: expected an integer from 0 to 4294967295, and not `x`"),
            ("host_calls=", "`host_calls`: expected an integer from 0 to 4294967295, and not ``"),
            ("host_calls=1=2", "`host_calls`: expected an integer from 0 to 4294967295, and not `1=2`"),
            ("timeout=soon", "`timeout`: expected a number of seconds, and not `soon`"),
            ("fuel=5\nfuel=6", "each limit must be there once, on a line of its own"),
        ] {
            let error = text.parse::<LimitChanges>().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
