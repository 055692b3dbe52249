/* io/engine/engine.h -- state, log and time as one thing: it executes operations, answers reads,
 * fetches the old records they stand on, and writes down what is due.
 *
 * Owns: log time, the sets of fetched records, the counters. Does not own: the state's memory, the
 * log. Does not know: connections, protocols, sockets. Who asks is a struct fetch_owner, which the
 * engine calls when its records are there.
 *
 * The life of an operation: engine_execute() asks needs(), fetches, reserves room for a record in
 * the open group, decides, commits and appends. The answer may be told when engine_wait_point(),
 * asked after it, has passed (engine_passed()).
 * Threading: one thread. Errors: results, and log_failed() of the log. */
#ifndef IO_ENGINE_ENGINE_H
#define IO_ENGINE_ENGINE_H

#include "core/core.h"
#include "io/engine/fetch.h"
#include "io/log/writer.h"
#include "io/os/log_clock.h"

#define ENGINE_STALL_MS    1000u /* the log takes nothing for so long: the engine is overdue */
#define ENGINE_RETRY_MS    20u   /* who met a full log asks again this often */
#define ENGINE_EXPIRE_TICK 256u  /* holds and pending transfers that end in one tick, at most */
#define ENGINE_HINTS       1024u
/* What a tick may spend, in units of 10 ns (core/base/cost.h): 4 ms on operations, half a
 * millisecond on reads, as much on the walk that AUDIT and STATE_DIGEST wait for. What is begun
 * within it is finished: one operation or read more than that, at most ENGINE_ONE_MAX. */
#define ENGINE_TICK_OPS   420000u
#define ENGINE_TICK_READS 50000u
#define ENGINE_TICK_WALK  50000u
#define ENGINE_ONE_MAX    200000u

/* What an answer must wait for: everything logged up to here is on disk. */
struct wait_point {
    uint64_t group; /* 0 = nothing */
};

/* How far expire_run() came with what is due. */
enum expire_result {
    EXPIRE_DONE,  /* nothing is due */
    EXPIRE_MORE,  /* the tick's share is done, more are due */
    EXPIRE_ROOM,  /* the log takes no record now, or the engine is ending */
    EXPIRE_NEVER, /* the log is read-only */
};

enum engine_result {
    ENGINE_DONE,    /* answered */
    ENGINE_FETCH,   /* waits for old records: owner->ready() will be called */
    ENGINE_STALLED, /* the log takes no record now: ask again after a completion of the disk */
    ENGINE_SPENT,   /* the tick has done its share, or a walk is not over: ask in the next tick */
};

/* What is fetched into cache ahead of an operation, in this order. */
enum prefetch_stage { PREFETCH_INDEX, PREFETCH_RECORDS, PREFETCH_FAMILIES, PREFETCH_STAGES };

struct engine_stats {
    uint64_t operations, refusals, reads, replays, expired;
};

struct engine {
    struct state *state;
    struct log *log;
    struct clock *clock;
    bool test_clock; /* log time is what engine_set_time() says */
    bool ending;     /* stopping or failed: what is due is not written down any more */
    uint8_t expire;  /* enum expire_result: how far the last expire_run() came */

    uint64_t now_ms; /* since boot */
    uint64_t log_ms; /* log time of this tick; with a test clock as it was set */
    struct log_clock log_clock;
    uint64_t clock_look_ms; /* last look at the wall clock */
    uint64_t stall_ms;      /* the log took no record then, 0 = it took one since */
    uint64_t damaged_ms;    /* last time a damaged old record was reported, 0 = never */

    uint32_t ops_spent, reads_spent; /* of this tick's share */
    unsigned walk_wanted;            /* WALK_*: somebody asked for it in this tick and waits */

    struct engine_stats stats;
    struct fetch_pool fetched;
    struct op_hint hints[ENGINE_HINTS]; /* ring of what the look-ahead found */
};

/* ---- start and time ---- */

/* `engine` is all zero. Log time begins at `log_time_ms`: what log_start() took. */
void engine_start(struct engine *e, struct state *state, struct log *log, struct clock *clock,
                  bool test_clock, uint64_t log_time_ms);
/* Once per tick: what time it is. */
void engine_tick(struct engine *e);
static inline uint64_t engine_time_ms(const struct engine *e)
{
    return e->log_ms;
}
/* With a test clock: log time is `time_ms` from the next record on. False if it cannot be yet: the
 * open group has its time, or the log takes no record. */
