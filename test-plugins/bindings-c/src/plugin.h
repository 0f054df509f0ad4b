// What a plugin needs beside its host functions: its input, its output, and the envelope of an answer.
#pragma once

#include "hostfn.h"

HOSTFN__IMPORT("extism:host/env", "input_length") uint64_t input_length(void);
HOSTFN__IMPORT("extism:host/env", "input_load_u8") uint8_t input_load_u8(uint64_t offset);
HOSTFN__IMPORT("extism:host/env", "output_set") void output_set(uint64_t block, uint64_t length);

static inline hostfn_text input(void) {
    size_t length = (size_t)input_length();
    char *bytes = hostfn__allocate(length);
    for (size_t at = 0; at < length; at++) {
        bytes[at] = (char)input_load_u8(at);
    }
    return (hostfn_text){bytes, length};
}

static inline int32_t output(hostfn_text text) {
    output_set(hostfn__share(text), text.length);
    return 0;
}

static inline hostfn__writer begin(void) {
    hostfn__writer json = {0, 0, 0, true};
    hostfn__put(&json, HOSTFN_TEXT("{\"success\":true,\"data\":"));
    return json;
}

static inline int32_t end(hostfn__writer *json) {
    hostfn__put(json, HOSTFN_TEXT(",\"error\":null}"));
    return output((hostfn_text){json->bytes, json->length});
}

static inline int32_t failed(const hostfn_error *error) {
    hostfn__writer json = {0, 0, 0, true};
    hostfn__put(&json, HOSTFN_TEXT("{\"success\":false,\"data\":null,\"error\":"));
    hostfn_write_error(&json, error);
    hostfn__put(&json, HOSTFN_TEXT("}"));
    return output((hostfn_text){json.bytes, json.length});
}
