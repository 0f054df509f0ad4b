use super::rule::Rule;

/// Which way a value goes. What breaks in one direction is harmless in the other: a request may be
/// widened, an answer narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the plugin to the host.
    Request,
    /// From the host to the plugin.
    Response,
}

/// How two schemas of one value differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    RequiredFieldAdded,
    OptionalFieldAdded,
    FieldRemoved,
    FieldMadeRequired,
    FieldMadeOptional,
    NullableAdded,
    NullableRemoved,
    TypeChanged,
    TypeNarrowed,
    TypeWidened,
    FormatAdded,
    FormatChanged,
    FormatRemoved,
    ValueAdded,
    ValueRemoved,
    LimitTightened,
    LimitLoosened,
    PatternChanged,
    NulRefused,
    /// Whether fields that have no name in the schema may come.
    UnknownFieldsAllowed,
    UnknownFieldsRefused,
    /// In a way that nothing here knows.
    Unknown,
    SecretAdded,
    SecretRemoved,
    TypeRenamed,
    /// What the host takes where a field is left out.
    DefaultChanged,
    Documentation,
}

impl Direction {
    /// The rule that a change falls under in this direction.
    pub(super) fn rule(self, change: Change) -> Rule {
        use {Change as C, Direction::*, Rule as R};
        match (change, self) {
            (C::RequiredFieldAdded, Request) => R::RequestFieldRequiredAdded,
            (C::OptionalFieldAdded, Request) => R::RequestFieldOptionalAdded,
            (C::RequiredFieldAdded | C::OptionalFieldAdded, Response) => R::ResponseFieldAdded,
            (C::FieldRemoved, Request) => R::RequestFieldRemoved,
            (C::FieldRemoved, Response) => R::ResponseFieldRemoved,
            (C::FieldMadeRequired, Request) => R::RequestFieldMadeRequired,
            (C::FieldMadeRequired, Response) => R::ResponseFieldMadeRequired,
            (C::FieldMadeOptional, Request) => R::RequestFieldMadeOptional,
            (C::FieldMadeOptional, Response) => R::ResponseFieldMadeOptional,
            (C::NullableAdded, Request) => R::RequestNullableAdded,
            (C::NullableAdded, Response) => R::ResponseNullableAdded,
            (C::NullableRemoved, Request) => R::RequestNullableRemoved,
            (C::NullableRemoved, Response) => R::ResponseNullableRemoved,
            (C::TypeChanged, Request) => R::RequestTypeChanged,
            (C::TypeChanged, Response) => R::ResponseTypeChanged,
            (C::TypeNarrowed | C::UnknownFieldsRefused, Request) => R::RequestTypeNarrowed,
            (C::TypeNarrowed, Response) => R::ResponseTypeNarrowed,
            (C::TypeWidened | C::UnknownFieldsAllowed, Request) => R::RequestTypeWidened,
            (C::TypeWidened, Response) => R::ResponseTypeWidened,
            (C::FormatAdded, Request) => R::RequestFormatAdded,
            (C::FormatAdded, Response) => R::ResponseFormatAdded,
            (C::FormatChanged, Request) => R::RequestFormatChanged,
            (C::FormatChanged, Response) => R::ResponseFormatChanged,
            (C::FormatRemoved, Request) => R::RequestFormatRemoved,
            (C::FormatRemoved, Response) => R::ResponseFormatRemoved,
            (C::ValueAdded, Request) => R::RequestEnumValueAdded,
            (C::ValueAdded, Response) => R::ResponseEnumValueAdded,
            (C::ValueRemoved, Request) => R::RequestEnumValueRemoved,
            (C::ValueRemoved, Response) => R::ResponseEnumValueRemoved,
            (C::LimitTightened, Request) => R::RequestLimitTightened,
            (C::LimitTightened, Response) => R::ResponseLimitTightened,
            (C::LimitLoosened, Request) => R::RequestLimitLoosened,
            (C::LimitLoosened, Response) => R::ResponseLimitLoosened,
            (C::PatternChanged, Request) => R::RequestPatternChanged,
            (C::PatternChanged, Response) => R::ResponsePatternChanged,
            (C::NulRefused, Request) => R::RequestNulRefused,
            (C::NulRefused, Response) => R::ResponseLimitTightened,
            (C::UnknownFieldsAllowed | C::UnknownFieldsRefused, Response) => R::ResponseUnknownFieldsChanged,
            (C::Unknown, Request) => R::RequestSchemaChanged,
            (C::Unknown, Response) => R::ResponseSchemaChanged,
            (C::SecretAdded, _) => R::SecretAdded,
            (C::SecretRemoved, _) => R::SecretRemoved,
            (C::TypeRenamed, _) => R::TypeRenamed,
            (C::DefaultChanged, Request) => R::RequestDefaultChanged,
            // An answer says what there is.
            (C::Documentation | C::DefaultChanged, _) => R::DocumentationChanged,
        }
    }
}
