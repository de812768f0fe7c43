// Linked into a program or preloaded, the kernel's cipher "ecb(cipher_null)" as libcryptsetup asks for it: by a socket
// of the family AF_ALG. Distributions' kernels have it; that of a small virtual machine may lack the whole family.
//
// What this cipher returns is what it was given. So does a datagram socket that is connected to itself.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/if_alg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// The one socket that algorithms are bound to and accepted from; -1 where there is none.
static int listener = -1;

static int next_bind(int fd, const struct sockaddr *address, socklen_t length) {
    int (*bind_)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
    return bind_(fd, address, length);
}

int socket(int domain, int type, int protocol) {
    int (*socket_)(int, int, int) = dlsym(RTLD_NEXT, "socket");
    if (domain != AF_ALG) return socket_(domain, type, protocol);
    return listener = socket_(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
    if (fd != listener || fd < 0) return next_bind(fd, address, length);
    const struct sockaddr_alg *algorithm = (const struct sockaddr_alg *)address;
    if (strcmp((const char *)algorithm->salg_name, "ecb(cipher_null)") == 0) return 0;
    errno = ENOENT;
    return -1;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    int (*setsockopt_)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");
    return level == SOL_ALG ? 0 : setsockopt_(fd, level, name, value, length);
}

int accept(int fd, struct sockaddr *address, socklen_t *length) {
    int (*accept_)(int, struct sockaddr *, socklen_t *) = dlsym(RTLD_NEXT, "accept");
    if (fd != listener || fd < 0) return accept_(fd, address, length);
    int echo = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t size = offsetof(struct sockaddr_un, sun_path);
    // Without a path, the kernel finds a name.
    if (echo < 0 || next_bind(echo, (struct sockaddr *)&name, size) != 0) return -1;
    size = sizeof name;
    if (getsockname(echo, (struct sockaddr *)&name, &size) != 0) return -1;
    return connect(echo, (struct sockaddr *)&name, size) == 0 ? echo : -1;
}
