#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_sys.h>
#include <tss2/tss2_tctildr.h>

// A TCTI of our own: TSS calls the two functions of `common`, which find their Swift object in `owner`.
typedef struct {
    TSS2_TCTI_CONTEXT_COMMON_V1 common;
    void *owner;
} shim_tcti;

// Swift imports neither function-like macros nor calls through the structure behind them.
static inline TSS2_RC shim_transmit(TSS2_TCTI_CONTEXT *tcti, size_t size, const uint8_t *command) {
    return Tss2_Tcti_Transmit(tcti, size, command);
}
static inline TSS2_RC shim_receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response) {
    return Tss2_Tcti_Receive(tcti, size, response, TSS2_TCTI_TIMEOUT_BLOCK);
}

// Wipes what finished calls left in the stack below the caller's frame.
static __attribute__((noinline, unused)) void shim_wipe_stack(void) {
    unsigned char space[65536];
    explicit_bzero(space, sizeof space);
}

// Nor macros that are sums.
static const TPM2_RC shim_TPM2_RC_INITIALIZE = TPM2_RC_INITIALIZE;
static const TPM2_RC shim_TPM2_RC_FAILURE = TPM2_RC_FAILURE;
static const TPM2_RC shim_TPM2_RC_PCR_CHANGED = TPM2_RC_PCR_CHANGED;
static const TPM2_RC shim_TPM2_RC_HANDLE = TPM2_RC_HANDLE;
static const TPM2_RC shim_TPM2_RC_NV_DEFINED = TPM2_RC_NV_DEFINED;
static const TPM2_RC shim_TPM2_RC_NV_UNINITIALIZED = TPM2_RC_NV_UNINITIALIZED;
static const TPM2_RC shim_TPM2_RC_NV_AUTHORIZATION = TPM2_RC_NV_AUTHORIZATION;
static const TPM2_RC shim_TPM2_RC_NV_LOCKED = TPM2_RC_NV_LOCKED;
static const TPM2_RC shim_TPM2_RC_NV_RANGE = TPM2_RC_NV_RANGE;
static const TPM2_RC shim_TPM2_RC_AUTH_UNAVAILABLE = TPM2_RC_AUTH_UNAVAILABLE;
static const TPM2_RC shim_TPM2_RC_POLICY = TPM2_RC_POLICY;
static const TPM2_RC shim_TPM2_RC_SIGNATURE = TPM2_RC_SIGNATURE;
static const TPM2_RC shim_TPM2_RC_VALUE = TPM2_RC_VALUE;
static const TPM2_RC shim_TPM2_RC_SIZE = TPM2_RC_SIZE;
static const TPM2_RC shim_TPM2_RC_KEY = TPM2_RC_KEY;
static const TPM2_RC shim_TPM2_RC_ECC_POINT = TPM2_RC_ECC_POINT;
static const TPM2_RC shim_TPM2_RC_POLICY_FAIL = TPM2_RC_POLICY_FAIL;
static const TPM2_RC shim_TPM2_RC_INTEGRITY = TPM2_RC_INTEGRITY;
static const TPM2_RC shim_TPM2_RC_AUTH_FAIL = TPM2_RC_AUTH_FAIL;
static const TPM2_RC shim_TPM2_RC_BAD_AUTH = TPM2_RC_BAD_AUTH;
static const TPM2_RC shim_TPM2_RC_BINDING = TPM2_RC_BINDING;
static const TPM2_RC shim_TPM2_RC_YIELDED = TPM2_RC_YIELDED;
static const TPM2_RC shim_TPM2_RC_TESTING = TPM2_RC_TESTING;
static const TPM2_RC shim_TPM2_RC_NV_RATE = TPM2_RC_NV_RATE;
static const TPM2_RC shim_TPM2_RC_LOCKOUT = TPM2_RC_LOCKOUT;
static const TPM2_RC shim_TPM2_RC_RETRY = TPM2_RC_RETRY;
static const TSS2_RC shim_TSS2_TCTI_RC_BAD_REFERENCE = TSS2_TCTI_RC_BAD_REFERENCE;
static const TSS2_RC shim_TSS2_TCTI_RC_BAD_SEQUENCE = TSS2_TCTI_RC_BAD_SEQUENCE;
static const TSS2_RC shim_TSS2_TCTI_RC_INSUFFICIENT_BUFFER = TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
static const TSS2_RC shim_TSS2_TCTI_RC_MALFORMED_RESPONSE = TSS2_TCTI_RC_MALFORMED_RESPONSE;
static const TPM2_PT shim_TPM2_PT_NV_BUFFER_MAX = TPM2_PT_NV_BUFFER_MAX;
static const TPM2_PT shim_TPM2_PT_PERMANENT = TPM2_PT_PERMANENT;
static const TPM2_PT shim_TPM2_PT_LOCKOUT_COUNTER = TPM2_PT_LOCKOUT_COUNTER;
static const TPM2_PT shim_TPM2_PT_MAX_AUTH_FAIL = TPM2_PT_MAX_AUTH_FAIL;
static const TPM2_PT shim_TPM2_PT_LOCKOUT_INTERVAL = TPM2_PT_LOCKOUT_INTERVAL;
static const TPM2_PT shim_TPM2_PT_LOCKOUT_RECOVERY = TPM2_PT_LOCKOUT_RECOVERY;
