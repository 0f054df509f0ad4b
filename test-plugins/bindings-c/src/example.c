#include "plugin.h"

// Signs up whoever has this address, with a text about them.
__attribute__((export_name("example"))) int32_t example(void) {
    hostfn_reset();
    hostfn_error error;
    hostfn_hash_password_request password = {HOSTFN_TEXT("correct horse")};
    hostfn_create_user_request account = {.name = HOSTFN_TEXT("Ada"), .email = input()};
    hostfn_user user;
    if (!hostfn_hash_password(&password, &account.password_hash, &error) ||
        !hostfn_db_create_user(&account, &user, &error)) {
        return 1;
    }
    hostfn_update_user_profile_request change = {.uuid = user.uuid, .avatar = {.presence = HOSTFN_NULL}};
    change.bio.presence = HOSTFN_VALUE;
    change.bio.value = HOSTFN_TEXT("Notes, é 漢字 🎉");
    if (!hostfn_db_update_user_profile(&change, &user, &error)) {
        return 1;
    }
    hostfn__writer text = {0, 0, 0, true};
    hostfn__put(&text, user.name);
    hostfn__put(&text, HOSTFN_TEXT(": "));
    hostfn__put(&text, user.bio.value);
    return output((hostfn_text){text.bytes, text.length});
}
