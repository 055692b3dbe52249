/* io/engine/fetch.h -- the old records an operation or read stands on, copied out of the log.
 *
 * If all of them are in the log's memory they are copied at once, and nobody waits. Else the
 * connection takes a set, and has it until its operation or read is done. What one read of the disk
 * brought goes into the set when it arrives, so that other connections' reads cannot take it away:
 * every wait brings a record more, however many connections ask and however small the log's cache
 * is. FETCH_SETS connections gather at a time. The others queue, and a set that becomes free is
 * given to the first of them: a large frame of old requests is behind everybody else again after
 * each of its waits. So while somebody queues, no set is free. */
#ifndef IO_ENGINE_FETCH_H
#define IO_ENGINE_FETCH_H

#include "core/core.h"
#include "io/net/conn.h"

/* Half the chunks of the log's cache: each has one read out, and read-ahead has the other half. */
#define FETCH_SETS 32u

struct fetch_set {
    struct conn *owner;            /* NULL = free */
    uint64_t awaited;              /* position that is being read, 0 = none */
    bool failed;                   /* the last read failed */
    uint64_t positions[NEEDS_MAX]; /* 0 = the place is free: a log does not begin with a record */
    _Alignas(64) uint8_t records[NEEDS_MAX][GJ_RECORD_SIZE_MAX];
};

struct fetch_pool {
    struct fetch_set sets[FETCH_SETS];
    uint32_t used;
    struct conn *first, *last; /* wait for a set, in the order they came */
    /* What one operation or read needs that waits for nothing: until fetch_take() is called for
     * another. */
    _Alignas(64) uint8_t at_hand[NEEDS_MAX][GJ_RECORD_SIZE_MAX];
};

enum fetch_result {
    FETCH_READY,
    FETCH_WAITING, /* conn.waiting for records is set; the connection becomes ready when it can go
                      on */
    FETCH_FAILED,  /* the disk does not give one of them back: answer OUTCOME_UNKNOWN */
};

/* Brings what `n` names and `in` does not have yet. When a connection goes on after it was waiting
 * for records it begins again with needs(): the state may have changed. */
enum fetch_result fetch_take(struct server *s, struct conn *c, const struct needs *n,
                             struct decide_input *in);
/* The connection needs its set no more, if it has one: the first who waits for one goes on. */
void fetch_drop(struct server *s, struct conn *c);
/* A read it waited for has ended. False if it must wait for another. */
NODISCARD bool fetch_arrived(struct server *s, struct conn *c);

#endif
