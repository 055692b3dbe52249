/* io/net/server.h -- the loop: receive, decide, commit into the open group, flush, and release
 * answers when they are durable. One thread does all of it.
 *
 * One turn: wait; reap every completion; release what became durable; end some of what is due; run
 * the frames of every ready connection; flush the log. So one group carries what arrived during the
 * last write. */
#ifndef IO_NET_SERVER_H
#define IO_NET_SERVER_H

#include <sys/signalfd.h>

#include "io/engine/engine.h"
#include "io/gongjid/config.h"
#include "io/log/writer.h"
#include "io/net/conn.h"
#include "io/net/listener.h"
#include "io/os/disk_trace.h"
#include "io/os/uring.h"

#define SERVER_TICK_OPS    GJ_BATCH_OPS_MAX /* of one connection in one tick, then the others */
#define SERVER_SEAL_MS     50u              /* nothing logged for so long: seal the log */
#define SERVER_DEADLINE_MS 250u             /* deadlines of connections */
#define SERVER_HELLO_MS    5000u
#define SERVER_FRAME_MS    10000u
#define SERVER_SEND_MS     10000u
#define SERVER_LINGER_MS   1000u
#define SERVER_GRACE_MS    200u   /* stopping: late frames are still answered SHUTTING_DOWN */
#define SERVER_DRAIN_MS    25000u /* stopping: whatever happens, close after this */

/* How a stop goes on. */
enum server_phase {
    SERVER_SERVING,
    SERVER_FINISHING, /* what was received before the signal is being answered */
    SERVER_CLOSING,   /* connections are being closed */
    SERVER_SEALING,   /* the log is being sealed */
    SERVER_STOPPED,
};

struct server {
    struct uring *ring;
    struct engine engine;
    struct disk_trace *trace; /* --io-trace, or NULL */
    const struct config *config;

    struct conn *conns; /* connections_max slots */
    uint32_t *free_slots;
    uint32_t free_count, connections;
    uint32_t slot_end;   /* slots from here on were never used */
    struct conn **ready; /* FIFO, as large as the slot table: each connection is in it once */
    uint32_t ready_first, ready_count;
    struct conn **waiting; /* answers wait for the log */
    uint32_t waiting_count;
    struct conn **stalled; /* waits for log_reserve */
    uint32_t stalled_count;
    uint64_t buffers_used;

    struct listener listeners[LISTENERS_MAX];
    uint32_t listener_count;

    uint64_t start_ms;    /* when it began to serve */
    uint64_t busy_ms;     /* last tick that logged something ... */
    uint64_t busy_seq;    /* ... up to this sequence number */
    uint64_t stuck_ms;    /* groups were waiting for the disk this long without one coming */
    uint64_t stuck_group; /* ... since this one became durable */
    uint64_t tick_ms;     /* time of the tick before */
    uint64_t retry_ms;    /* last time the stalled ones tried again */
    uint64_t scan_ms;     /* last look at deadlines */
    bool deadlines;       /* some connection has one */
    bool accept_paused;   /* out of descriptors: try again at the next tick */
    bool disk_event;      /* a disk operation completed in this tick */
    int signal_fd;
    struct signalfd_siginfo signal_info;
    struct wait_point durable; /* answers were released up to here */

    enum server_phase phase;
    bool failed;    /* the log failed: nothing is executed any more */
    bool signalled; /* a stop signal came; the next one stops at once */
    uint64_t phase_ms, stop_ms;
    int exit_code;

    uint64_t resident, resident_ms; /* cached for STATS */
    uint64_t overloaded;            /* requests that found no room */
    uint8_t discard[4096];
};

/* Bytes of the connection table, for the memory plan. */
uint64_t server_memory_size(const struct config *config);

/* Sets up the tables; `memory` is server_memory_size() zero bytes. */
void server_init(struct server *s, const struct config *config, struct uring *ring, void *memory);
/* The engine was started: deadlines count from now. */
void server_start_time(struct server *s);

/* Serves until a signal or a failure; the exit code. */
int server_run(struct server *s);

void server_ready(struct server *s, struct conn *c);
void server_wait_add(struct server *s, struct conn *c);
void server_wait_remove(struct server *s, struct conn *c);
void server_stall(struct server *s, struct conn *c);
/* The log or the ring failed: stop with 74. */
void server_fail(struct server *s, const char *what);
/* SIGTERM or SIGINT came. */
void server_signal(struct server *s, int signal);

/* io/net/frames.c */
void frames_run(struct server *s, struct conn *c);
/* Prefetches what the small frames of a ready connection will touch. */
void frames_prefetch(struct server *s, const struct conn *c, enum prefetch_stage stage);

#endif
