#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <qrencode.h>
#include <string.h>

// The symbol is as secret as what it says. The library frees it without wiping it.
static inline void shim_wipe_and_free(QRcode *code) {
    explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
}
