/* tests/sim/auditor.h -- what the log and the clients say, beside what the model of the rules says.
 *
 * The order of execution is that of the log's own bytes. Each record's operation is given to the
 * model at its group's time; the outcome in the record must be the model's. What clients were told
 * is then compared with the record it names. The first fault is kept as text, and everything after
 * it is silent: it would only follow from the first. */
#ifndef TESTS_SIM_AUDITOR_H
#define TESTS_SIM_AUDITOR_H

#include "cli/model/model.h"
#include "tests/sim/log_bytes.h"

/* What the model answers to the operation of one record. */
struct audit_expected {
    struct gj_reply reply;
    struct gj_reply_sources sources;
    bool server; /* EXPIRE: nobody asked for it */
    bool told;   /* somebody was told this outcome without REPLAYED */
};

/* The last record that touched a person. */
struct audit_chain {
    uint64_t person, line;
};

struct auditor {
    struct model *model;
    const struct log_bytes *log;
    uint64_t records, groups; /* audited so far */
    uint64_t record_room;
    struct audit_expected *expected; /* of record n at n - 1 */
    uint8_t *written_off;            /* of each request of the model: its EXPIRE was seen */
    struct audit_chain chains[MODEL_PERSONS_MAX];
    uint32_t chain_count;
    __int128 fund;    /* what records brought in, less what they paid out */
    uint64_t checked; /* outcomes, refusals and answers compared */
    char fault[400];  /* empty = none */
};

/* A new audit; `a` is zero, or was used before with as many requests. The log is borrowed and only
 * grows behind what was audited. */
void auditor_begin(struct auditor *a, const struct model_limits *limits,
                   const struct log_bytes *log);
void auditor_free(struct auditor *a);

/* Applies records until `count` are audited; after each group that ends all invariants are checked.
 * False: a fault. */
bool auditor_apply(struct auditor *a, uint64_t count);

/* An outcome (0..3, 40 and above) that somebody was told about `op`, its lines behind it. The
 * record must be audited. */
bool auditor_outcome(struct auditor *a, const struct gj_op *op, const struct gj_reply *reply,
                     const struct gj_reply_sources *sources);

/* What may be said without a record. */
struct audit_refusal {
    uint64_t time_low, time_high; /* log time was between these when it was decided */
    bool faults;                  /* the disk fails or is full: 20, 22, 23, 26 */
    bool stopping;                /* 23 */
};
/* A refusal (10..37) that somebody was told about `op`. */
bool auditor_refusal(struct auditor *a, const struct gj_op *op, const struct gj_reply *reply,
                     const struct audit_refusal *about);

/* An answer to a read; exactly answer->seq records must be audited, and of all answers at that seq
 * the one with the earliest time comes first. */
bool auditor_answer(struct auditor *a, const struct gj_read *read, const struct gj_answer *answer,
                    const void *payload);

/* NULL, or the first invariant of docs/OPERATIONS.md that the model breaks. `fund` is what all
 * regions' funds should add up to. */
const char *audit_invariants(struct model *m, __int128 fund);

/* Record `index` names the policies in force (asked before the model executes it, at its time), and
 * the record before it of each person it touches (asked after it). */
bool audit_versions(struct auditor *a, uint64_t index);
bool audit_chains(struct auditor *a, uint64_t index);

/* Notes a fault unless there is one; false. */
bool audit_fault(struct auditor *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
