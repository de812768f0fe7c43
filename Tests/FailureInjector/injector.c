// Preloaded into a program under test: kills it at one of the points where it changes a watched file. What is left on
// the disk is what a kill or a power cut leaves.
//
// SEALROOT_KILL_FILES  paths with ':' between; a file is watched whose name begins with one of them
// SEALROOT_KILL_AT     the program dies before its so many-th change: a write, cut, rename or removal. A flush changes
//                      nothing for whoever reads the file afterwards.
// SEALROOT_KILL_TORN   it dies in the middle of its so many-th write of two sectors or more
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

// What a disk writes whole or not at all, in bytes.
enum { sector = 512 };

static atomic_long changes, large_writes;

static int is_watched(const char *path) {
    const char *files = getenv("SEALROOT_KILL_FILES");
    while (files && *files) {
        size_t length = strcspn(files, ":");
        if (strncmp(path, files, length) == 0) return 1;
        files += length + (files[length] == ':');
    }
    return 0;
}

static int is_watched_descriptor(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_watched(path);
}

static int is_time(atomic_long *counter, const char *variable) {
    const char *wanted = getenv(variable);
    return wanted && atomic_fetch_add(counter, 1) + 1 == atol(wanted);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void change(int descriptor) {
    if (is_watched_descriptor(descriptor) && is_time(&changes, "SEALROOT_KILL_AT")) die();
}

// How many bytes of a write get through before the end; 0 where it is not the one.
static size_t torn(int descriptor, size_t count) {
    if (count < 2 * sector || !is_watched_descriptor(descriptor)) return 0;
    return is_time(&large_writes, "SEALROOT_KILL_TORN") ? count / 2 / sector * sector : 0;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void *bytes, size_t count) {
    change(descriptor);
    size_t part = torn(descriptor, count);
    ssize_t done = NEXT(write)(descriptor, bytes, part > 0 ? part : count);
    if (part > 0) die();
    return done;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    change(descriptor);
    size_t part = torn(descriptor, count);
    ssize_t done = NEXT(pwrite64)(descriptor, bytes, part > 0 ? part : count, offset);
    if (part > 0) die();
    return done;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return pwrite64(descriptor, bytes, count, offset);
}

int ftruncate64(int descriptor, off64_t length) {
    change(descriptor);
    return NEXT(ftruncate64)(descriptor, length);
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

int rename(const char *from, const char *to) {
    if (is_watched(to) && is_time(&changes, "SEALROOT_KILL_AT")) die();
    return NEXT(rename)(from, to);
}

int unlink(const char *path) {
    if (is_watched(path) && is_time(&changes, "SEALROOT_KILL_AT")) die();
    return NEXT(unlink)(path);
}
