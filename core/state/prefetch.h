/* core/state/prefetch.h -- which cache lines an operation or a record will touch, fetched ahead of
 * decide() and commit(). Changes nothing and decides nothing. */
#ifndef CORE_STATE_PREFETCH_H
#define CORE_STATE_PREFETCH_H

#include "core/format/op.h"
#include "core/state/state.h"

/* What the look-ahead learned about one operation. It is never trusted: slots are compared with the
 * ids. */
struct op_hint {
    uint64_t hash_first, hash_second;
    uint32_t slot_first, slot_second; /* first person; payee, member, beneficiary or relative */
};

/* The look-ahead of a batch has three stages, some operations apart: index lines; the records that
 * they point at; the families that those point at. Some operations later decide() finds its lines
 * in the cache, and with the hint it need not look the persons up again.
 *
 * As for decide(), the operation's extension lines follow it. Each stage stands on the one before
 * it for the same operation. A hint of another operation costs time and nothing else. */
void prefetch_index(const struct state *s, const struct gj_op *op, struct op_hint *hint);
void prefetch_records(const struct state *s, const struct gj_op *op, struct op_hint *hint);
void prefetch_families(const struct state *s, const struct gj_op *op, const struct op_hint *hint);
/* For redo: the lines commit() will touch, some records ahead. `record` is whole (record_size). */
void prefetch_redo(const struct state *s, const void *record);

#endif
