/* core/core.h -- the state of one shard and the four functions everything stands on:
 *
 *   needs(op)                       -> log positions of earlier records this operation depends on
 *   decide(state, op, time, ...)    -> a record: outcome and every effect. Changes nothing.
 *   commit(state, record)           -> the only function that changes state. Cannot fail.
 *   query(state, read)              -> an answer. Changes nothing.
 *
 * Live = needs, decide, commit. Redo after a crash = commit. dry_run = decide.
 *
 * Owns: nothing; it lives in one block of memory the caller provides, sized by state_size().
 * Threading: one owner thread. Pure: no system call, clock, allocation or logging. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "core/base/base.h"
#include "core/format/op.h"
#include "core/format/read.h"
#include "core/format/record.h"
#include "core/format/reply.h"

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

/* What the shell hands in with an operation. */
struct fetched_record {
    uint64_t position;  /* of the record */
    const void *record; /* whole and verified; borrowed for the call */
};

#define NEEDS_MAX 16u
/* Positions whose records decide() or query() must be given as fetched records. Usually none: one
 * only when the rid (or one with an equal fingerprint) was seen before, or when the operation is on
 * an original that is not held in memory. More than four candidates of one 28-bit fingerprint would
 * need about 2^28 live rids in one bucket chain: asserted.
 *
 * `known` is the fetched records so far (NULL, 0 at first). The answer names all of it, in the same
 * order, and perhaps more: what a refund refers to is only known from its record. So: count = 0; do
 * { needs(s, op, fetched records, count, &n); fetch n.positions[count ..]; } until n.count ==
 * count. Two rounds at most bring something new. */
struct needs {
    uint32_t count;
    uint64_t positions[NEEDS_MAX];
};
void needs(const struct state *s, const struct gj_op *op, const struct fetched_record *known,
           uint32_t known_count, struct needs *ret);

/* What the look-ahead learned about one operation. Never trusted: slots are compared with the ids.
 */
struct op_hint {
    uint64_t hash_first, hash_second;
    uint32_t slot_first, slot_second; /* first person; payee, member, beneficiary or relative */
};

/* What decide() may look at besides the state. */
struct decide_input {
    uint64_t time_ms; /* log time of the group: Unix milliseconds, never falls */
    uint64_t seq;     /* the number the record will have: state_seq() + 1 */
    bool read_only;   /* the log is at its low-water mark: answer 22 instead of a record */
    bool dry_run;     /* nothing will be committed: no DECISION_EXPIRE_FIRST */
    const struct op_hint *hint; /* of this operation, or NULL */
    uint32_t fetched_count;
    struct fetched_record fetched[NEEDS_MAX]; /* for every position needs() named */
};

enum decision_kind {
    DECISION_RECORD, /* a new outcome: append the record, commit() it, reply once it is durable */
    DECISION_REJECT, /* 10..37: not logged, changes nothing; reply once the state it rests on is
                      * durable (a mark that rose, a stored body) */
    DECISION_REPLAY, /* the stored reply of the same request; reply once ITS record is durable */
    DECISION_EXPIRE_FIRST, /* a hold or pending transfer of a person this operation looks at is due:
                            * the record says that it expired. Append and commit() it, then begin
                            * again with needs(). The answer is the same as if it had been written
                            * long before */
};

struct decision {
    enum decision_kind kind;
    uint32_t record_size;            /* bytes written to `record`; 0 if there is none */
    struct gj_reply reply;           /* always set but for DECISION_EXPIRE_FIRST */
    struct gj_reply_sources sources; /* set if reply.flags has GJ_REPLY_SOURCES */
};

/* Decides `op`, whose `op->ext_count` extension lines follow it in memory. The caller has made sure
 * that those lines are there (wire_ops_check); everything else about the bytes is checked here, in
 * the order of core/format/codes.h. Writes the record to `record` (GJ_RECORD_SIZE_MAX bytes, 8-byte
 * aligned) only for DECISION_RECORD and DECISION_EXPIRE_FIRST. Changes nothing in `s`. */
