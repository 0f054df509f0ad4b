use std::{borrow::Cow, fmt, ops::Range, str::FromStr};

use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Timelike, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sqlite::Sqlite,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::sql_types;

/// A point in time to the microsecond: RFC 3339 in UTC on the wire, a native column in the
/// database.
///
/// It always has exactly six fractional digits and `Z`, so that every backend answers with the
/// same bytes, and a year of four digits, as
/// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) has.
///
/// ```
/// # use hostfn_runtime::Timestamp;
/// let time: Timestamp = "2026-01-02T04:04:05.6+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-01-02T03:04:05.600000Z");
/// assert_eq!(time.plus_seconds(60).to_string(), "2026-01-02T03:05:05.600000Z");
/// # Ok::<(), hostfn_runtime::InvalidTimestamp>(())
/// ```
#[derive(AsExpression, FromSqlRow, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[diesel(sql_type = sql_types::Timestamp)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The latest that can be written with a year of four digits.
    const LATEST_MICROSECONDS: i64 = 253_402_300_799_999_999;

    /// What the operating system's clock says. A host function takes a [`Clock`](crate::Clock)
    /// instead, so that a test can say what time it is.
    pub(crate) fn now() -> Self {
        Self(Utc::now().trunc_subsecs(6))
    }

    /// Microseconds since 1970-01-01 00:00 UTC, if their year has four digits.
    pub fn from_microseconds(microseconds: i64) -> Option<Self> {
        let time = DateTime::from_timestamp_micros(microseconds)?;
        (0..=9999).contains(&time.year()).then_some(Self(time))
    }

    /// Microseconds since 1970-01-01 00:00 UTC.
    pub fn microseconds(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// So many seconds later, or the end of the year 9999 where that is sooner.
    #[must_use]
    pub fn plus_seconds(self, seconds: u32) -> Self {
        let later = self
            .microseconds()
            .saturating_add(TimeDelta::seconds(seconds.into()).num_microseconds().unwrap_or(i64::MAX));
        Self::from_microseconds(later.min(Self::LATEST_MICROSECONDS)).unwrap_or(self)
    }
}

/// A time as it is written, which always takes as many characters.
///
/// Digit by digit: chrono reads its pattern anew each time, and two times took longer than all else in the answer of a
/// user.
struct Written([u8; 27]);

impl Written {
    fn new(time: Timestamp) -> Self {
        let mut written = Self(*b"0000-00-00T00:00:00.000000Z");
        let Timestamp(time) = time;
        written.put(0..4, time.year().unsigned_abs());
        written.put(5..7, time.month());
        written.put(8..10, time.day());
        written.put(11..13, time.hour());
        written.put(14..16, time.minute());
        written.put(17..19, time.second());
        written.put(20..26, time.nanosecond() / 1000);
        written
    }

    fn put(&mut self, place: Range<usize>, mut number: u32) {
        for digit in self.0[place].iter_mut().rev() {
            *digit = b"0123456789"[(number % 10) as usize];
            number /= 10;
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and signs are text")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Written::new(*self).as_str())
    }
}

/// A text that is not a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time as RFC 3339 has it, such as 2026-01-02T03:04:05.000000Z")]
pub struct InvalidTimestamp;

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTimestamp)?;
        Self::from_microseconds(time.timestamp_micros()).ok_or(InvalidTimestamp)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Written::new(*self).as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

impl ToSql<sql_types::Timestamp, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.microseconds());
        Ok(IsNull::No)
    }
}

impl FromSql<sql_types::Timestamp, Sqlite> for Timestamp {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let microseconds = <i64 as FromSql<diesel::sql_types::BigInt, Sqlite>>::from_sql(value)?;
        Self::from_microseconds(microseconds)
            .ok_or_else(|| format!("{microseconds} microseconds are outside the years 0 to 9999").into())
    }
}

impl ToSql<sql_types::Timestamp, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<diesel::sql_types::Timestamptz, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<sql_types::Timestamp, Pg> for Timestamp {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<diesel::sql_types::Timestamptz, Pg>::from_sql(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_and_z_whatever_was_read() {
        for (read, written) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
            ("2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05.123456Z"),
            ("2026-01-02T03:04:05.000001-00:30", "2026-01-02T03:34:05.000001Z"),
        ] {
            let time: Timestamp = serde_json::from_value(read.into()).unwrap();
            assert_eq!(serde_json::to_value(time).unwrap(), written);
        }
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn it_is_written_as_chrono_writes_it() {
        // An odd step, so that each part takes many values.
        for number in 0..20_000 {
            let time = Timestamp::from_microseconds(number * 12_670_117_513_987).unwrap();
            assert_eq!(time.to_string(), time.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
            assert_eq!(time.to_string().parse(), Ok(time));
        }
    }

    #[test]
    fn the_years_end_at_9999() {
        let latest = Timestamp::from_microseconds(Timestamp::LATEST_MICROSECONDS).unwrap();
        assert_eq!(latest.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(latest.plus_seconds(1), latest);
        assert_eq!(Timestamp::from_microseconds(Timestamp::LATEST_MICROSECONDS + 1), None);
    }
}
