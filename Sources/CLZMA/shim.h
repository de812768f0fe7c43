#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <lzma.h>
