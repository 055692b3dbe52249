/* io/net/server.h -- the loop: receive, decide, commit into the open group, flush, and release
 * answers when they are durable. One thread does all of it.
 *
 * One turn: wait; reap every completion; release what became durable; end some of what is due; run
 * the frames of every ready connection; flush the log. So one group carries what arrived during the
 * last write. */
#ifndef IO_NET_SERVER_H
#define IO_NET_SERVER_H

#include <sys/signalfd.h>

#include "core/core.h"
#include "io/engine/fetch.h"
#include "io/gongjid/config.h"
#include "io/log/writer.h"
#include "io/net/conn.h"
#include "io/net/listener.h"
#include "io/os/disk_trace.h"
#include "io/os/log_clock.h"
#include "io/os/uring.h"

#define SERVER_TICK_OPS    GJ_BATCH_OPS_MAX /* of one connection in one tick, then the others */
#define SERVER_STALL_MS    1000u  /* the log takes nothing for so long: new frames are OVERLOADED */
#define SERVER_RETRY_MS    20u    /* stalled connections look again this often */
#define SERVER_EXPIRE_TICK 256u   /* holds and pending transfers that end in one tick, at most */
#define SERVER_ROOM_MS     1000u  /* read-only: what is due looks for room this often */
#define SERVER_DUE_MS      60000u /* a longer sleep until something falls due is cut: clocks slew */
#define SERVER_SEAL_MS     50u    /* nothing logged for so long: seal the log */
#define SERVER_DEADLINE_MS 250u   /* deadlines of connections */
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

/* What the sweep over due holds and pending transfers left. */
enum expire_result {
    EXPIRE_DONE,  /* nothing is due */
    EXPIRE_MORE,  /* the tick's share is done, more are due */
    EXPIRE_ROOM,  /* the log takes no record now, or the server stops */
    EXPIRE_NEVER, /* the log is read-only */
};

struct server_stats {
    uint64_t operations, refusals, reads, replays, overloaded, expired;
};

#define SERVER_HINTS 1024u

struct server {
    struct uring *ring;
    struct state *state;
    struct log *log;
    struct clock *clock;
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

    uint64_t now_ms;   /* since boot */
    uint64_t start_ms; /* now_ms at start */
    struct log_clock log_clock;
    uint64_t clock_look_ms; /* last look at the wall clock */
    uint64_t log_ms;        /* log time of this tick; with a test clock as the client set it */
    uint64_t busy_ms;       /* last tick that logged something ... */
    uint64_t busy_seq;      /* ... up to this sequence number */
    uint64_t stuck_ms;      /* groups were waiting for the disk this long without one coming */
    uint64_t stuck_group;   /* ... since this one became durable */
    uint64_t tick_ms;       /* now_ms of the tick before */
    uint64_t damaged_ms;    /* last time a damaged old record was reported, 0 = never */
    uint64_t stall_ms;      /* log_reserve gave nothing then, 0 = it gave since */
    uint64_t retry_ms;      /* last time the stalled ones tried again */
    uint64_t scan_ms;       /* last look at deadlines */
    bool deadlines;         /* some connection has one */
    bool accept_paused;     /* out of descriptors: try again at the next tick */
    bool disk_event;        /* a disk operation completed in this tick */
    uint8_t expire;         /* enum expire_result: how far the last one came */
    int signal_fd;
    struct signalfd_siginfo signal_info;
    uint64_t group_durable; /* answers were released up to here */

    enum server_phase phase;
    bool failed;    /* the log failed: nothing is executed any more */
    bool signalled; /* a stop signal came; the next one stops at once */
    uint64_t phase_ms, stop_ms;
    int exit_code;

    uint64_t resident, resident_ms; /* cached for STATS */
    struct server_stats stats;
    struct op_hint hints[SERVER_HINTS]; /* ring of what the look-ahead found */
    struct fetch_pool fetched;
    uint8_t discard[4096];
};

/* Bytes of the connection table, for the memory plan. */
uint64_t server_memory_size(const struct config *config);

/* Sets up the tables; `memory` is server_memory_size() zero bytes. */
void server_init(struct server *s, const struct config *config, struct uring *ring,
                 struct clock *clock, void *memory);
/* Log time begins at `log_time_ms`: what log_start() took. */
void server_start_time(struct server *s, uint64_t log_time_ms);
static inline uint64_t server_time_ms(const struct server *s)
{
    return s->log_ms;
}

/* Serves until a signal or a failure; the exit code. */
int server_run(struct server *s);

void server_ready(struct server *s, struct conn *c);
void server_wait_add(struct server *s, struct conn *c);
void server_wait_remove(struct server *s, struct conn *c);
void server_stall(struct server *s, struct conn *c);
/* True if the log takes no record now and has not for SERVER_STALL_MS. */
bool server_overdue(struct server *s);
/* The log or the ring failed: stop with 74. */
void server_fail(struct server *s, const char *what);
/* SIGTERM or SIGINT came. */
void server_signal(struct server *s, int signal);

/* Commits a decided record and keeps it as the next one of the log. */
static inline void append_commit(struct server *s, const void *record, uint32_t size,
                                 const struct decide_input *in)
{
    uint64_t position = log_reserved_position(s->log);
    commit(s->state, record, position, in->time_ms);
    log_append(s->log, size, in->seq, state_rid_low_water_ms(s->state));
}

/* io/engine/expire.c */
/* Writes down what is due: once per tick, before anybody reads. Whether and how much changes no
 * answer; but a read that shows something as expired has a record of that time in front of it, and
 * waits for it, so that no crash makes it open again. */
void expire_run(struct server *s);
/* The time of a read: while the log takes no record, just before the first due instant that could
 * not be written down, or the time of the last record if that is later. A read-only log is not
 * waited for (docs/PROTOCOL.md §1, rule 5). */
uint64_t expire_read_time_ms(const struct server *s);
/* How long the loop may sleep on its account, in milliseconds; UINT64_MAX = for ever. */
uint64_t expire_wait_ms(const struct server *s);

/* io/net/frames.c */
void frames_run(struct server *s, struct conn *c);
/* Prefetches what the small frames of a ready connection will touch. */
void frames_prefetch(struct server *s, const struct conn *c, enum prefetch_stage stage);

#endif
