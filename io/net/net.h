/* io/net/net.h -- what the connections of one thread share: their slots and lists, the budget of
 * buffers, the ring and the engine behind them.
 *
 * Invariants: a slot in use is in `ready` if and only if it waits for PAUSE_TURN, in `stalled` for
 * PAUSE_LOG, in `hungry` for PAUSE_BUFFERS, and in `waiting` if and only if answers of it wait.
 * Threading: one thread. */
#ifndef IO_NET_NET_H
#define IO_NET_NET_H

#include "io/engine/engine.h"
#include "io/os/uring.h"

struct conn;

#define NET_TICK_OPS      GJ_BATCH_OPS_MAX /* of one connection in one tick, then the others */
#define NET_SLOTS         32u
#define NET_HELLO_MS      5000u
#define NET_FRAME_MS      10000u
#define NET_SEND_MS       10000u
#define NET_LINGER_MS     1000u
#define NET_IDLE_MS       1000u        /* idle for so long: lends its buffers, if they are wanted */
#define NET_HUNGRY_MS     10000u       /* no buffers for so long: OVERLOADED, and the end */
#define NET_SMALL         (128u << 10) /* buffers up to this are small */
#define NET_OPS_SHARE     25600u /* units of cost for operations of one connection, at least */
#define NET_LATE_READS_MS 200u   /* stopping: reads received before are answered so long */

struct net_options {
    uint32_t connections_max;
    uint64_t buffers_max; /* bytes of the buffers of all connections */
};

struct net {
    struct uring *ring;
    struct engine *engine;
    struct net_options options;

    struct conn *conns; /* connections_max slots */
    uint32_t *free_slots;
    uint32_t free_count, connections;
    uint32_t slot_end;   /* slots from here on were never used */
    struct conn **ready; /* FIFO, as large as the slot table: each connection is in it once */
    uint32_t ready_first, ready_count;
    struct conn **waiting; /* answers wait for the log */
    uint32_t waiting_count;
    struct conn **stalled; /* wait until the log takes records */
    uint32_t stalled_count;
    struct conn **hungry; /* FIFO: lent their buffers, and there are none for them now */
    uint32_t hungry_first, hungry_count;
    uint64_t buffers_used;

    struct wait_point durable; /* answers were released up to here */
    bool deadlines;            /* some connection has one */
    bool freed;                /* a descriptor or buffers came free in this tick */
    bool stopping;             /* what was not received before is refused */
    uint64_t stopping_ms;      /* since when */
    /* The connection whose turn it is stops when the engine has spent so much in this tick. */
    uint32_t ops_end, reads_end;
    bool failed;         /* the log failed: nothing is executed any more */
    uint64_t overloaded; /* requests that found no room */

    /* A place for each reply of the operations at hand. The engine fills them; the door packs them
     * into the output, 32 or 64 bytes each, in the order of the frame. */
    struct decision slots[NET_SLOTS];

    /* Fills in what STATS says of the process. */
    void (*stats)(void *owner, struct gj_stats_view *view);
    void *stats_owner;
    uint8_t discard[4096]; /* where bytes go that nobody reads */
};

/* Bytes of the tables, for the memory plan. */
uint64_t net_memory_size(uint32_t connections_max);
/* Sets up the tables; `net` is all zero, `memory` is net_memory_size() zero bytes. */
void net_init(struct net *net, const struct net_options *options, struct uring *ring,
              struct engine *engine, void *memory);

/* The connection runs in the next tick. It does not wait for the log or for records. */
void net_ready(struct net *net, struct conn *c);
/* The next of the ready ones, whose turn it is now. There is one. */
struct conn *net_ready_next(struct net *net);
/* The ready ones keep their order, but begin with `c`, which is one of them. */
void net_ready_first(struct net *net, const struct conn *c);
/* The connection tries again when the log may take records. */
void net_stall(struct net *net, struct conn *c);
/* Those that wait for the log are ready again. */
void net_stalled_retry(struct net *net);
/* The connection waits for buffers, behind those that wait already. */
void net_hungry(struct net *net, struct conn *c);
/* Gives buffers to those that wait, as long as there are any. */
void net_feed(struct net *net);
void net_wait_add(struct net *net, struct conn *c);
void net_wait_remove(struct net *net, struct conn *c);

/* Buffers that idle connections have are lent to others while this is true: an eighth of all is in
 * use. */
static inline bool net_buffers_tight(const struct net *net)
{
    return net->buffers_used > net->options.buffers_max / 8;
}
/* True if a connection that lent `size` bytes may have them back. A quarter of all is kept from the
 * large ones: they do not keep small ones out by coming back all at once. */
bool net_buffers_for(const struct net *net, uint64_t size);

/* Bytes that one connection may take beyond the smallest buffers. Half of all is kept for those who
 * have the smallest; of the other half no connection takes more than a quarter of what is left. So
 * some large clients never keep many small ones out. */
uint64_t net_buffers_share(const struct net *net);

/* The connection with this slot and generation, NULL if it is gone. */
struct conn *net_tagged(struct net *net, uint64_t tag);

#endif
