//! Fields of an update: what is absent is left alone.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de::Error as _};

/// A field of an update that can be cleared: absent keeps it, `null` clears it, a value sets it.
///
/// In a struct of one's own it needs `#[serde(default)]`; as an argument of a host function it does
/// not.
///
/// ```
/// # use hostfn_contract::Patch;
/// #[derive(serde::Deserialize)]
/// struct Request {
///     #[serde(default)]
///     bio: Patch<String>,
/// }
/// let bio = |json| serde_json::from_str::<Request>(json).unwrap().bio;
/// assert_eq!(bio("{}"), Patch::Keep);
/// assert_eq!(bio(r#"{"bio": null}"#), Patch::Clear);
/// assert_eq!(bio(r#"{"bio": "hello"}"#), Patch::Set("hello".to_owned()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: leave it alone.
    #[default]
    Keep,
    /// `null`: clear it.
    Clear,
    /// Store this.
    Set(T),
}

impl<T> Patch<T> {
    /// As diesel's `AsChangeset` takes it: `None` leaves the column alone, `Some(None)` clears it.
    pub fn into_column(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Patch_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

/// A field of an update that cannot be empty: absent keeps it, a value sets it, `null` is refused.
///
/// Like [`Patch`], it needs `#[serde(default)]` in a struct of one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Absent: leave it alone.
    #[default]
    Keep,
    /// Store this.
    Set(T),
}

impl<T> Change<T> {
    /// As diesel's `AsChangeset` takes it: `None` leaves the column alone.
    pub fn into_column(self) -> Option<T> {
        match self {
            Self::Keep => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer)?
            .map(Self::Set)
            .ok_or_else(|| D::Error::custom("null, but it cannot be cleared: leave the field out to keep it"))
    }
}

impl<T: JsonSchema> JsonSchema for Change<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Change_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_refuses_null() {
        assert_eq!(serde_json::from_str::<Change<u8>>("1").unwrap(), Change::Set(1));
        let error = serde_json::from_str::<Change<u8>>("null").unwrap_err().to_string();
        assert!(error.contains("leave the field out to keep it"), "{error}");
    }

    #[test]
    fn columns_are_as_diesel_takes_them() {
        assert_eq!(Patch::<u8>::Keep.into_column(), None);
        assert_eq!(Patch::<u8>::Clear.into_column(), Some(None));
        assert_eq!(Patch::Set(1).into_column(), Some(Some(1)));
        assert_eq!(Change::<u8>::Keep.into_column(), None);
        assert_eq!(Change::Set(1).into_column(), Some(1));
    }
}
