/* io/net/listener.h -- TCP and Unix listeners and what is done with a new connection. */
#ifndef IO_NET_LISTENER_H
#define IO_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;
struct door;

#define LISTENERS_MAX 2u

struct listener_options {
    const char *host;      /* numeric address or "localhost" */
    uint16_t port;         /* 0 = any free port */
    const char *unix_path; /* NULL = none */
};

struct listener {
    int fd;
    bool unix_socket;
    bool armed; /* an accept is with the kernel */
    const struct door *door;
    char name[128];         /* HOST:PORT or the path */
    uint64_t device, inode; /* of the Unix socket: what the path led to when it was made */
};

struct listeners {
    struct net *net;
    struct listener list[LISTENERS_MAX];
    uint32_t count;
    bool paused; /* out of descriptors: listeners_resume() tries again, when one comes free or now
                    and then */
    bool closed;
    bool short_of_room; /* it was said that new connections find no room */
    uint64_t short_ms;  /* the last one that found none */
};

/* Opens what the options ask for. 0, or an exit code with one line in `error`: 75 if the address is
 * in use, 78 if it may not be used, 64 if it is not an address. `listeners` is all zero. */
int listeners_open(struct listeners *l, struct net *net, const struct door *door,
                   const struct listener_options *options, char *error, size_t error_size);
/* Starts to accept. */
void listeners_arm(struct listeners *l);
void listener_accepted(struct listeners *l, uint32_t index, int32_t res, bool more);
/* Accepts again, if it paused. */
void listeners_resume(struct listeners *l);
/* Stops accepting and takes the Unix socket's name away. */
void listeners_close(struct listeners *l);

#endif
