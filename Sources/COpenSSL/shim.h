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
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Swift imports these macros as its own strings, which live only for one call; OSSL_PARAM keeps the pointer.
static const char *const shim_OSSL_KDF_PARAM_DIGEST = OSSL_KDF_PARAM_DIGEST;
static const char *const shim_OSSL_KDF_PARAM_KEY = OSSL_KDF_PARAM_KEY;
static const char *const shim_OSSL_KDF_PARAM_INFO = OSSL_KDF_PARAM_INFO;

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
