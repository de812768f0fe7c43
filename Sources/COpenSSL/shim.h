#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "emulator.h"

// One derivation by a KDF of libcrypto's with SHA-256; `mac` and `salt` may be NULL. Here, since OSSL_PARAM keeps the
// pointers to its names, which Swift makes for one call only.
static inline int shim_derive(const char *name, const char *mac, const unsigned char *key, size_t key_count,
                              const unsigned char *salt, size_t salt_count, const unsigned char *info,
                              size_t info_count, unsigned char *output, size_t count) {
    OSSL_PARAM parameters[6];
    OSSL_PARAM *next = parameters;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    // libcrypto takes its input by mutable pointers and only reads it.
    *next++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0);
    *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_count);
    *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count);
    if (mac != NULL) *next++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, (char *)mac, 0);
    if (salt != NULL) *next++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_count);
    *next = OSSL_PARAM_construct_end();
    const int code = context == NULL ? 0 : EVP_KDF_derive(context, output, count, parameters);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return code;
}

// A P-256 key from its point, 65 bytes (04, x, y), and its scalar or NULL. Here, since OSSL_PARAM_BLD takes the names
// as macros, and libcrypto checks neither point nor scalar by itself.
static inline EVP_PKEY *shim_p256_key(const unsigned char *point, const BIGNUM *scalar) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    if (context != NULL && builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 65) == 1 &&
        (scalar == NULL || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1) &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, scalar == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, parameters) == 1) {
        EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(key, NULL);
        if (check == NULL || EVP_PKEY_public_check(check) != 1) {
            EVP_PKEY_free(key);
            key = NULL;
        }
        EVP_PKEY_CTX_free(check);
    }
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

// The point of a P-256 key; 0 for any other key.
static inline int shim_p256_point(const EVP_PKEY *key, unsigned char *point) {
    char group[16];
    size_t length = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
           OBJ_txt2nid(group) == NID_X9_62_prime256v1 &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, 65, &length) == 1 &&
           length == 65 && point[0] == 4;
}

// A fresh P-256 key; EVP_PKEY_Q_keygen is variadic.
static inline EVP_PKEY *shim_p256_generate(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }

// An RSA public key from its modulus, 256 bytes, with the exponent 65537.
static inline EVP_PKEY *shim_rsa_key(const unsigned char *modulus) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    BIGNUM *n = BN_bin2bn(modulus, 256, NULL);
    if (context != NULL && builder != NULL && n != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_ulong(builder, OSSL_PKEY_PARAM_RSA_E, 65537) == 1 &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    BN_free(n);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

// The modulus of an RSA-2048 key with the exponent 65537; 0 for any other key.
static inline int shim_rsa_modulus(const EVP_PKEY *key, unsigned char *modulus) {
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    const int is_read = EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_word(e, 65537) == 1 &&
                        BN_num_bits(n) == 2048 && BN_bn2binpad(n, modulus, 256) == 256;
    BN_free(n);
    BN_free(e);
    return is_read;
}
