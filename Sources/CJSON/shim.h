#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <json-c/json.h>

// Swift does not import these macros: each is an expression, not a literal.
static const int shim_JSON_C_TO_STRING_PLAIN = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
static const int shim_JSON_C_TO_STRING_PRETTY =
    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;
static const int shim_JSON_TOKENER_STRICT = JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8;
