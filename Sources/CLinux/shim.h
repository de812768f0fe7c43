#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sev-guest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Variadic functions are not imported: each needs one fixed form.
static inline int shim_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int shim_block_size(int fd, uint64_t *bytes) { return ioctl(fd, BLKGETSIZE64, bytes); }
static inline int shim_add_seals(int fd, int seals) { return fcntl(fd, F_ADD_SEALS, seals); }
static inline int shim_get_seals(int fd) { return fcntl(fd, F_GET_SEALS); }

static inline int shim_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

static inline int shim_pipe(int *reader, int *writer) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    *reader = ends[0];
    *writer = ends[1];
    return 0;
}

// Nor are macros that are not literals.
static const int shim_SEALS_ALL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
static const unsigned int shim_MEMFD_SEALABLE = MFD_CLOEXEC | MFD_ALLOW_SEALING;

static inline int shim_map_failed(const void *address) { return address == MAP_FAILED; }
static inline int shim_set_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
static inline void shim_forbid_core_files(void) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
}
static inline int shim_errno(void) { return errno; }
// For calls that tell the end from a failure only by it.
static inline void shim_clear_errno(void) { errno = 0; }
static inline int shim_is_block(mode_t mode) { return S_ISBLK(mode); }
static inline int shim_is_regular(mode_t mode) { return S_ISREG(mode); }
static inline int shim_is_folder(mode_t mode) { return S_ISDIR(mode); }
static inline const char *shim_entry_name(const struct dirent *entry) { return entry->d_name; }

// Opens `path` for reading as if `folder` were the root: neither `..` nor a link leads out of it. It does not wait
// for the other end of a pipe.
static inline int shim_open_inside(int folder, const char *path, int flags) {
    struct open_how how = {
        .flags = O_CLOEXEC | (flags != 0 ? flags : O_RDONLY | O_NONBLOCK | O_NOCTTY),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}
static inline int shim_table_status(int fd, void *request) { return ioctl(fd, DM_TABLE_STATUS, request); }
static inline dev_t shim_device_number(const struct stat *status) {
    return S_ISBLK(status->st_mode) ? status->st_rdev : 0;
}
static inline unsigned int shim_major(dev_t number) { return major(number); }
static inline unsigned int shim_minor(dev_t number) { return minor(number); }

// Locks the whole file for writing, for this open file description; -1 where anybody has a lock.
static inline int shim_lock_whole_file(int fd) {
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_SETLK, &whole);
}

// Starts a program that reads nothing and writes both of its outputs to `output`; 0 or an errno.
static inline int shim_spawn(pid_t *pid, const char *path, char *const arguments[], char *const environment[], int output) {
    posix_spawn_file_actions_t actions;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (result == 0) result = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (result == 0) result = posix_spawn_file_actions_adddup2(&actions, output, 2);
    if (result == 0) result = posix_spawn(pid, path, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

// Starts a program that shares our input and error output and writes its output to `output`; 0 or an errno.
static inline int shim_spawn_for_output(
    pid_t *pid, const char *path, char *const arguments[], char *const environment[], int output
) {
    posix_spawn_file_actions_t actions;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (result == 0) result = posix_spawn(pid, path, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

// The exit status of a child, or 128 and the number of the signal that ended it; -1 with errno.
static inline int shim_wait(pid_t pid) {
    int status;
    if (waitpid(pid, &status, 0) < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// `SIG_IGN` is a cast that Swift does not import.
static inline void shim_ignore_signal(int number) { signal(number, SIG_IGN); }

// Calls `handler` for a signal, also where the parent had blocked it, but not where it had it ignored (nohup).
static inline void shim_catch_signal(int number, void (*handler)(int)) {
    struct sigaction inherited;
    if (sigaction(number, NULL, &inherited) == 0 && inherited.sa_handler == SIG_IGN) return;
    signal(number, handler);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

// The C library has no functions for the kernel's keyrings. Each returns -1 with errno on failure.
// Adds a key to the thread's own keyring, so that whoever has made it possesses it.
static inline int shim_add_key(const char *name, const void *bytes, size_t count) {
    return (int)syscall(SYS_add_key, "user", name, bytes, count, KEY_SPEC_THREAD_KEYRING);
}
// Puts a key into the user's keyring, too, in the place of one of the same name.
static inline int shim_publish_key(int key) {
    return (int)syscall(SYS_keyctl, KEYCTL_LINK, key, KEY_SPEC_USER_KEYRING);
}
static inline int shim_find_user_key(const char *name) {
    return (int)syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", name, 0);
}
static inline int shim_limit_key(int key, uint32_t permissions, unsigned int seconds) {
    if (syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, seconds) != 0) return -1;
    return (int)syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions);
}
static inline long shim_read_key(int key, void *bytes, size_t count) {
    return syscall(SYS_keyctl, KEYCTL_READ, key, bytes, count);
}
static inline int shim_invalidate_key(int key) { return (int)syscall(SYS_keyctl, KEYCTL_INVALIDATE, key); }

#include "sockets.h"
#include "local-sockets.h"
#include "terminal.h"
// Requests to the AMD secure processor; 0 or an errno. The kernel takes addresses as integers, and what it says in
// `exit_info` may stand there after a failure, too.
static inline int shim_sev_request(
    int fd, unsigned long number, const void *request, void *response, uint64_t *exit_info
) {
    struct snp_guest_request_ioctl argument = {
        .msg_version = 1, .req_data = (uintptr_t)request, .resp_data = (uintptr_t)response,
    };
    const int code = ioctl(fd, number, &argument) == 0 ? 0 : errno;
    *exit_info = argument.exitinfo2;
    return code;
}
static inline int shim_sev_report(int fd, const void *request, void *response, uint64_t *exit_info) {
    return shim_sev_request(fd, SNP_GET_REPORT, request, response, exit_info);
}
static inline int shim_sev_derived_key(int fd, const void *request, void *response, uint64_t *exit_info) {
    return shim_sev_request(fd, SNP_GET_DERIVED_KEY, request, response, exit_info);
}
// `count` is the room at `certificates`, and afterwards what they need.
static inline int shim_sev_extended_report(
    int fd, const void *request, void *certificates, uint32_t *count, void *response, uint64_t *exit_info
) {
    struct snp_ext_report_req extended = { .certs_address = (uintptr_t)certificates, .certs_len = *count };
    memcpy(&extended.data, request, sizeof extended.data);
    const int code = shim_sev_request(fd, SNP_GET_EXT_REPORT, &extended, response, exit_info);
    *count = extended.certs_len;
    return code;
}
