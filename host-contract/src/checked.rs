//! Types that see to what their schema says.

/// In a schema, marks a value whose Rust type refuses by itself what the schema forbids, when it is read and when it is
/// made: `#[schemars(extend("x-checked" = true))]`.
///
/// What a schema says beyond what serde sees to, such as a length, a range or a pattern, the host checks with a
/// validator, in each call. Where the type's own `TryFrom` does that already, this mark saves the call the time, which is
/// a microsecond or two. It says so for the one schema that it is in and not for those within it, and it is not
/// published.
///
/// ```
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// /// A share in per cent.
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(try_from = "u8")]
/// #[schemars(inline, extend("x-checked" = true))]
/// struct Share(#[schemars(range(max = 100))] u8);
///
/// impl TryFrom<u8> for Share {
///     type Error = &'static str;
///
///     fn try_from(share: u8) -> Result<Self, Self::Error> {
///         if share <= 100 { Ok(Self(share)) } else { Err("expected 0 to 100") }
///     }
/// }
///
/// let schema = schemars::schema_for!(Share);
/// assert_eq!(schema.get(hostfn_contract::CHECKED_MARK), Some(&true.into()));
/// ```
pub const CHECKED_MARK: &str = "x-checked";
