//! The tables, as `migrations/` makes them.

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use hostfn::sql_types::{Timestamp, Uuid};

    users (uuid) {
        uuid -> Uuid,
        name -> Text,
        email -> Text,
        email_key -> Text,
        email_verified -> Bool,
        password_hash -> Text,
        avatar -> Nullable<Text>,
        bio -> Nullable<Text>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Binary;
    use hostfn::sql_types::{Timestamp, Uuid};

    sessions (id_sha256) {
        id_sha256 -> Binary,
        user_uuid -> Uuid,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Binary;
    use hostfn::sql_types::{Timestamp, Uuid};

    email_verification_tokens (token_sha256) {
        token_sha256 -> Binary,
        user_uuid -> Uuid,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    use diesel::sql_types::Binary;
    use hostfn::sql_types::{Timestamp, Uuid};

    password_reset_tokens (token_sha256) {
        token_sha256 -> Binary,
        user_uuid -> Uuid,
        created_at -> Timestamp,
        expires_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(users, email_verification_tokens, password_reset_tokens);
