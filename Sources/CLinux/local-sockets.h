#pragma once
// Sockets under names in folders, for requests that wait for their answers.
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

// A local socket under a name in a folder, whose own name may be longer than a socket's address: 0, or -1 with errno.
static inline int shim_local_address(const char *folder, const char *name, int *fd, struct sockaddr_un *address) {
    address->sun_family = AF_UNIX;
    *fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0) return -1;
    const int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *fd, name);
    if (length > 0 && (size_t)length < sizeof address->sun_path) return 0;
    close(*fd);
    errno = ENAMETOOLONG;
    return -1;
}
// Listens there, in place of what had the name; only the owner can connect.
static inline int shim_listen_local(const char *folder, const char *name) {
    struct sockaddr_un address;
    int place;
    if (shim_local_address(folder, name, &place, &address) != 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unlink(address.sun_path);
    if (fd >= 0 && (fchmod(fd, 0600) != 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
                    listen(fd, 16) != 0)) {
        const int code = errno;
        close(fd);
        errno = code;
        fd = -1;
    }
    const int code = errno;
    close(place);
    errno = code;
    return fd;
}
static inline int shim_connect_local(const char *folder, const char *name) {
    struct sockaddr_un address;
    int place;
    if (shim_local_address(folder, name, &place, &address) != 0) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        const int code = errno;
        close(fd);
        errno = code;
        fd = -1;
    }
    const int code = errno;
    close(place);
    errno = code;
    return fd;
}
// The next connection, or -1; whoever is silent for so many seconds loses it.
static inline int shim_accept_local(int listener, int seconds) {
    const struct timeval limit = {.tv_sec = seconds};
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    return fd;
}
static inline int shim_stop_socket(int fd) { return shutdown(fd, SHUT_RDWR); }
