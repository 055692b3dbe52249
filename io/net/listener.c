/* io/net/listener.c -- opens the listeners, accepts, and refuses with a frame when the table is
 * full.
 */
#include "io/net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/exit_codes.h"
#include "io/net/conn.h"
#include "io/net/net.h"
#include "io/os/report.h"

#define BACKLOG       1024
#define HOST_MAX      96 /* a numeric address with its scope, and shorter than a listener's name */
#define SHORT_OVER_MS 10000u /* no connection found no room for so long: it is over */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void tcp_name(struct listener *l, const char *host, uint16_t port)
{
    bool v6 = strchr(host, ':') != NULL;
    snprintf(l->name, sizeof l->name, v6 ? "[%s]:%u" : "%s:%u", host, port);
}

static int tcp_bind(struct listener *l, const struct addrinfo *address,
                    const struct listener_options *options, char *error, size_t error_size)
{
    int on = 1;
    l->fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0) {
        snprintf(error, error_size, "cannot make a socket: %s", strerror(errno));
        return EXIT_RETRY;
    }
    setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(l->fd, address->ai_addr, address->ai_addrlen) != 0 || listen(l->fd, BACKLOG) != 0) {
        snprintf(error, error_size, "cannot listen on %s:%u: %s; choose another --listen",
                 options->host, options->port, strerror(errno));
        return EXIT_RETRY;
    }
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[HOST_MAX], port[NI_MAXSERV];
    if (getsockname(l->fd, (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(error, error_size, "cannot read back the address of the listener");
        return EXIT_RETRY;
    }
    unsigned number = 0;
    sscanf(port, "%u", &number);
    tcp_name(l, host, (uint16_t)number);
    return 0;
}

static int tcp_open(struct listener *l, const struct listener_options *options, char *error,
                    size_t error_size)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *address = NULL;
    char port[8];
    const char *host = options->host;
    if (strcmp(host, "localhost") == 0) host = "127.0.0.1";
    snprintf(port, sizeof port, "%u", options->port);
    int failed = getaddrinfo(host, port, &hints, &address);
    if (failed == EAI_MEMORY) {
        snprintf(error, error_size, "no memory for the address of --listen");
        return EXIT_RETRY;
    }
    if (failed != 0) {
        snprintf(error, error_size,
                 "--listen wants a numeric address or localhost, not `%s`; see gongjid --help",
                 host);
        return EXIT_USAGE;
    }
    int rc = 0;
    if (!is_loopback(address->ai_addr)) {
        snprintf(error, error_size,
                 "%s is beyond loopback, and there is no TLS or authentication yet to protect it; "
                 "listen on 127.0.0.1 or [::1]",
                 host);
        rc = EXIT_CONFIG;
    }
    if (rc == 0) rc = tcp_bind(l, address, options, error, error_size);
    freeaddrinfo(address);
    return rc;
}

#define UNIX_TRIES  100u
#define UNIX_TRY_US 20000u

/* A socket file nobody answers on is left over from a killed server: take it away. */
static bool unix_is_stale(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool stale = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                 errno == ECONNREFUSED;
    close(fd);
    return stale;
}

/* What the path leads to is the socket made here, and not that of another server since. */
static bool unix_is_ours(const struct listener *l)
{
    struct stat st;
    return lstat(l->name, &st) == 0 && st.st_dev == l->device && st.st_ino == l->inode;
}

static void unix_note(struct listener *l)
{
    struct stat st;
    if (lstat(l->name, &st) != 0) return;
    l->device = st.st_dev;
    l->inode = st.st_ino;
}

static int unix_open(struct listener *l, const char *path, char *error, size_t error_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    l->unix_socket = true;
    snprintf(l->name, sizeof l->name, "%s", path);
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0) {
        snprintf(error, error_size, "cannot make a Unix socket: %s", strerror(errno));
        return EXIT_RETRY;
    }
    int rc, bind_errno;
    /* The kernel keeps the socket of a killed server for a moment after the process is gone. */
    for (unsigned tries = 0;; tries++) {
        if (unix_is_stale(&address)) unlink(address.sun_path);
        mode_t mask = umask(0177); /* only this user may connect */
        rc = bind(l->fd, (struct sockaddr *)&address, sizeof address);
        bind_errno = errno;
        umask(mask);
        if (rc == 0 || bind_errno != EADDRINUSE || tries == UNIX_TRIES) break;
        (void)usleep(UNIX_TRY_US);
    }
    if (rc == 0) unix_note(l);
    if (rc != 0 || listen(l->fd, BACKLOG) != 0) {
        snprintf(error, error_size, "cannot listen on %s: %s; choose another --unix", path,
                 strerror(rc != 0 ? bind_errno : errno));
        return EXIT_RETRY;
    }
    return 0;
}

