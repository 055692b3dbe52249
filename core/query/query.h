/* core/query/query.h -- answers to reads. Changes nothing.
 *
 * Threading: the owner thread of the state. Errors: codes of core/format/codes.h, in the answer. */
#ifndef CORE_QUERY_QUERY_H
#define CORE_QUERY_QUERY_H

#include "core/decide/decide.h"
#include "core/format/read.h"
#include "core/state/state.h"

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

#endif
