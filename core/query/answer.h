/* core/query/answer.h -- what the files that answer reads share. Private to core/query/. */
#ifndef CORE_QUERY_ANSWER_H
#define CORE_QUERY_ANSWER_H

#include "core/base/cost.h"
#include "core/query/query.h"
#include "core/state/tables.h"

/* Fills the payload at `payload` (room for `capacity` bytes, zeroed for the first
 * QUERY_FIXED_MAX), sets answer->count for lists, returns the code and the payload's size. */
struct query_result {
    uint8_t code;
    uint32_t size;
};

#define QUERY_FIXED_MAX 1024u /* no payload that is not a list is larger */

struct query_call {
    const struct state *s;
    const struct gj_read *read;
    const struct decide_input *in;
    struct gj_answer *answer;
    void *payload;
    uint32_t capacity;
    uint32_t *cost; /* what lists look at is added; the rest stands in the table of query.c */
};

struct query_result query_person(const struct query_call *call);
struct query_result query_op(const struct query_call *call);
struct query_result query_region(const struct query_call *call);
struct query_result query_totals(const struct query_call *call);
struct query_result query_netting(const struct query_call *call);
struct query_result query_institution(const struct query_call *call);
struct query_result query_institutions(const struct query_call *call);
struct query_result query_institution_day(const struct query_call *call);
struct query_result query_holds(const struct query_call *call);
struct query_result query_pending(const struct query_call *call);
struct query_result query_dry_run(const struct query_call *call);

static inline struct query_result query_refused(uint8_t code)
{
    return (struct query_result){.code = code, .size = 0};
}
static inline struct query_result query_done(uint64_t size)
{
    return (struct query_result){.code = GJ_OK, .size = (uint32_t)size};
}
static inline struct gj_fen128 query_fen128(i128 fen)
{
    return (struct gj_fen128){.low = (uint64_t)fen, .high = (int64_t)(fen >> 64)};
}

/* The operation inside a DRY_RUN, or NULL if the read's lines do not hold one. */
const struct gj_op *query_dry_run_op(const struct gj_read *read);

#endif
