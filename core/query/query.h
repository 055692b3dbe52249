/* core/query/query.h -- answers to reads. Changes nothing.
 *
 * Threading: the owner thread of the state. Errors: codes of core/format/codes.h, in the answer. */
#ifndef CORE_QUERY_QUERY_H
#define CORE_QUERY_QUERY_H

#include "core/decide/decide.h"
#include "core/format/read.h"
#include "core/state/state.h"

/* Answers one read at in->time_ms. The read's extension lines follow it in memory
 * (wire_reads_check). Writes struct gj_answer and its payload to `out` and returns the bytes
 * written, a multiple of 8.
 *   capacity  bytes at `out`, at least GJ_READ_ANSWER_MAX
 *   in        time and fetched records. query_needs() names the records in rounds, as needs() does:
 *             GET_OP needs those of its rid, DRY_RUN what needs() says of its operation, no other
 *             read needs any
 * in->time_ms must be the time an operation would get now, that of the open group if there is one.
 * Else something could be shown as expired and still be captured later.
 * The answer may be sent only when everything up to state_seq() is durable.
 *
 * `ret_cost` is what it cost (core/base/cost.h), counted and not timed. Without a walk AUDIT and
 * STATE_DIGEST look at everything and do not count it; of the others none costs a millisecond, also
 * of persons with as many holds as there can be. */
void query_needs(const struct state *s, const struct gj_read *read,
                 const struct fetched_record *known, uint32_t known_count, struct needs *ret);
NODISCARD uint32_t query(const struct state *s, const struct gj_read *read,
                         const struct decide_input *in, void *out, uint32_t capacity,
                         uint32_t *ret_cost);
/* What query() will say that the read costs, without looking; QUERY_COST_OPEN if that depends on
 * what it finds. */
#define QUERY_COST_OPEN UINT32_MAX
uint32_t query_cost(const struct gj_read *read);
/* Which walk (core/state/state.h) the read needs, WALK_*; 0 if it is another one, or refused. With
 * in->walked query() answers from the walk that is over, and names its seq. */
unsigned query_walk(const struct gj_read *read);

#endif
