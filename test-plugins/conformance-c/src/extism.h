// What this plugin needs of Extism's kernel: input, output, and blocks of memory that host and guest share.
#pragma once

#include <stdint.h>

// The offset of a block. Zero is none.
typedef uint64_t extism_handle;

#define EXTISM_KERNEL(name) __attribute__((import_module("extism:host/env"), import_name(#name))) extern

EXTISM_KERNEL(input_length) uint64_t extism_input_length(void);
EXTISM_KERNEL(input_load_u8) uint8_t extism_input_load_u8(uint64_t offset);
EXTISM_KERNEL(alloc) extism_handle extism_alloc(uint64_t length);
EXTISM_KERNEL(length) uint64_t extism_length(extism_handle block);
EXTISM_KERNEL(store_u8) void extism_store_u8(uint64_t offset, uint8_t byte);
EXTISM_KERNEL(output_set) void extism_output_set(extism_handle block, uint64_t length);

// Copies the input into a block that can be handed to a host function.
static inline extism_handle extism_input(void) {
    uint64_t length = extism_input_length();
    extism_handle block = extism_alloc(length);
    for (uint64_t at = 0; at < length; at++) {
        extism_store_u8(block + at, extism_input_load_u8(at));
    }
    return block;
}

// Makes a block the output, whole.
static inline void extism_output(extism_handle block) {
    extism_output_set(block, extism_length(block));
}