void decide(const struct state *s, const struct gj_op *op, const struct decide_input *in,
            void *record, struct decision *ret);

/* The earliest instant at which an open hold or pending transfer falls due, Unix milliseconds;
 * UINT64_MAX if there is none. One load. */
uint64_t state_due_ms(const struct state *s);
/* Writes the record that the earliest one expired, if it is due at in->time_ms; returns its size,
 * else 0. Append and commit() it, then there may be another. Whether and when the host does this
 * changes no answer about money: decide() and query() take what is due for expired in any case. It
 * shows in numbers of records, positions, the digest, the count of open ones in STATS, and, where
 * the rid window is so small that one entry moves it, in the rid low-water mark. */
NODISCARD uint32_t expire_due(const struct state *s, const struct decide_input *in, void *record);

/* Applies a record that decide() wrote, live or read back from a verified log. `position` is its
 * place in the log in 64-byte lines, `time_ms` its group's time. Asserts what decide() promised
 * (capacities, balances, seq = state_seq() + 1). Redo needs capacities at least as large as those
 * the record was written with: check record_fits() first. */
void commit(struct state *s, const void *record, uint64_t position, uint64_t time_ms);

/* False if the record names a slot beyond this state's capacity (the log was written with larger
 * limits): refuse to start and say which limit. */
enum record_fit {
    RECORD_FITS,
    RECORD_NEEDS_PERSONS,
    RECORD_NEEDS_FAMILIES,
    RECORD_NEEDS_INSTITUTIONS,
    RECORD_NEEDS_HOLDS
};
NODISCARD enum record_fit record_fits(const struct state *s, const void *record);

/* Three-stage prefetch for batches: index lines first, then, some operations later, the records
 * they point at, then the families those point at; decide() some operations after that finds its
 * lines in cache, and, given the hint, need not look the persons up again. As for decide(), the
 * operation's extension lines follow it. Each stage stands on the one before it for the same
 * operation; a hint mixed up with another operation's costs time and nothing else. */
void prefetch_index(const struct state *s, const struct gj_op *op, struct op_hint *hint);
void prefetch_records(const struct state *s, const struct gj_op *op, struct op_hint *hint);
void prefetch_families(const struct state *s, const struct gj_op *op, const struct op_hint *hint);
/* For redo: the lines commit() will touch, some records ahead. `record` is whole (record_size). */
void prefetch_redo(const struct state *s, const void *record);

/* Answers one read at `time_ms` into `out` (capacity bytes; at least GJ_READ_ANSWER_MAX). Returns
 * the bytes written, a multiple of 8: struct gj_answer and its payload. The read's extension lines
 * follow it in memory (wire_reads_check). `in` carries time and fetched records (get_op needs the
 * record of its rid, dry_run what needs() says of its operation; query_needs() names them in
 * rounds, as needs() does; other reads need none). in->time_ms must be the time an operation would
 * get now: that of the open group if there is one, so that nothing shown as expired can be captured
 * later. The answer may only be sent once everything up to state_seq() is durable. */
void query_needs(const struct state *s, const struct gj_read *read,
                 const struct fetched_record *known, uint32_t known_count, struct needs *ret);
NODISCARD uint32_t query(const struct state *s, const struct gj_read *read,
                         const struct decide_input *in, void *out, uint32_t capacity);

/* Last committed sequence number, its log time, and the oldest rid time still checked (ms). */
uint64_t state_seq(const struct state *s);
uint64_t state_time_ms(const struct state *s);
uint64_t state_rid_low_water_ms(const struct state *s);
/* Raises the mark to what a group header says it was (a log written with a smaller rids_max). */
void state_raise_rid_low_water(struct state *s, uint64_t low_water_ms);

/* Fill levels, for stats and the start-up summary. */
struct state_counts {
    uint64_t persons, families, institutions, regions, rids, holds;
};
void state_counts(const struct state *s, struct state_counts *ret);

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

#endif
