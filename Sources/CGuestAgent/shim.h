#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

// Splits the only thread's process in two. In the first it returns the second one's number, and in `ready` an end of a
// pipe that says when the second is ready; in the second it returns 0, and in `ready` the end to say it with. There it is
// the first of a session of its own. -1 with errno on failure.
static inline pid_t shim_agent_split(int *ready) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    const pid_t second = fork();
    const int kept = second == 0, reason = errno;
    if (second == 0) setsid();
    *ready = ends[kept];
    close(ends[!kept]);
    if (second < 0) close(*ready);
    errno = reason;
    return second;
}

// Waits until the second process says that it is ready, and returns 0; or until it ends, and returns its status, or 128
// and the number of the signal that ended it.
static inline int shim_agent_wait(pid_t second, int ready) {
    char byte;
    ssize_t count;
    while ((count = read(ready, &byte, 1)) < 0 && errno == EINTR) continue;
    if (count == 1) return 0;
    int status;
    while (waitpid(second, &status, 0) < 0)
        if (errno != EINTR) return 128;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Says it. From now on the process reads nothing, and what it writes goes to the kernel's log: the console that it was
// started on may go.
static inline void shim_agent_ready(int ready) {
    const int none = open("/dev/null", O_RDWR | O_CLOEXEC), log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    dup2(none, 0);
    dup2(log < 0 ? none : log, 1);
    dup2(log < 0 ? none : log, 2);
    close(none);
    close(log);
    (void)!write(ready, "", 1);
    close(ready);
}

// systemd lets processes that are called so live when the machine goes down: whoever still needs the device then has it.
// Source: systemd, "Using /run/initramfs and Storage Daemons", and glibc's program_invocation_name, which is argv[0].
static inline void shim_agent_outlive(void) {
    if (*program_invocation_name) *program_invocation_name = '@';
}

// Blocks the signals that ask for the end, and returns a descriptor that is readable when one has come; -1 with errno.
static inline int shim_agent_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