NODISCARD bool engine_set_time(struct engine *e, uint64_t time_ms);

/* ---- what answers wait for ---- */

/* What an answer that rests on the state as it is now must wait for. */
static inline struct wait_point engine_wait_point(const struct engine *e)
{
    return (struct wait_point){log_group_last(e->log)};
}
/* How far the disk has come: ask once per tick. */
static inline struct wait_point engine_durable(const struct engine *e)
{
    return (struct wait_point){log_group_durable(e->log)};
}
static inline bool wait_point_passed(struct wait_point point, struct wait_point durable)
{
    return point.group <= durable.group;
}
/* The one that passes later. */
static inline struct wait_point wait_point_later(struct wait_point a, struct wait_point b)
{
    return a.group > b.group ? a : b;
}

/* ---- operations and reads: io/engine/execute.c ---- */

/* Executes `op` (its extension lines behind it) and fills `ret`, whose reply is set if the result
 * is ENGINE_DONE. Writes down what is due before it at a cost of one of `budget` each. When an old
 * record cannot be read the reply is OUTCOME_UNKNOWN. */
enum engine_result engine_execute(struct engine *e, struct fetch_owner *owner,
                                  const struct gj_op *op, const struct op_hint *hint,
                                  uint32_t *budget, struct decision *ret);
/* The tick has no share left for reads. */
static inline bool engine_reads_spent(const struct engine *e)
{
    return e->reads_spent >= ENGINE_TICK_READS;
}
static inline bool engine_ops_spent(const struct engine *e)
{
    return e->ops_spent >= ENGINE_TICK_OPS;
}
/* Answers `read` (its lines behind it) into `out`; `capacity` as for query(). The bytes written go
 * to `ret_size` if the result is ENGINE_DONE. */
enum engine_result engine_query(struct engine *e, struct fetch_owner *owner,
                                const struct gj_read *read, void *out, uint32_t capacity,
                                uint32_t *ret_size);
/* True if the log takes no record now and has not for ENGINE_STALL_MS. */
bool engine_overdue(struct engine *e);

/* The place of an operation's hint. Callers share the ring: a hint that was overwritten is noticed
 * by the core and costs a look-up. */
static inline struct op_hint *engine_hint(struct engine *e, uint64_t key)
{
    return &e->hints[key % ENGINE_HINTS];
}
static inline void engine_prefetch(struct engine *e, const struct gj_op *op, struct op_hint *hint,
                                   enum prefetch_stage stage)
{
    switch (stage) {
    case PREFETCH_INDEX: prefetch_index(e->state, op, hint); break;
    case PREFETCH_RECORDS: prefetch_records(e->state, op, hint); break;
    case PREFETCH_FAMILIES: prefetch_families(e->state, op, hint); break;
    default: UNREACHABLE("prefetch stage");
    }
}

/* Commits a decided record and keeps it as the next one of the log. */
static inline void append_commit(struct engine *e, const void *record, uint32_t size,
                                 const struct decide_input *in)
{
    uint64_t position = log_reserved_position(e->log);
    commit(e->state, record, position, in->time_ms);
    log_append(e->log, size, in->seq, state_rid_low_water_ms(e->state));
}

/* ---- reads that look at everything: io/engine/walk.c ---- */

/* True if a walk is over that saw `wants` as it was when the owner asked first, or later; until
 * then the owner asks again in every tick. One walk at a time, for all who wait when it begins;
 * nobody waits for more than two. */
bool engine_walked(struct engine *e, struct fetch_owner *owner, unsigned wants);
/* Once per tick, behind everybody who may ask: begins a walk, goes on with it, or ends one that
 * nobody waits for any more. */
void engine_walk(struct engine *e);

/* ---- what is due: io/engine/expire.c ---- */

/* Writes down what is due: once per tick, before anybody reads. Whether and how much changes no
 * answer; but a read that shows something as expired has a record of that time in front of it, and
 * waits for it, so that no crash makes it open again. */
void expire_run(struct engine *e);
/* The time of a read: while the log takes no record, just before the first due instant that could
 * not be written down, or the time of the last record if that is later. A read-only log is not
 * waited for (docs/PROTOCOL.md §1, rule 5). */
uint64_t expire_read_time_ms(const struct engine *e);
/* How long the loop may sleep on its account, in milliseconds; UINT64_MAX = for ever. */
uint64_t expire_wait_ms(const struct engine *e);

#endif
