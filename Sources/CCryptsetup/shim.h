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

// A header in a file of its own for the data in `data_device`, which starts behind `data_offset` sectors
// of 512 bytes; the library makes the volume key.
static inline int shim_format_detached(
    struct crypt_device *device, const char *data_device, uint64_t data_offset, uint32_t sector_size
) {
    struct crypt_params_luks2 luks2 = { .data_device = data_device, .sector_size = sector_size };
    int result = crypt_set_data_offset(device, data_offset);
    return result < 0
        ? result : crypt_format(device, CRYPT_LUKS2, "aes", "xts-plain64", NULL, NULL, 64, &luks2);
}

// `shift` in sectors of 512 bytes: the data moves towards the end, and the header takes the room.
static inline int shim_reencrypt_begin(
    struct crypt_device *device, const char *passphrase, size_t count, uint64_t shift, uint32_t sector_size
) {
    struct crypt_params_luks2 luks2 = { .sector_size = sector_size };
    struct crypt_params_reencrypt encrypt = {
        .mode = CRYPT_REENCRYPT_ENCRYPT, .direction = CRYPT_REENCRYPT_BACKWARD, .resilience = "datashift",
        .data_shift = shift, .luks2 = &luks2,
        .flags = CRYPT_REENCRYPT_INITIALIZE_ONLY | CRYPT_REENCRYPT_MOVE_FIRST_SEGMENT
    };
    return crypt_reencrypt_init_by_passphrase(
        device, NULL, passphrase, count, CRYPT_ANY_SLOT, 0, "aes", "xts-plain64", &encrypt);
}

static inline int shim_reencrypt_continue(struct crypt_device *device, const char *passphrase, size_t count) {
    struct crypt_params_reencrypt resume = { .flags = CRYPT_REENCRYPT_RESUME_ONLY };
    return crypt_reencrypt_init_by_passphrase(
        device, NULL, passphrase, count, CRYPT_ANY_SLOT, 0, NULL, NULL, &resume);
}

static inline void shim_ignore_message(int level, const char *message, void *context) {}
static inline void shim_silence(void) { crypt_set_log_callback(NULL, shim_ignore_message, NULL); }
