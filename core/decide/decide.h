/* core/decide/decide.h -- from an operation to a record: which earlier records the decision needs,
 * the decision, and the record that something expired. Changes nothing.
 *
 * Threading: the owner thread of the state. Errors: codes of core/format/codes.h, in the reply. */
#ifndef CORE_DECIDE_DECIDE_H
#define CORE_DECIDE_DECIDE_H

#include "core/format/op.h"
#include "core/format/record.h"
#include "core/format/reply.h"
#include "core/state/prefetch.h"
#include "core/state/state.h"

/* A record of the log that the shell hands in with an operation. */
struct fetched_record {
    uint64_t position;  /* of the record, in 64-byte lines */
    const void *record; /* whole and verified; borrowed for the call */
};

#define NEEDS_MAX 16u
/* The positions whose records decide() or query() must be given as fetched records. Usually there
 * are none. There is one if the rid, or a rid with an equal fingerprint, was seen before; there are
 * some if the operation is on an original that is not held in memory.
 *
 * What a refund refers to is only known from its record, so this is asked in rounds. `known` is the
 * records fetched so far (NULL, 0 at first); the answer names all of those again, in the same
 * order, and perhaps more:
 *
 *   count = 0
 *   do { needs(s, op, fetched, count, &n); fetch n.positions[count ..]; } until n.count == count
 *
 * At most two rounds bring something new. It is asserted that no fingerprint has more than four
 * candidates: that would take about 2^28 live rids in one bucket. */
struct needs {
    uint32_t count;
    uint64_t positions[NEEDS_MAX];
};
void needs(const struct state *s, const struct gj_op *op, const struct fetched_record *known,
           uint32_t known_count, struct needs *ret);

/* What decide() may look at besides the state. */
struct decide_input {
    uint64_t time_ms; /* log time of the group: Unix milliseconds, never falls */
    uint64_t seq;     /* the number the record will have: state_seq() + 1 */
    bool read_only;   /* the log is at its low-water mark: answer 22 instead of a record */
    bool dry_run;     /* nothing will be committed: no DECISION_EXPIRE_FIRST */
    bool walked;      /* query() of AUDIT, STATE_DIGEST: answer from the walk that is over */
    const struct op_hint *hint; /* of this operation, or NULL */
    uint32_t fetched_count;
    struct fetched_record fetched[NEEDS_MAX]; /* for every position needs() named */
};

enum decision_kind {
    DECISION_RECORD, /* a new outcome: append the record, commit() it, reply once it is durable */
    DECISION_REJECT, /* 10..37: not logged, changes nothing; reply once the state it rests on is
                      * durable: a low-water mark that rose, the record of an earlier request */
    DECISION_REPLAY, /* the stored reply of the same request; reply once ITS record is durable */
    DECISION_EXPIRE_FIRST, /* a hold or pending transfer of a person this operation looks at is due:
                            * the record says that it expired. Append and commit() it, then begin
                            * again with needs(). The answer is what it would be if the record had
                            * been written when it fell due */
};

struct decision {
    enum decision_kind kind;
    uint32_t record_size;            /* bytes written to `record`; 0 if there is none */
    uint32_t cost;                   /* to decide and to commit (core/base/cost.h), an upper one */
    struct gj_reply reply;           /* always set but for DECISION_EXPIRE_FIRST */
    struct gj_reply_sources sources; /* set if reply.flags has GJ_REPLY_SOURCES */
};

/* Decides `op`, whose `op->ext_count` extension lines follow it in memory. The caller has made sure
 * that those lines are there (wire_ops_check); everything else about the bytes is checked here, in
 * the order of core/format/codes.h. Writes the record to `record` (GJ_RECORD_SIZE_MAX bytes, 8-byte
 * aligned) only for DECISION_RECORD and DECISION_EXPIRE_FIRST. Changes nothing in `s`. */
void decide(const struct state *s, const struct gj_op *op, const struct decide_input *in,
            void *record, struct decision *ret);

/* Writes the record that the earliest open hold or pending transfer expired, if it is due at
 * in->time_ms. Returns its size, or 0. Append and commit() it; then another one may be due.
 *
 * No answer about money depends on whether and when the host does this: decide() and query() treat
 * what is due as expired in any case. It shows in numbers of records, in positions, in the digest,
 * in the count of open ones in STATS and, if the rid window is so small that one entry moves it, in
 * the low-water mark. */
NODISCARD uint32_t expire_due(const struct state *s, const struct decide_input *in, void *record);

#endif
