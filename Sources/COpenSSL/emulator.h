#pragma once
// What only the emulated secure processor needs; included by shim.h.

// A fresh RSA key of 4096 bits with the exponent 65537; EVP_PKEY_Q_keygen is variadic.
static inline EVP_PKEY *shim_rsa4096_generate(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096); }

// The modulus of an RSA-4096 key with the exponent 65537; 0 for any other key.
static inline int shim_rsa4096_modulus(const EVP_PKEY *key, unsigned char *modulus) {
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    const int is_read = EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_word(e, 65537) == 1 &&
                        BN_num_bits(n) == 4096 && BN_bn2binpad(n, modulus, 512) == 512;
    BN_free(n);
    BN_free(e);
    return is_read;
}

// A P-384 key pair from its scalar, whose public point is computed; NULL where the scalar is not in 1..<n.
static inline EVP_PKEY *shim_p384_key_pair(const BIGNUM *scalar) {
    EVP_PKEY *key = NULL;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp384r1);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    BN_CTX *numbers = BN_CTX_secure_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    unsigned char encoded[97];
    if (point != NULL && numbers != NULL && context != NULL && builder != NULL && !BN_is_zero(scalar) &&
        BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0 &&
        EC_POINT_mul(group, point, scalar, NULL, NULL, numbers) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded, numbers) ==
            sizeof encoded &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1 &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, parameters) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    BN_CTX_free(numbers);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return key;
}

// A P-384 public key from its point, 97 bytes (04, x, y); NULL where it is none of the curve.
static inline EVP_PKEY *shim_p384_public_key(const unsigned char *point) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM parameters[3] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)"P-384", 0),
        // libcrypto takes its input by a mutable pointer and only reads it.
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, 97),
        OSSL_PARAM_construct_end(),
    };
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1) {
        EVP_PKEY_CTX *check = EVP_PKEY_CTX_new(key, NULL);
        if (check == NULL || EVP_PKEY_public_check(check) != 1) {
            EVP_PKEY_free(key);
            key = NULL;
        }
        EVP_PKEY_CTX_free(check);
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

// The point of a P-384 key; 0 for any other key.
static inline int shim_p384_point(const EVP_PKEY *key, unsigned char *point) {
    char group[16];
    size_t length = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
           OBJ_txt2nid(group) == NID_secp384r1 &&
           EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, 97, &length) == 1 &&
           length == 97 && point[0] == 4;
}

// HKDF with SHA-384 and without salt. Source: RFC 5869.
static inline int shim_hkdf_sha384(const unsigned char *key, size_t key_count, const unsigned char *info,
                                   size_t info_count, unsigned char *output, size_t count) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    const OSSL_PARAM parameters[4] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA384", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, key_count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count),
        OSSL_PARAM_construct_end(),
    };
    const int code = context == NULL ? 0 : EVP_KDF_derive(context, output, count, parameters);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return code;
}
