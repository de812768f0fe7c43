#pragma once
// A terminal whose keys go to a machine's console, and the signals that end one.
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>

// Every key goes on as it is, but for those that send a signal (Ctrl-C); -1 where it is no terminal of ours.
static inline int shim_make_raw(int terminal, struct termios *before) {
    if (tcgetpgrp(terminal) != getpgrp() || tcgetattr(terminal, before) != 0) return -1;
    struct termios raw = *before;
    cfmakeraw(&raw);
    raw.c_lflag |= ISIG;
    raw.c_oflag = before->c_oflag;
    return tcsetattr(terminal, TCSANOW, &raw);
}

// Blocks the signals that ask a program to end, in this thread and those that it starts, and returns a descriptor to
// read them from; -1 with errno.
static inline int shim_take_ending_signals(void) {
    static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    sigset_t set;
    sigemptyset(&set);
    for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) sigaddset(&set, numbers[index]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// The next one's number; 0 where there is none.
static inline int shim_next_ending_signal(int descriptor) {
    struct signalfd_siginfo signal;
    return read(descriptor, &signal, sizeof signal) == sizeof signal ? (int)signal.ssi_signo : 0;
}
