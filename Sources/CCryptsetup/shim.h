#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <libcryptsetup.h>
#include <stdlib.h>

// Swift does not import these macros: each is an expression, not a literal.
static const uint32_t shim_CRYPT_ACTIVATE_KEYRING_KEY = CRYPT_ACTIVATE_KEYRING_KEY;
static const uint32_t shim_CRYPT_PBKDF_NO_BENCHMARK = CRYPT_PBKDF_NO_BENCHMARK;
static const uint32_t shim_CRYPT_VOLUME_KEY_NO_SEGMENT = CRYPT_VOLUME_KEY_NO_SEGMENT;

// These structures keep pointers, and Swift's strings live only for one call.
static inline int shim_use_minimal_pbkdf2(struct crypt_device *device) {
    static const struct crypt_pbkdf_type minimal = {
        .type = CRYPT_KDF_PBKDF2, .hash = "sha256", .iterations = 1000, .flags = CRYPT_PBKDF_NO_BENCHMARK
    };
    return crypt_set_pbkdf_type(device, &minimal);
}

static inline void shim_ignore_message(int level, const char *message, void *context) {}
static inline void shim_silence(void) { crypt_set_log_callback(NULL, shim_ignore_message, NULL); }
