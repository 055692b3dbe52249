/* core/state/state.h -- the state of one shard: how much memory it takes, how full it is, its
 * digest and its audit. decide() and query() read it, commit() alone changes it.
 *
 * Owns: nothing; it lives in one block of memory the caller provides, sized by state_size().
 * Threading: one owner thread. Pure: no system call, clock, allocation or logging. */
#ifndef CORE_STATE_STATE_H
#define CORE_STATE_STATE_H

#include "core/base/base.h"

struct state;

/* Capacities, all fixed for the life of the state. */
struct state_config {
    uint32_t persons_max;      /* 1 .. 2^32-2 */
    uint32_t families_max;     /* persons with at least one bound member */
    uint32_t institutions_max; /* */
    uint32_t holds_max;        /* open holds and pending transfers, 1 .. 2^31 */
    uint64_t rids_max;         /* entries of the rid window; beyond it the low-water mark rises */
    uint32_t rids_ahead_max;   /* requests at once whose rid is GJ_RID_NEAR_MS ahead of log time or
                                * more, 1 .. 2^24; beyond it such a rid is RID_IN_FUTURE */
    uint64_t hash_seed; /* secret of this log: ids chosen by clients cannot collide on purpose */
};

/* Bytes of each part, for the start-up summary; `total` is what state_size() returns. */
struct state_memory {
    uint64_t persons, person_index, families, institutions, regions, rids, rids_ahead, holds, other,
        total;
};

/* Memory needed, in bytes; 0 if the configuration is out of range. */
NODISCARD uint64_t state_size(const struct state_config *config, struct state_memory *parts);

/* Builds an empty state at `memory` (64-byte aligned, state_size() bytes, ALL ZERO). */
struct state *state_init(const struct state_config *config, void *memory);

/* Last committed sequence number, its log time, and the oldest rid time still checked (ms). */
uint64_t state_seq(const struct state *s);
uint64_t state_time_ms(const struct state *s);
uint64_t state_rid_low_water_ms(const struct state *s);
/* Raises the low-water mark to what a group header says it was. A log written with a smaller
 * rids_max has forgotten more. */
void state_raise_rid_low_water(struct state *s, uint64_t low_water_ms);

/* Fill levels, for stats and the start-up summary. */
struct state_counts {
    uint64_t persons, families, institutions, regions, rids, holds;
    uint64_t rids_ahead; /* of rids, those that wait apart for their time */
};
void state_counts(const struct state *s, struct state_counts *ret);

/* The earliest instant at which an open hold or pending transfer falls due, Unix milliseconds;
 * UINT64_MAX if there is none. One load. */
uint64_t state_due_ms(const struct state *s);

/* Sum mod 2^128 of XXH3-128 over each object's domain fields: no slots, positions or capacities in
 * it, so it compares across restarts, machines and configurations. Not in it: seq and log time
 * (operations that changed nothing would show) and the requests that are remembered, those ahead of
 * their time too (their depth is configuration, and refused ones are among them).
 * Yearly figures count as they are stored, also when their year is over: time alone changes no
 * digest. O(everything). low, high. */
void state_digest(const struct state *s, uint64_t ret[2]);

/* Recounts everything from the accounts and checks the invariants of docs/OPERATIONS.md that a
 * single state can show (books balance per region and in all, clearing nets to zero, holds within
 * balances, used within bounds, members, marks). Returns NULL if all hold, else the name of the
 * first broken one (static storage). O(everything): recovery, tests, tools. */
const char *state_audit(const struct state *s);

/* AUDIT and STATE_DIGEST look at everything. Who cannot wait that long lets a walk do it in steps,
 * with commits between them: begin, step until it is no longer running, query() with in->walked.
 * The answer names the seq at which the walk began, and is what state_audit() and state_digest()
 * would have said then. One walk at a time, for one of the two or both. While it runs commit() pays
 * one look at each object that it changes for the first time. A walk is a reader's place in the
 * state: it is in no digest, and redo knows nothing of it. */
#define WALK_DIGEST 1u
#define WALK_AUDIT  2u
void walk_begin(struct state *s, unsigned wants); /* none is running */
bool walk_running(const struct state *s);
/* Goes on until `budget` units of cost (core/base/cost.h) are spent, a few more than that at most;
 * returns what was spent. */
uint32_t walk_step(struct state *s, uint32_t budget);
/* What commit() spent on looks for the walk since the last step or call. */
uint32_t walk_paid(struct state *s);
/* Ends a walk that nobody waits for any more; what it saw is gone. */
void walk_drop(struct state *s);
/* True if the last walk is over and saw all of `wants`, at `seq` or later. */
bool walk_saw(const struct state *s, unsigned wants, uint64_t seq);

#endif
