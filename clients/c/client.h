/* clients/c/client.h -- inside of struct gj_client, shared by the files of libgongji only. */
#ifndef CLIENTS_C_CLIENT_H
#define CLIENTS_C_CLIENT_H

#include "clients/c/gongji.h"
#include "core/format/wire.h"

/* A request frame whose answer has not been handed out. */
struct client_pending {
    uint64_t tag;
    uint16_t count;
    uint8_t type;
};

struct gj_client {
    int fd;
    int failed; /* error that ended receiving, else 0 */
    bool send_failed;
    bool nonblocking;
    uint8_t server_code;
    uint32_t timeout_ms;
    uint32_t window;     /* granted and used */
    uint32_t unanswered; /* operations and reads */

    /* Received bytes [in_at, in_end); the first `in_held` of them belong to the last answer. */
    unsigned char *in;
    size_t in_at, in_end, in_capacity, in_held;

    /* Non-blocking: what the socket did not take yet, [out_at, out_end). */
    unsigned char *out;
    size_t out_at, out_end, out_capacity;

    /* Ring of pending frames; one per unanswered operation at most, so `window` entries do. */
    struct client_pending *pending;
    uint32_t pending_first, pending_count, pending_capacity;

    struct gj_rid_source rids;
    struct gj_hello_answer server;
    char error[192];
};

/* Records what happened for gj_client_error and returns `error`. */
__attribute__((format(printf, 3, 4))) int gj_internal_fail(struct gj_client *client, int error,
                                                           const char *format, ...);

/* Connects a socket to HOST:PORT or unix:PATH within the timeout. The descriptor, or an error. */
int gj_internal_dial(const char *address, uint32_t timeout_ms);

/* Sends all bytes, taking in answers while waiting for room. Blocking clients and HELLO only. */
int gj_internal_send_all(struct gj_client *client, const void *bytes, size_t size);

/* Receives until a whole frame stands at in_at. wait: block up to the timeout for more bytes, else
 * GJ_E_AGAIN. */
int gj_internal_receive_frame(struct gj_client *client, bool wait, struct wire_header *header);

/* The ERROR frame at in_at, as GJ_E_SERVER. */
int gj_internal_server_error(struct gj_client *client, const struct wire_header *header);

/* After sending failed with `error`: a server that ends a connection says why before it closes it,
 * so what it said, else `error`. */
int gj_internal_last_words(struct gj_client *client, int error);

#endif
