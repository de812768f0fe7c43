#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Swift imports these macros as its own strings, which live only for one call; OSSL_PARAM keeps the pointer.
static const char *const shim_OSSL_KDF_PARAM_DIGEST = OSSL_KDF_PARAM_DIGEST;
static const char *const shim_OSSL_KDF_PARAM_KEY = OSSL_KDF_PARAM_KEY;
static const char *const shim_OSSL_KDF_PARAM_INFO = OSSL_KDF_PARAM_INFO;
