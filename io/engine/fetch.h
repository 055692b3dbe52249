/* io/engine/fetch.h -- the old records an operation or read stands on, copied out of the log.
 *
 * Who asks is a struct fetch_owner, embedded in whatever waits: the engine knows nothing else of
 * it. If all records are in the log's memory they are copied at once, and nobody waits. Else the
 * owner takes a set, and has it until its operation or read is done. What one read of the disk
 * brought goes into the set when it arrives, so that other owners' reads cannot take it away:
 * every wait brings a record more, however many ask and however small the log's cache is.
 * FETCH_SETS owners gather at a time. The others queue, and a set that becomes free is given to the
 * first of them: a large frame of old requests is behind everybody else again after each of its
 * waits. So while somebody queues, no set is free. */
#ifndef IO_ENGINE_FETCH_H
#define IO_ENGINE_FETCH_H

#include "core/core.h"
#include "io/log/writer.h"

/* Half the chunks of the log's cache: each has one read out, and read-ahead has the other half. */
#define FETCH_SETS 32u

struct engine;
struct fetch_set;

/* Somebody who may wait for records. Filled by fetch_owner_init(), then the engine's. */
struct fetch_owner {
    /* What it waited for is there, or is not wanted any more: it goes on, beginning again with its
     * operation or read. Exactly one call follows each FETCH_WAITING; until then it must not be
     * freed. Never runs inside fetch_take() of the same owner. */
    void (*ready)(struct fetch_owner *owner);
    struct fetch_set *set;    /* what it gathered, NULL = nothing */
    struct fetch_owner *next; /* in the queue for a set */
    bool given_up;            /* fetch_drop() came while it queued */
    bool walk_waits;          /* its AUDIT or STATE_DIGEST waits for a walk (engine_walked()) ... */
    uint64_t walk_seq;        /* ... that saw this seq or a later one */
    struct log_waiter waiter;
    struct engine *engine;
};

struct fetch_set {
    struct fetch_owner *owner;     /* NULL = free */
    uint64_t awaited;              /* position that is being read, 0 = none */
    bool failed;                   /* the last read failed */
    uint64_t positions[NEEDS_MAX]; /* 0 = the place is free: a log does not begin with a record */
    _Alignas(64) uint8_t records[NEEDS_MAX][GJ_RECORD_SIZE_MAX];
};

struct fetch_pool {
    struct fetch_set sets[FETCH_SETS];
    uint32_t used;
    struct fetch_owner *first, *last; /* wait for a set, in the order they came */
    /* What one operation or read needs that waits for nothing: until fetch_take() is called for
     * another. */
    _Alignas(64) uint8_t at_hand[NEEDS_MAX][GJ_RECORD_SIZE_MAX];
};

enum fetch_result {
    FETCH_READY,
    FETCH_WAITING, /* owner->ready() will be called */
    FETCH_FAILED,  /* the disk does not give one of them back: answer OUTCOME_UNKNOWN */
};

void fetch_owner_init(struct fetch_owner *owner, struct engine *e,
                      void (*ready)(struct fetch_owner *owner));
/* Brings what `n` names and `in` does not have yet. An owner that goes on after it waited begins
 * again with needs(): the state may have changed. */
enum fetch_result fetch_take(struct engine *e, struct fetch_owner *owner, const struct needs *n,
                             struct decide_input *in);
/* The owner needs its set no more, if it has one: the first who waits for one goes on. If it waits,
 * ready() is still called. */
void fetch_drop(struct engine *e, struct fetch_owner *owner);

#endif
