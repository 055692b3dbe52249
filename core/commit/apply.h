/* core/commit/apply.h -- what each operation does to the state: one function each,
 * commit_FUNCTION() of its row of GJ_OP_MAP, called by commit() for an outcome OK or OK_PARTIAL.
 * Private to core/commit/. */
#ifndef CORE_COMMIT_APPLY_H
#define CORE_COMMIT_APPLY_H

#include "core/state/tables.h"

/* A record that is being applied. */
struct applied {
    const void *record;
    const struct gj_op *op;         /* of the record */
    const struct gj_effect *effect; /* of the record */
    uint64_t position;              /* of the record, in 64-byte lines */
    uint64_t time_ms;               /* of its group */
};

#define X(NAME, number, verb, min, max, is, function, ...)                                         \
    void commit_##function(struct state *s, const struct applied *a);
GJ_OP_MAP(X)
#undef X

/* A REVERSE that ended OK_TOMBSTONED. */
void commit_tombstone(struct state *s, const struct applied *a);
/* A TRANSFER that waits for its payee: as a HOLD. */
void commit_pending(struct state *s, const struct applied *a);

#endif
