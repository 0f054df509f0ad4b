//! Values of the command line, whose mistakes are told in the words of this command.

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

/// A duration such as 90s.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "expected a duration, such as 90s, 15m or 24h".to_owned())
}

/// A whole number of a range.
pub(crate) fn whole<T: FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    range: &RangeInclusive<T>,
) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("expected a whole number from {} to {}", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_by_what_is_expected() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("soon"), Err("expected a duration, such as 90s, 15m or 24h".to_owned()));
        assert_eq!(whole("7", &(1..=86_400)), Ok(7_u64));
        for text in ["0", "x", "", "1.5", "86401", "-1"] {
            assert_eq!(whole::<u64>(text, &(1..=86_400)), Err("expected a whole number from 1 to 86400".to_owned()));
        }
    }
}
