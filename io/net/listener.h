/* io/net/listener.h -- TCP and Unix listeners and what is done with a new connection. */
#ifndef IO_NET_LISTENER_H
#define IO_NET_LISTENER_H

#include "io/gongjid/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

#define LISTENERS_MAX 2u

struct listener {
    int fd;
    bool unix_socket;
    bool armed;     /* an accept is with the kernel */
    char name[128]; /* HOST:PORT or the path */
};

/* Opens what the configuration asks for. 0, or an exit code with one line in `error`: 75 if the
 * address is in use, 78 if it may not be used, 64 if it is not an address. */
int listeners_open(struct server *s, const struct config *config, char *error, size_t error_size);
/* Starts to accept. */
void listener_arm(struct server *s, uint32_t index);
void listener_accepted(struct server *s, uint32_t index, int32_t res, bool more);
/* Stops accepting and takes the Unix socket's name away. */
void listeners_close(struct server *s);

#endif
