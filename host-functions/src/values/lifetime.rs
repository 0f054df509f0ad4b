use hostfn::{Clock, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

/// How long something lasts, in seconds: 1 to 34,560,000, which is 400 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline, extend("x-checked" = true))]
pub struct TtlSeconds(#[schemars(range(min = 1, max = 34_560_000))] u32);

const LONGEST: u32 = 400 * 24 * 60 * 60;

impl TryFrom<u32> for TtlSeconds {
    type Error = &'static str;

    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        if (1..=LONGEST).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err("expected 1 to 34560000 seconds, which is 400 days")
        }
    }
}

impl<'de> Deserialize<'de> for TtlSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Wider than the value, so that what is far off gets the same message as what is just off.
        let seconds = i64::deserialize(deserializer)?;
        u32::try_from(seconds).unwrap_or(0).try_into().map_err(D::Error::custom)
    }
}

/// From when to when something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Its beginning.
    pub created_at: Timestamp,
    /// From then on it is gone.
    pub expires_at: Timestamp,
}

impl Lifetime {
    /// It starts now.
    pub fn starting_now(clock: &Clock, ttl: TtlSeconds) -> Self {
        let created_at = clock.now();
        Self { created_at, expires_at: created_at.plus_seconds(ttl.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_days_and_no_more() {
        for (json, is_ok) in
            [("1", true), ("34560000", true), ("0", false), ("34560001", false), ("-1", false), ("5000000000", false)]
        {
            assert_eq!(serde_json::from_str::<TtlSeconds>(json).is_ok(), is_ok, "{json}");
        }
    }
}
