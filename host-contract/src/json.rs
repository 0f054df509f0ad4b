/// The whole request as one value: `Json(request): Json<CreateUserRequest>`.
///
/// Without it, each by-value argument is one field of the request.
///
/// `T` should have `#[serde(deny_unknown_fields)]`: a registry with a request that would take
/// unknown fields is refused when it is built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);
