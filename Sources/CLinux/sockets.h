#pragma once
// Sockets, threads and programs that keep descriptors; what the emulator needs of the C library.
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

// Neither the socket types nor the families are imported as plain numbers. -1 with errno on failure.
static inline int shim_socket_pair(int *ours, int *theirs) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    *ours = ends[0];
    *theirs = ends[1];
    return 0;
}

// The longest path that fits into a socket's address with its terminating zero.
static const size_t shim_longest_socket_path = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

// A socket that waits for clients under `path`, for its owner only; -1 with errno.
static inline int shim_listen_at(const char *path, int backlog) {
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) > shim_longest_socket_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) return -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && chmod(path, 0600) == 0 &&
        listen(listener, backlog) == 0)
        return listener;
    int reason = errno;
    close(listener);
    errno = reason;
    return -1;
}
static inline int shim_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
// Receives bytes, and with them at most one descriptor of another process, which is ours then; -1 in `descriptor` where
// none came. 0 at the end of the stream, -1 with errno on failure.
static inline ssize_t shim_receive_with_descriptor(int socket, void *bytes, size_t count, int *descriptor) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec vector = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room,
    };
    *descriptor = -1;
    const ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0) return got;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        // The room's padding may have held a second one.
        for (size_t index = 0; CMSG_LEN((index + 1) * sizeof(int)) <= part->cmsg_len; index++) {
            int received;
            memcpy(&received, CMSG_DATA(part) + index * sizeof(int), sizeof received);
            if (*descriptor < 0) *descriptor = received;
            else close(received);
        }
    }
    return got;
}
// Never raises SIGPIPE.
static inline ssize_t shim_send(int socket, const void *bytes, size_t count, int waits) {
    return send(socket, bytes, count, MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT));
}

// Starts a program, found in PATH, that keeps `kept` of our descriptors open under their own numbers, reads nothing, and
// writes both of its outputs to `output`. It is in a process group of its own: what a person types at the terminal
// does not end it. Returns 0 or an errno.
static inline int shim_spawn_keeping(
    pid_t *pid, const char *program, char *const arguments[], char *const environment[], int output, const int kept[],
    size_t count
) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = posix_spawnattr_init(&attributes);
    if (result != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return result;
    }
    sigset_t none;
    sigemptyset(&none);
    result = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (result == 0) result = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (result == 0) result = posix_spawn_file_actions_adddup2(&actions, output, 2);
    // To its own number: the copy in the child is not closed on exec.
    for (size_t index = 0; index < count && result == 0; index++)
        result = posix_spawn_file_actions_adddup2(&actions, kept[index], kept[index]);
    if (result == 0) result = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    if (result == 0) result = posix_spawnattr_setsigmask(&attributes, &none);
    if (result == 0) result = posix_spawnp(pid, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

// As shim_wait, but the child can be waited for again afterwards.
static inline int shim_peek_status(pid_t pid) {
    siginfo_t information;
    while (waitid(P_PID, (id_t)pid, &information, WEXITED | WNOWAIT) != 0)
        if (errno != EINTR) return -1;
    return information.si_code == CLD_EXITED ? information.si_status : 128 + information.si_status;
}

// Whether the child has ended; it can be waited for afterwards.
static inline int shim_has_ended(pid_t pid) {
    siginfo_t information = { .si_pid = 0 };
    return waitid(P_PID, (id_t)pid, &information, WEXITED | WNOWAIT | WNOHANG) != 0 || information.si_pid != 0;
}
