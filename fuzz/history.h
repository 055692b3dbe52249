/* fuzz/history.h -- a program (fuzz/program.h) as a history of a small world: which operation a
 * step is, given what the model of the rules knows at that moment. The same bytes are the same
 * history; every byte string is one.
 *
 * Persons are 100..115 and 99, who is never opened; institutions 10..15 and 9; regions 1..7: those
 * cli/model/compare.h looks at. */
#ifndef FUZZ_HISTORY_H
#define FUZZ_HISTORY_H

#include "cli/model/generator.h"
#include "cli/model/model.h"
#include "fuzz/program.h"

#define HISTORY_BEGINS_MS UINT64_C(1767225600000) /* 2026-01-01 08:00 in Shanghai */
#define HISTORY_ENDS_MS   UINT64_C(4102444800000) /* 2100-01-01: time stops there */

/* Verbs: 1..23 are enum gj_op_type. Others are the remainder by 32. */
enum history_verb {
    HISTORY_ADVANCE = 0,
    HISTORY_CRASH = 24,
    HISTORY_SWEEP,  /* `amount` of what is due is written down */
    HISTORY_RETRY,  /* an earlier request again, or with one field changed */
    HISTORY_POLICY, /* SET_REGION with one field unlike the policy in force */
    HISTORY_SPOIL,  /* an earlier request with another rid and one byte changed */
    HISTORY_COMPARE /* everything there is; 30 and 31 are 1 and 2 of HISTORY_ADVANCE */
};

static inline unsigned history_verb(const struct step *s)
{
    unsigned verb = s->verb % 32;
    return verb > HISTORY_COMPARE ? HISTORY_ADVANCE : verb;
}

/* Log time after HISTORY_ADVANCE: some time on, or to midnight, the end of the year or the instant
 * at which something falls due, or a millisecond beside it. */
uint64_t history_advance(const struct model *m, uint64_t time_ms, const struct step *s);

/* The operation of any step that is one; false if there is none to repeat. */
bool history_operation(const struct model *m, uint64_t time_ms, const struct step *s,
                       struct generated *ret);

#endif
