use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use super::bump::Bump;

/// Each rule once: its name, its id, the bump that it asks for, why, and what to do instead.
macro_rules! rules {
    ($($name:ident $id:literal $bump:ident: $why:literal $instead:literal)*) => {
        /// What the check looks for. An id never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $why] $name,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its stable name: `response-field-removed`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }

            /// The version bump that a finding asks for.
            pub const fn bump(self) -> Bump {
                match self { $(Self::$name => Bump::$bump),* }
            }

            /// Whom it breaks and why, or that it breaks nobody: one sentence.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$name => $why),* }
            }

            /// Why it is a rule, and what to do instead.
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$name => concat!($why, " ", $instead)),* }
            }
        }
    };
}

rules! {
    FunctionRemoved "function-removed" Major:
        "A plugin that imports it is no longer loaded."
        "Keep it, mark it `deprecated`, and remove it in the next major version."
    FunctionRenamed "function-renamed" Major:
        "A plugin that imports the old name is no longer loaded."
        "It is a guess: one function is gone, and another has the same types. Keep the old one beside the new one, \
         marked `deprecated`, and let both call the same Rust function."
    FunctionAdded "function-added" Minor:
        "No plugin imports it yet."
        "Nothing is to be done."
    FunctionNamespaceChanged "function-namespace-changed" Major:
        "A plugin that imports it from the old namespace is no longer loaded."
        "Keep it in the old namespace too, marked `deprecated`."
    FunctionMoved "function-moved" Patch:
        "It breaks nobody: plugins do not see which crate a function is of."
        "See that whoever builds the host names the new crate's registry."
    PermissionChanged "permission-changed" Major:
        "A plugin that was granted the old permission is answered `permission_denied`."
        "Keep the permission; or tell whoever loads plugins to grant both until the next major version."
    ReadOnlyChanged "read-only-changed" Patch:
        "It breaks nobody on the wire: it says on which connection of the database the function runs."
        "A function that writes from now on is worth a look at its permission."
    DeprecatedAdded "deprecated-added" Minor:
        "It works as before; bindings warn whoever compiles against them."
        "Say in the text what to use instead, and keep the function until the next major version."
    DeprecatedRemoved "deprecated-removed" Patch:
        "It breaks nobody: the function is here to stay."
        "Nothing is to be done."
    ErrorAdded "error-added" Major:
        "A plugin that handles each error that the function declares meets one that it takes for `internal`."
        "Answer with an error that is declared already, or add a function that declares the new one."
    ErrorRemoved "error-removed" Minor:
        "It breaks nobody: a plugin handles an error that does not come any more."
        "Nothing is to be done."
    ErrorCodeAdded "error-code-added" Major:
        "A plugin that handles every code of the closed list meets one that it takes for `internal`."
        "Use a code that there is; new ones come with a major version, together."
    ErrorCodeRemoved "error-code-removed" Minor:
        "It breaks nobody: a plugin handles a code that does not come any more."
        "Nothing is to be done."
    EnvelopeChanged "envelope-changed" Major:
        "Every plugin reads every answer through its envelope, and an old one cannot read the new one."
        "Leave the envelope as it is, and put what is new into the data or into new members."
    RequestRequiredAdded "request-required-added" Major:
        "A plugin that imports the function without a parameter is no longer loaded, and its request lacks a field."
        "Make every field optional: the function is then linked either way."
    RequestOptionalAdded "request-optional-added" Minor:
        "It breaks nobody: the function is linked by the arity that the plugin imports, and nothing is required."
        "Nothing is to be done."
    RequestRemoved "request-removed" Major:
        "A plugin that sends the fields is refused with `invalid_request`, since unknown fields are refused."
        "Go on taking the fields, and ignore what is not needed."
    RequestFieldRequiredAdded "request-field-required-added" Major:
        "An old plugin does not send it and is refused with `invalid_request`."
        "Make it optional (`Option<T>`) and choose a value where it is left out."
    RequestFieldOptionalAdded "request-field-optional-added" Minor:
        "It breaks nobody: an old plugin leaves it out."
        "Nothing is to be done."
    RequestFieldRemoved "request-field-removed" Major:
        "An old plugin that sends it is refused with `invalid_request`, since unknown fields are refused."
        "Go on taking it, make it optional, and ignore it."
    RequestFieldMadeRequired "request-field-made-required" Major:
        "An old plugin that leaves it out is refused with `invalid_request`."
        "Leave it optional and choose a value where it is left out."
    RequestFieldMadeOptional "request-field-made-optional" Minor:
        "It breaks nobody: an old plugin goes on sending it."
        "Nothing is to be done."
    RequestDefaultChanged "request-default-changed" Major:
        "An old plugin that leaves the field out gets other behavior than before."
        "Keep the default; or add a field of another name with the new one."
    RequestNullableAdded "request-nullable-added" Minor:
        "It breaks nobody: an old plugin does not send null."
        "Nothing is to be done."
    RequestNullableRemoved "request-nullable-removed" Major:
        "An old plugin that sends null is refused with `invalid_request`."
        "Go on taking null, for what it meant."
    RequestTypeChanged "request-type-changed" Major:
        "What an old plugin sends is refused with `invalid_request`."
        "Add a field of another name with the new type, and go on taking the old one."
    RequestTypeNarrowed "request-type-narrowed" Major:
        "Some of what an old plugin may send is refused with `invalid_request`."
        "Go on taking all that was taken, and turn it into the new type in the function."
    RequestTypeWidened "request-type-widened" Minor:
        "It breaks nobody: all that an old plugin sends is taken."
        "Nothing is to be done."
    RequestFormatAdded "request-format-added" Major:
        "An old plugin may send text that is not of this format, which is refused with `invalid_request`."
        "Go on taking any text, or add a field of another name."
    RequestFormatChanged "request-format-changed" Major:
        "What an old plugin sends in the old format is refused with `invalid_request`."
        "Add a field of another name in the new format, and go on taking the old one."
    RequestFormatRemoved "request-format-removed" Minor:
        "It breaks nobody: what is in the old format is taken."
        "Nothing is to be done."
    RequestEnumValueAdded "request-enum-value-added" Minor:
        "It breaks nobody: an old plugin does not send it."
        "Nothing is to be done."
    RequestEnumValueRemoved "request-enum-value-removed" Major:
        "An old plugin that sends it is refused with `invalid_request`."
        "Go on taking it, and treat it as the value that comes nearest."
    RequestLimitTightened "request-limit-tightened" Major:
        "Some of what an old plugin may send is refused with `invalid_request`."
        "Keep the limit; or go on taking what is beyond it, and cut it in the function."
    RequestLimitLoosened "request-limit-loosened" Minor:
        "It breaks nobody: all that an old plugin sends is within the limit."
        "Nothing is to be done."
    RequestPatternChanged "request-pattern-changed" Major:
        "An old plugin may send what only the old pattern takes; which of two patterns takes more cannot be known."
        "Where the new pattern takes all that the old one took, acknowledge it; else keep the old one."
    RequestNulRefused "request-nul-refused" Minor:
        "A string with U+0000 is refused with `invalid_request`; PostgreSQL never stored one."
        "Take `StringWithNul` where a plugin relies on it."
    RequestSchemaChanged "request-schema-changed" Major:
        "It changed in a way that no rule knows, so an old plugin may be refused."
        "Where you know that all that was taken still is, acknowledge it."
    ResponseFieldAdded "response-field-added" Minor:
        "It breaks nobody: bindings accept fields that they do not know."
        "Nothing is to be done."
    ResponseFieldRemoved "response-field-removed" Major:
        "An old plugin reads it and does not find it."
        "Go on answering it, marked as deprecated in its documentation, until the next major version."
    ResponseFieldMadeOptional "response-field-made-optional" Major:
        "An old plugin relies on it, and it may be missing."
        "Always answer it, if need be with an empty value."
    ResponseFieldMadeRequired "response-field-made-required" Minor:
        "It breaks nobody: an old plugin expects that it is there or not."
        "Nothing is to be done."
    ResponseNullableAdded "response-nullable-added" Major:
        "An old plugin does not expect null and cannot read the answer."
        "Answer an empty value, or an error that the function declares."
    ResponseNullableRemoved "response-nullable-removed" Minor:
        "It breaks nobody: an old plugin handles null that does not come any more."
        "Nothing is to be done."
    ResponseTypeChanged "response-type-changed" Major:
        "An old plugin cannot read the answer."
        "Add a field of another name with the new type, and go on answering the old one."
    ResponseTypeWidened "response-type-widened" Major:
        "An old plugin may be answered what it cannot read."
        "Keep the type, and add a field of another name for what is new."
    ResponseTypeNarrowed "response-type-narrowed" Minor:
        "It breaks nobody: an old plugin can read all that may come."
        "Nothing is to be done."
    ResponseFormatAdded "response-format-added" Minor:
        "It breaks nobody: an old plugin reads any text."
        "Nothing is to be done."
    ResponseFormatChanged "response-format-changed" Major:
        "An old plugin reads the old format, and the new one does not parse."
        "Add a field of another name in the new format, and go on answering the old one."
    ResponseFormatRemoved "response-format-removed" Major:
        "An old plugin reads the old format, and may be answered what does not parse."
        "Keep the format, and add a field of another name for other text."
    ResponseEnumValueAdded "response-enum-value-added" Major:
        "An old plugin does not know what to do with it, and typed ones cannot read the answer."
        "Answer one of the values that there are, or add a field of another name for what is new."
    ResponseEnumValueRemoved "response-enum-value-removed" Minor:
        "It breaks nobody: an old plugin handles a value that does not come any more."
        "Nothing is to be done."
    ResponseLimitTightened "response-limit-tightened" Minor:
        "It breaks nobody: all that may come is within the old limit."
        "Nothing is to be done."
    ResponseLimitLoosened "response-limit-loosened" Major:
        "An old plugin relies on the old limit, for instance for the size of a buffer or of an integer."
        "Keep the limit."
    ResponsePatternChanged "response-pattern-changed" Major:
        "An old plugin may rely on the old pattern; which of two patterns allows more cannot be known."
        "Where the new pattern allows nothing new, acknowledge it; else keep the old one."
    ResponseUnknownFieldsChanged "response-unknown-fields-changed" Patch:
        "It breaks nobody: bindings accept fields that they do not know, whether or not the schema lets there be any."
        "Nothing is to be done."
    ResponseSchemaChanged "response-schema-changed" Major:
        "It changed in a way that no rule knows, so an old plugin may be answered what it cannot read."
        "Where you know that nothing new can come, acknowledge it."
    SecretAdded "secret-added" Patch:
        "It breaks nobody on the wire: traces and transcripts hide the value from now on."
        "Accept the transcripts anew."
    SecretRemoved "secret-removed" Patch:
        "It breaks nobody on the wire; but traces and transcripts show the value from now on."
        "Unless that is what you want, use `Secret` or mark the type `x-secret`."
    TypeRenamed "type-renamed" Patch:
        "It breaks nobody on the wire; bindings that are generated anew call the type by its new name."
        "Nothing is to be done; `#[schemars(rename = \"…\")]` keeps the old name."
    DocumentationChanged "documentation-changed" Patch:
        "It breaks nobody."
        "Nothing is to be done."
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// A text that is no rule's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{id}`; did you mean `{nearest}`?")]
pub struct UnknownRule {
    id: String,
    nearest: Rule,
}

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(id: &str) -> Result<Self, UnknownRule> {
        let mut nearest = (Self::DocumentationChanged, 0.0);
        for rule in Self::ALL {
            if rule.id() == id {
                return Ok(*rule);
            }
            let likeness = strsim::jaro_winkler(rule.id(), id);
            if likeness > nearest.1 {
                nearest = (*rule, likeness);
            }
        }
        Err(UnknownRule { id: id.to_owned(), nearest: nearest.0 })
    }
}
