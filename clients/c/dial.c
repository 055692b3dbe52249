/* clients/c/dial.c -- from an address to a connected socket. */
#include "clients/c/client.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Connects within the timeout. The socket is left blocking. */
static int connect_within(int fd, const struct sockaddr *address, socklen_t size,
                          uint32_t timeout_ms)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return GJ_E_CONNECT;
    if (connect(fd, address, size) != 0) {
        if (errno != EINPROGRESS) return GJ_E_CONNECT;
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        int ready;
        do {
            ready = poll(&wait, 1, (int)timeout_ms);
        } while (ready < 0 && errno == EINTR);
        if (ready == 0) {
            errno = ETIMEDOUT;
            return GJ_E_CONNECT;
        }
        int error = 0;
        socklen_t error_size = sizeof(error);
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) return GJ_E_CONNECT;
        if (error != 0) {
            errno = error;
            return GJ_E_CONNECT;
        }
    }
    return fcntl(fd, F_SETFL, flags) < 0 ? GJ_E_CONNECT : 0;
}

static int dial_unix(const char *path, uint32_t timeout_ms)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(address.sun_path)) return GJ_E_ADDRESS;
    memcpy(address.sun_path, path, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return GJ_E_CONNECT;
    /* Whole batches at once; the system cuts this to its own limit. */
    int room = 4 << 20;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    int error = connect_within(fd, (const struct sockaddr *)&address, sizeof(address), timeout_ms);
    if (error == 0) return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return error;
}

static int dial_tcp(const char *host, const char *port, uint32_t timeout_ms)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) return GJ_E_ADDRESS;
    int result = GJ_E_CONNECT;
    for (const struct addrinfo *each = found; each != NULL; each = each->ai_next) {
        int fd = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
        if (fd < 0) continue;
        result = connect_within(fd, each->ai_addr, each->ai_addrlen, timeout_ms);
        if (result == 0) {
            int on = 1;
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            result = fd;
            break;
        }
        int saved = errno;
        close(fd);
        errno = saved;
    }
    freeaddrinfo(found);
    return result;
}

/* 1..65535; getaddrinfo would cut larger numbers to 16 bits. */
static bool is_port(const char *text)
{
    uint32_t port = 0;
    for (; *text >= '0' && *text <= '9' && port <= UINT16_MAX; text++)
        port = port * 10 + (uint32_t)(*text - '0');
    return *text == 0 && port > 0 && port <= UINT16_MAX;
}

int gj_internal_dial(const char *address, uint32_t timeout_ms)
{
    if (address == NULL) return GJ_E_ADDRESS;
    if (strncmp(address, "unix:", 5) == 0) return dial_unix(address + 5, timeout_ms);
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || colon[1] == 0) return GJ_E_ADDRESS;
    size_t length = (size_t)(colon - address);
    if (address[0] == '[' && colon[-1] == ']') { /* [::1]:7272 */
        address++;
        length -= 2;
    }
    char host[256];
    if (length == 0 || length >= sizeof(host)) return GJ_E_ADDRESS;
    memcpy(host, address, length);
    host[length] = 0;
    if (!is_port(colon + 1)) return GJ_E_ADDRESS;
    return dial_tcp(host, colon + 1, timeout_ms);
}