int listeners_open(struct listeners *l, struct net *net, const struct door *door,
                   const struct listener_options *options, char *error, size_t error_size)
{
    l->net = net;
    for (uint32_t i = 0; i < LISTENERS_MAX; i++) {
        l->list[i] = (struct listener){.fd = -1, .door = door};
    }
    int rc = tcp_open(&l->list[l->count++], options, error, error_size);
    if (rc != 0 || options->unix_path == NULL) return rc;
    return unix_open(&l->list[l->count++], options->unix_path, error, error_size);
}

static void listener_arm(struct listeners *l, uint32_t index)
{
    struct listener *one = &l->list[index];
    ASSERT(!one->armed);
    struct io_uring_sqe *sqe = uring_sqe(l->net->ring);
    io_uring_prep_multishot_accept(sqe, one->fd, NULL, NULL, SOCK_CLOEXEC);
    io_uring_sqe_set_data64(sqe, uring_tag(URING_ACCEPT, index, 0));
    one->armed = true;
}

void listeners_arm(struct listeners *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if (!l->list[i].armed) listener_arm(l, i);
    }
}

void listeners_resume(struct listeners *l)
{
    if (!l->paused || l->closed) return;
    l->paused = false;
    listeners_arm(l);
}

static void tcp_options(int fd)
{
    int on = 1, idle_s = 60, interval_s = 10, probes = 3, user_ms = 15000;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_ms, sizeof user_ms);
}

/* Says why and closes, without waiting for anything. */
static void refuse(const struct door *door, int fd, uint8_t code, const char *text)
{
    uint8_t frame[CONN_ERROR_ROOM];
    uint8_t discard[256];
    uint32_t size = door->refuse(frame, 0, code, text);
    (void)!recv(fd, discard, sizeof discard, MSG_DONTWAIT);
    (void)!send(fd, frame, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    close(fd);
}

/* Said once, and once again when it is over: each connection that finds no room keeps it going. */
static void no_room(struct listeners *l, const char *of, const char *advice)
{
    l->short_ms = l->net->engine->now_ms;
    if (l->short_of_room) return;
    l->short_of_room = true;
    report(REPORT_WARNING, "no %s is left for a new connection, %u are open; %s", of,
           l->net->connections, advice);
}

static void room_again(struct listeners *l)
{
    if (!l->short_of_room || l->net->engine->now_ms - l->short_ms < SHORT_OVER_MS) return;
    l->short_of_room = false;
    report(REPORT_INFO, "there is room for new connections again, %u are open",
           l->net->connections);
}

static void accepted(struct listeners *l, const struct listener *one, int fd)
{
    if (l->closed) {
        refuse(one->door, fd, GJ_SHUTTING_DOWN, "the server is stopping");
        return;
    }
    if (!one->unix_socket) tcp_options(fd);
    if (conn_open(l->net, fd, one->door) != NULL) {
        room_again(l);
        return;
    }
    l->net->overloaded++;
    no_room(l, "place", "they are refused with 20; raise --connections-max");
    refuse(one->door, fd, GJ_OVERLOADED, "all connections are taken; retry later");
}

void listener_accepted(struct listeners *l, uint32_t index, int32_t res, bool more)
{
    struct listener *one = &l->list[index];
    if (!more) one->armed = false;
    if (res >= 0) accepted(l, one, res);
    if (one->armed || l->closed) return;
    if (res == -EMFILE || res == -ENFILE || res == -ENOBUFS || res == -ENOMEM) {
        l->paused = true; /* armed again later, so that a full table never spins */
        no_room(l, "descriptor or memory of the kernel", "they wait; raise ulimit -n");
        l->net->deadlines = true;
        return;
    }
    listener_arm(l, index);
}

void listeners_close(struct listeners *l)
{
    l->closed = true;
    for (uint32_t i = 0; i < l->count; i++) {
        struct listener *one = &l->list[i];
        if (one->fd < 0) continue;
        if (one->unix_socket && unix_is_ours(one)) unlink(one->name);
        shutdown(one->fd, SHUT_RDWR); /* ends the accept that is with the kernel */
        close(one->fd);
        one->fd = -1;
    }
}
