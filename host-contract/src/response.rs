use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, value::UnitDeserializer},
};

use crate::{CallId, ErrorCode, HostError};

/// The answer to every host call, as the guest gets it.
///
/// ```
/// # use hostfn_contract::HostResponse;
/// let response: HostResponse<u32> = serde_json::from_str(r#"{"success": true, "data": 7, "error": null}"#)?;
/// assert_eq!(response.into_result().unwrap(), 7);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostResponse<T> {
    /// `{"success": true, "data": …, "error": null}`
    Success(T),
    /// `{"success": false, "data": null, "error": {…}}`
    Failure(ErrorBody),
}

impl<T> HostResponse<T> {
    /// The data, or the error: for `?`.
    ///
    /// # Errors
    /// The error that the host function answered with.
    pub fn into_result(self) -> Result<T, ErrorBody> {
        match self {
            Self::Success(data) => Ok(data),
            Self::Failure(error) => Err(error),
        }
    }
}

/// The `error` of a [`HostResponse`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{code}: {message} (call {call_id})")]
#[schemars(rename = "HostError", description = "Why a host call was not answered with data.")]
pub struct ErrorBody {
    /// What kind of error it is; branch on this.
    pub code: ErrorCode,
    /// What is wrong and what to do instead, for the plugin's author.
    pub message: String,
    /// The path of the request field that is at fault, where one is: `profile.bio`.
    pub field: Option<String>,
    /// Under this id the host's log has the detail.
    pub call_id: String,
}

impl ErrorBody {
    /// What of `error` the guest is told, under the id of the call that failed.
    pub fn new(error: &HostError, call_id: CallId) -> Self {
        Self {
            code: error.code(),
            message: error.message().to_owned(),
            field: error.field().map(str::to_owned),
            call_id: call_id.to_string(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Wire<T, E> {
    success: bool,
    data: Option<T>,
    error: Option<E>,
}

impl<T: Serialize> Serialize for HostResponse<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = match self {
            Self::Success(data) => Wire { success: true, data: Some(data), error: None },
            Self::Failure(error) => Wire { success: false, data: None, error: Some(error) },
        };
        wire.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for HostResponse<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::<T, ErrorBody>::deserialize(deserializer)?;
        match (wire.success, wire.data, wire.error) {
            (true, Some(data), _) => Ok(Self::Success(data)),
            // Null may be the data itself, as of a get that found nothing.
            (true, None, _) => T::deserialize(UnitDeserializer::new()).map(Self::Success),
            (false, _, Some(error)) => Ok(Self::Failure(error)),
            (false, _, None) => Err(D::Error::missing_field("error")),
        }
    }
}

/// A union told apart by `success`, so that typed languages get a discriminated one.
impl<T: JsonSchema> JsonSchema for HostResponse<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("HostResponse_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let data = generator.subschema_for::<T>();
        let error = generator.subschema_for::<ErrorBody>();
        json_schema!({
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"success": {"const": true}, "data": data, "error": {"type": "null"}},
                    "required": ["success", "data", "error"],
                },
                {
                    "type": "object",
                    "properties": {"success": {"const": false}, "data": {"type": "null"}, "error": error},
                    "required": ["success", "data", "error"],
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failure() -> ErrorBody {
        ErrorBody {
            code: ErrorCode::Conflict,
            message: "taken".into(),
            field: Some("email".into()),
            call_id: "id/1".into(),
        }
    }

    #[test]
    fn both_arms_survive_the_wire() {
        for response in [HostResponse::Success(Some(7)), HostResponse::Success(None), HostResponse::Failure(failure())]
        {
            let wire = serde_json::to_string(&response).unwrap();
            assert_eq!(serde_json::from_str::<HostResponse<Option<u32>>>(&wire).unwrap(), response, "{wire}");
        }
    }

    #[test]
    fn every_member_is_always_there() {
        assert_eq!(
            serde_json::to_value(HostResponse::Success(())).unwrap(),
            json!({"success": true, "data": null, "error": null})
        );
        assert_eq!(
            serde_json::to_value(HostResponse::<()>::Failure(failure())).unwrap(),
            json!({"success": false, "data": null,
                   "error": {"code": "conflict", "message": "taken", "field": "email", "call_id": "id/1"}})
        );
    }

    #[test]
    fn success_without_the_data_that_it_needs_is_refused() {
        assert!(
            serde_json::from_str::<HostResponse<u32>>(r#"{"success": true, "data": null, "error": null}"#).is_err()
        );
        assert!(
            serde_json::from_str::<HostResponse<u32>>(r#"{"success": false, "data": null, "error": null}"#).is_err()
        );
    }
}
