// Calls every built-in host function from C through `hostfn.h`, which `hostfn bindings` wrote: each export reads its input
// into the request's type, calls the typed function, and answers what it answered, as the host writes it.

#include "plugin.h"

#include "example.c"

// Reads the input into a request.
#define REQUEST(name, type)                                             \
    hostfn_reset();                                                     \
    hostfn_##type request;                                              \
    hostfn_read_##type(hostfn__parse(input()), &request);               \
    hostfn_error error;                                                 \
    if (!hostfn_understood(&error)) {                                   \
        return failed(&error);                                          \
    }

#define EXPORT(name, type, response)                                    \
    __attribute__((export_name(#name))) int32_t name(void) {            \
        REQUEST(name, type)                                             \
        hostfn_##response data;                                         \
        if (!hostfn_##name(&request, &data, &error)) {                  \
            return failed(&error);                                      \
        }                                                               \
        hostfn__writer json = begin();                                  \
        hostfn_write_##response(&json, &data);                          \
        return end(&json);                                              \
    }

#define EXPORT_NULLABLE(name, type, response)                           \
    __attribute__((export_name(#name))) int32_t name(void) {            \
        REQUEST(name, type)                                             \
        hostfn_##response data;                                         \
        bool found;                                                     \
        if (!hostfn_##name(&request, &found, &data, &error)) {          \
            return failed(&error);                                      \
        }                                                               \
        hostfn__writer json = begin();                                  \
        if (found) {                                                    \
            hostfn_write_##response(&json, &data);                      \
        } else {                                                        \
            hostfn__put(&json, HOSTFN_TEXT("null"));                    \
        }                                                               \
        return end(&json);                                              \
    }

#define EXPORT_PLAIN(name, response)                                    \
    __attribute__((export_name(#name))) int32_t name(void) {            \
        hostfn_reset();                                                 \
        hostfn_error error;                                             \
        hostfn_##response data;                                         \
        if (!hostfn_##name(&data, &error)) {                            \
            return failed(&error);                                      \
        }                                                               \
        hostfn__writer json = begin();                                  \
        hostfn_write_##response(&json, &data);                          \
        return end(&json);                                              \
    }

EXPORT(db_create_user, create_user_request, user)
EXPORT_NULLABLE(db_get_user_by_email, db_get_user_by_email_request, user)
EXPORT_NULLABLE(db_get_user_by_uuid, db_get_user_by_uuid_request, user)
EXPORT(db_update_user_password, db_update_user_password_request, user)
EXPORT(db_update_user_email_verified, db_update_user_email_verified_request, user)
EXPORT(db_update_user_profile, update_user_profile_request, user)
EXPORT(db_create_session, db_create_session_request, session)
EXPORT_NULLABLE(db_get_session, db_get_session_request, session)
EXPORT(db_delete_session, db_delete_session_request, deleted)
EXPORT(db_delete_user_sessions, db_delete_user_sessions_request, deleted)
EXPORT_PLAIN(db_cleanup_expired_sessions, deleted)
EXPORT(db_create_email_verification_token, db_create_email_verification_token_request, email_verification_token)
EXPORT_NULLABLE(db_get_email_verification_token, db_get_email_verification_token_request, email_verification_token)
EXPORT(db_delete_email_verification_token, db_delete_email_verification_token_request, deleted)
EXPORT(db_create_password_reset_token, db_create_password_reset_token_request, password_reset_token)
EXPORT_NULLABLE(db_get_password_reset_token, db_get_password_reset_token_request, password_reset_token)
EXPORT(db_delete_password_reset_token, db_delete_password_reset_token_request, deleted)
EXPORT(db_delete_user_password_reset_tokens, db_delete_user_password_reset_tokens_request, deleted)
EXPORT(verify_password, verify_password_request, password_match)
EXPORT_PLAIN(db_test_connection, database_status)

__attribute__((export_name("hash_password"))) int32_t hash_password(void) {
    REQUEST(hash_password, hash_password_request);
    hostfn_text data;
    if (!hostfn_hash_password(&request, &data, &error)) {
        return failed(&error);
    }
    hostfn__writer json = begin();
    hostfn__put_text(&json, data);
    return end(&json);
}
