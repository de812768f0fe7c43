#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The only thread of the process becomes root of a user and a mount namespace of its own. -1 with errno on failure.
static inline int shim_enter_namespaces(void) { return unshare(CLONE_NEWUSER | CLONE_NEWNS); }

// What the guest's first process tells the emulator.
enum shim_guest_event {
    shim_guest_mount_failed = 1, // value: errno; the command has not been started
    shim_guest_command_failed,   // value: errno of execvp
    shim_guest_command_ended,    // value: exit status, or 128 and the number of the signal
};
struct shim_guest_report {
    int32_t event;
    int32_t value;
};

struct shim_guest {
    char *const *arguments;
    const char *hidden;  // a folder that the guest sees empty, or NULL
    int report;          // a socket, and the emulator's end of it
    int emulator;
    sigset_t mask;       // that the command begins with
};

static inline void shim_guest_tell(const struct shim_guest *guest, int event, int value) {
    const struct shim_guest_report report = {event, value};
    (void)!send(guest->report, &report, sizeof report, MSG_NOSIGNAL);
}

// The first process of the guest: takes in orphans, hands signals on to the command, and ends, and with it the whole
// PID namespace, when the command does or the emulator. Between fork and exec nothing here may allocate.
static inline void shim_guest_begin(const struct shim_guest *guest) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // It may have ended before that.
    close(guest->emulator);
    struct pollfd emulator = {.fd = guest->report, .events = 0};
    if (poll(&emulator, 1, 0) != 0) _exit(1);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0 ||
        (guest->hidden && mount("tmpfs", guest->hidden, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "mode=555") != 0)) {
        shim_guest_tell(guest, shim_guest_mount_failed, errno);
        _exit(1);
    }
    const pid_t command = (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
    if (command <= 0) {
        if (command == 0) {
            sigprocmask(SIG_SETMASK, &guest->mask, NULL);
            execvp(guest->arguments[0], guest->arguments);
        }
        shim_guest_tell(guest, shim_guest_command_failed, errno);
        _exit(1);
    }
    // No descriptor of the emulator's may live on here: a connection of FUSE ends with the last one.
    if (guest->report > 0) close_range(0, (unsigned)guest->report - 1, 0);
    close_range((unsigned)guest->report + 1, ~0U, 0);
    sigset_t all;
    sigfillset(&all);
    for (;;) {
        siginfo_t signal;
        const int number = sigwaitinfo(&all, &signal);
        if (number == SIGCHLD) {
            int status;
            pid_t ended;
            while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
                if (ended != command) continue;
                const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                shim_guest_tell(guest, shim_guest_command_ended, code);
                _exit(0);
            }
        } else if (number > 0 && signal.si_code != SI_KERNEL) {
            // What a terminal sends goes to the command already.
            kill(command, number);
        }
    }
}

// Starts the guest in PID and mount namespaces of its own, with every signal blocked in its first process. Returns that
// process, or -1 with errno.
static inline pid_t shim_guest_start(const struct shim_guest *guest) {
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t first = (pid_t)syscall(SYS_clone, (long)(CLONE_NEWPID | CLONE_NEWNS | SIGCHLD), 0L, 0L, 0L, 0L);
    if (first == 0) {
        shim_guest_begin(guest);
        _exit(1);
    }
    const int reason = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = reason;
    return first;
}

// Two connected sockets that keep messages apart; -1 with errno.
static inline int shim_message_sockets(int *ours, int *theirs) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    *ours = ends[0];
    *theirs = ends[1];
    return 0;
}

// Blocks the signals that a person or a service manager sends, keeps the mask as it was, and returns a descriptor to
// read them from; -1 with errno.
static inline int shim_take_signals(sigset_t *before) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    sigset_t set;
    sigemptyset(&set);
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) sigaddset(&set, numbers[index]);
    if (sigprocmask(SIG_BLOCK, &set, before) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// The next signal from that descriptor that no terminal sent; 0 where there is none.
static inline int shim_next_signal(int descriptor) {
    struct signalfd_siginfo signal;
    while (read(descriptor, &signal, sizeof signal) == sizeof signal)
        if (signal.ssi_code != SI_KERNEL) return (int)signal.ssi_signo;
    return 0;
}
