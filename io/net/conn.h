/* io/net/conn.h -- one client connection: its slot, buffers, frame cursor and answer queue.
 *
 * Input: one receive at a time into one linear buffer that holds at least one largest frame of the
 * granted window. Output: one linear buffer, written at `tail`, released up to `released` when the
 * log groups the answers saw are durable, sent from `head`, one send at a time. Neither ever grows:
 * without room the connection is simply not read, and the client is slowed by its own socket.
 *
 * Slots are reused; a slot's generation is part of every tag, and a slot is freed only when nothing
 * of it is with the kernel or the log. */
#ifndef IO_NET_CONN_H
#define IO_NET_CONN_H

#include "core/base/base.h"
#include "core/format/wire.h"
#include "io/engine/engine.h"

struct server;

#define CONN_WINDOW_MAX  (8u * GJ_BATCH_OPS_MAX)
#define CONN_WINDOW_MIN  16u /* what a client gets that asks for nothing */
#define CONN_WAITS_MAX   16u /* answers waiting for different points; more share the last entry */
#define CONN_SMALL_SIZE  64u /* input before HELLO: a HELLO frame is 48 bytes */
#define CONN_ERROR_ROOM  WIRE_ERROR_FRAME_SIZE /* always kept free in the output for a last word */
#define CONN_LINGER_SIZE 65536u                /* bytes thrown away after an ERROR, then close */

enum conn_state {
    CONN_FREE = 0,
    CONN_HELLO,  /* nothing but HELLO is accepted */
    CONN_OPEN,   /* serving */
    CONN_ENDING, /* no more input; close when the output is sent */
    CONN_LINGER, /* our side is shut; input is thrown away until the peer closes or 1 s passed */
    CONN_CLOSED, /* waits for what the kernel or the log still holds */
};

/* Why the frame at the cursor cannot go on. While blocked, nothing is received. */
enum conn_block {
    BLOCK_NONE = 0,
    BLOCK_ROOM,  /* no room for an answer: until a send completes */
    BLOCK_STALL, /* the log takes no record now: until it does */
    BLOCK_FETCH, /* fetched records is being read from the log */
};

/* The frame being executed. Offsets are into conn.in and conn.out. */
struct conn_frame {
    bool active;
    uint8_t type;
    uint8_t refuse; /* not 0: every entry is answered with this code, none executed */
    uint32_t count; /* entries */
    uint32_t index; /* next entry */
    uint32_t start; /* of its body */
    uint32_t at;    /* next entry */
    uint32_t end;   /* of its body */
    uint32_t ahead[PREFETCH_STAGES]; /* prefetch cursors */
    uint32_t out_start;              /* of its answer */
    uint64_t tag;
    struct wait_point point; /* its answer waits for this */
};

struct conn_wait {
    uint32_t end;            /* answers up to here ... */
    uint32_t ops;            /* ... holding this much window ... */
    struct wait_point point; /* ... are released when this has passed */
};

struct conn {
    uint32_t slot, generation;
    int fd;
    uint8_t state;   /* enum conn_state */
    uint8_t blocked; /* enum conn_block */
    bool recv_pending, send_pending, waiting_fetch;
    bool ready, stalled; /* in the server's list of that name */
    bool eof;            /* the peer sends no more */
    bool sock_more;      /* the last receive left bytes in the socket */
    uint32_t window, batch_max, outstanding;

    uint8_t *in;
    uint32_t in_capacity, in_start, in_end; /* bytes not yet consumed: [in_start, in_end) */
    uint8_t *out;
    uint32_t out_capacity, head, sending, released, tail;
    struct conn_wait waits[CONN_WAITS_MAX];
    uint32_t wait_first, wait_count, waiting_index; /* index in server.waiting, or UINT32_MAX */
    struct conn_frame frame;
    struct fetch_owner fetch; /* the old records its operation or read stands on */
    struct server *server;

    uint64_t opened_ms, partial_ms, send_ms, linger_ms; /* starts of deadlines, 0 = none */
    uint32_t linger_bytes;
    uint32_t drain_bytes; /* stopping: input received before the signal */
    uint64_t buffer_size; /* of the mapping behind in and out, 0 = none */
    uint8_t small_in[CONN_SMALL_SIZE];
    uint8_t small_out[2 * WIRE_ERROR_FRAME_SIZE];
};

/* Takes a free slot for `fd`, NULL if there is none. */
struct conn *conn_open(struct server *s, int fd);

/* Bytes of buffers a window takes. */
uint64_t conn_buffers_size(uint32_t window);
/* Grants a window of at most `wanted` (0: the smallest) and takes its buffers; false if the budget
 * of all buffers is used up. */
NODISCARD bool conn_grant(struct conn *c, uint32_t wanted);

/* True if `size` bytes of answer fit behind tail; moves pending output to the front if that helps
 * and no send holds it. */
NODISCARD bool conn_room(struct conn *c, uint32_t size);

/* What was written since the last call waits for `point`, and gives back `ops` of window. */
void conn_answered(struct conn *c, struct wait_point point, uint32_t ops);
/* Releases every answer whose wait point has passed, and sends. */
void conn_release(struct conn *c, struct wait_point durable);
void conn_send(struct conn *c);
/* Receives again if the connection may be read. */
void conn_recv(struct conn *c);

/* Sends an ERROR frame behind the answers that are due, then ends. */
void conn_error(struct conn *c, uint64_t tag, uint8_t code, const char *text);
/* No more input; closes once everything due is sent. */
void conn_end(struct conn *c);
/* Closes now; answers not yet sent are dropped. */
void conn_close(struct conn *c);

void conn_recv_done(struct conn *c, int32_t res, uint32_t cqe_flags);
void conn_send_done(struct conn *c, int32_t res);

/* Closes what is past its deadline at `now_ms`. True if some deadline is still running. */
bool conn_deadline(struct conn *c, uint64_t now_ms);

/* The log failed: every answer not yet released becomes OUTCOME_UNKNOWN, the frame at the cursor is
 * answered so from its first entry. */
void conn_log_failed(struct conn *c);

#endif
