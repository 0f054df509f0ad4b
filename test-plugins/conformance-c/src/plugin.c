// Calls every built-in host function from C: each export hands its input to the host function of its
// name, and answers with what that answers. Freestanding, without a C library.

#include "extism.h"

// One written out, to show what there is to it: an import, and an export around it.

__attribute__((import_module("extism:host/user"), import_name("db_create_user")))
extern extism_handle host_db_create_user(extism_handle request);

__attribute__((export_name("db_create_user")))
int32_t db_create_user(void) {
    extism_handle answer = host_db_create_user(extism_input());
    if (answer == 0) {
        return 1;
    }
    extism_output(answer);
    return 0;
}

// The same for every other.
#define FORWARD(name)                                                                       \
    __attribute__((import_module("extism:host/user"), import_name(#name)))                  \
    extern extism_handle host_##name(extism_handle request);                                \
    __attribute__((export_name(#name))) int32_t name(void) {                                \
        extism_handle answer = host_##name(extism_input());                                 \
        if (answer == 0) {                                                                  \
            return 1;                                                                       \
        }                                                                                   \
        extism_output(answer);                                                              \
        return 0;                                                                           \
    }

// Users
FORWARD(db_get_user_by_email)
FORWARD(db_get_user_by_uuid)
FORWARD(db_update_user_password)
FORWARD(db_update_user_email_verified)
FORWARD(db_update_user_profile)

// Sessions
FORWARD(db_create_session)
FORWARD(db_get_session)
FORWARD(db_delete_session)
FORWARD(db_delete_user_sessions)
FORWARD(db_cleanup_expired_sessions)

// E-mail verification
FORWARD(db_create_email_verification_token)
FORWARD(db_get_email_verification_token)
FORWARD(db_delete_email_verification_token)

// Password reset
FORWARD(db_create_password_reset_token)
FORWARD(db_get_password_reset_token)
FORWARD(db_delete_password_reset_token)
FORWARD(db_delete_user_password_reset_tokens)

// Passwords
FORWARD(hash_password)
FORWARD(verify_password)

// Smoke test
FORWARD(db_test_connection)
