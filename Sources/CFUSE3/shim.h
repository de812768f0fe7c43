#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <stdio.h>

// A session for a connection that is mounted already; newer libraries make a macro of the function.
static inline struct fuse_session *shim_fuse_session(const struct fuse_lowlevel_ops *operations, void *context) {
    char name[] = "snp-emulator";
    char *words[] = {name, NULL};
    struct fuse_args arguments = FUSE_ARGS_INIT(1, words);
    struct fuse_session *session = fuse_session_new(&arguments, operations, sizeof *operations, context);
    fuse_opt_free_args(&arguments);
    return session;
}

// The library takes a mounted connection by this name of its descriptor.
static inline int shim_fuse_attach(struct fuse_session *session, int device) {
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", device);
    return fuse_session_mount(session, name);
}

// Bit-fields: every read and write comes to us, at any offset and whatever the size says.
static inline void shim_fuse_open_directly(struct fuse_file_info *file) { file->direct_io = 1; }
