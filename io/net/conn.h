/* io/net/conn.h -- one client connection: its slot, its bytes, what it waits for, its deadlines.
 * What the bytes mean is its door's business (io/net/door.h).
 *
 * Input: one receive at a time into one linear buffer that holds whatever the door wants whole.
 * Output: one linear buffer. Answers are written at `tail`; one is complete when conn_answered() is
 * called, released when its wait point has passed, and sent, one send at a time. Neither buffer
 * ever grows: without room the connection is simply not read, and the client is slowed by its own
 * socket. An idle connection lends its buffers when they are wanted: it receives into a few bytes
 * of its own, and has buffers of the same sizes again before what came is looked at.
 *
 *   0 .. head      sent                            head <= sending <= released <= open <= tail
 *   .. sending     with the kernel, if a send is
 *   .. released    may be sent
 *   .. open        complete, waits for the log
 *   .. tail        the answer that is being written
 *
 * Slots are reused; a slot's generation is part of every tag, and a slot is freed only when nothing
 * of it is with the kernel, in a list or with the engine. */
#ifndef IO_NET_CONN_H
#define IO_NET_CONN_H

#include "core/format/wire.h"
#include "io/engine/engine.h"
#include "io/net/door.h"

struct net;

#define CONN_WAITS_MAX   16u /* answers waiting for different points; more share the last entry */
#define CONN_SMALL_SIZE  64u /* input before the door takes buffers */
#define CONN_ERROR_ROOM  WIRE_ERROR_FRAME_SIZE /* always kept free in the output for a last word */
#define CONN_LINGER_SIZE 65536u                /* bytes thrown away after a last word, then close */
#define CONN_DOOR_SIZE   128u                  /* what a door keeps for a connection, at most */

enum conn_state {
    CONN_FREE = 0,
    CONN_NEW,    /* it must ask for something soon */
    CONN_OPEN,   /* serving */
    CONN_ENDING, /* no more input; close when the output is sent */
    CONN_LINGER, /* our side is shut; input is thrown away until the peer closes or 1 s passed */
    CONN_CLOSED, /* waits for what the kernel, a list or the engine still holds */
};

/* Answers that wait. */
struct conn_answers {
    uint32_t end;            /* answers up to here ... */
    uint32_t entries;        /* ... to so many requests ... */
    struct wait_point point; /* ... are released when this has passed */
};

struct conn {
    uint32_t slot, generation;
    int fd;
    uint8_t state; /* enum conn_state */
    uint8_t pause; /* enum conn_pause */
    bool recv_pending, send_pending;
    bool eof;       /* the peer sends no more */
    bool sock_more; /* the last receive left bytes in the socket */
    bool lending;   /* its receive is being cancelled, then its buffers are given back */
    struct net *net;
    const struct door *door;

    uint8_t *in;
    uint32_t in_capacity, in_start, in_end; /* bytes not yet consumed: [in_start, in_end) */
    uint8_t *out;
    uint32_t out_capacity, head, sending, released, open, tail;
    uint32_t outstanding; /* entries begun and not released */
    struct conn_answers waits[CONN_WAITS_MAX];
    uint32_t wait_first, wait_count, waiting_index; /* index in net.waiting, or UINT32_MAX */
    struct fetch_owner fetch; /* the old records its operation or read stands on */

    uint64_t opened_ms, partial_ms, send_ms, linger_ms; /* starts of deadlines, 0 = none */
    uint32_t linger_bytes;
    uint32_t drain_bytes; /* stopping: input received before the signal and not yet consumed */
    uint64_t idle_ms;     /* it has waited for input, or for buffers, since then */
    uint64_t buffer_size; /* of the mapping behind in and out, 0 = none or lent */
    uint32_t in_size, out_size; /* of the buffers it has or has lent, 0 = never had any */
    _Alignas(16) uint8_t door_state[CONN_DOOR_SIZE];
    uint8_t small_in[CONN_SMALL_SIZE];
    uint8_t small_out[2 * CONN_ERROR_ROOM];
};

/* ---- what the loop calls ---- */

/* Takes a free slot for `fd`, NULL if there is none. */
struct conn *conn_open(struct net *net, int fd, const struct door *door);
/* Lets its door run: it is its turn. */
void conn_run(struct conn *c);
/* Releases every answer whose wait point has passed, and sends. */
void conn_release(struct conn *c, struct wait_point durable);
void conn_recv_done(struct conn *c, int32_t res, uint32_t cqe_flags);
void conn_send_done(struct conn *c, int32_t res);
/* It is its turn to have its buffers back: false if there are none for it now. */
NODISCARD bool conn_buffers_back(struct conn *c);
/* Closes what is past its deadline at `now_ms`. True if some deadline is still running. */
bool conn_deadline(struct conn *c, uint64_t now_ms);

/* ---- how it ends ---- */

/* Sends a last word behind the answers that are due, then ends. */
void conn_error(struct conn *c, uint64_t tag, uint8_t code, const char *text);
/* No more input; an answer that is not complete is dropped; closes once everything due is sent. */
void conn_end(struct conn *c);
/* Closes now; answers not yet sent are dropped. */
void conn_close(struct conn *c);
/* What was received so far was received before the signal to stop. */
void conn_drain(struct conn *c);
/* True if all of that was executed and answered. */
bool conn_drained(const struct conn *c);
/* The log failed: every answer not yet released becomes OUTCOME_UNKNOWN, and what comes from now on
 * is answered so. */
void conn_log_failed(struct conn *c);

/* ---- what doors call ---- */

/* What is known of the peer while nothing is received from it. */
enum conn_peer {
    PEER_THERE,
    PEER_SILENT, /* it sends no more, and may be gone: over TCP nobody can tell */
    PEER_GONE,   /* reset, or a local socket without another end */
};
enum conn_peer conn_peer(const struct conn *c);

/* Takes buffers of these sizes and serves; false if the budget of all buffers is used up. The input
 * so far is consumed. */
NODISCARD bool conn_buffers_take(struct conn *c, uint32_t in_size, uint32_t out_size);
/* `size` bytes of the input are done with. */
void conn_consume(struct conn *c, uint32_t size);

/* True if `size` bytes of answer fit behind tail; moves pending output to the front if that helps
 * and no send holds it. Pointers into the output are then other ones. */
NODISCARD bool conn_room(struct conn *c, uint32_t size);
/* The answer being written, [open, tail), is complete: it waits for `point`; with it `entries` of
 * conn.outstanding end. */
void conn_answered(struct conn *c, struct wait_point point, uint32_t entries);
/* See door.outcome_unknown(): the answers that wait end at `tail` now, and are released. */
void conn_answers_replaced(struct conn *c, uint32_t tail);

#endif
