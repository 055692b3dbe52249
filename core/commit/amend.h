/* core/commit/amend.h -- who remembers that a finished operation was refunded, reversed or ended.
 * Private to core/commit/. */
#ifndef CORE_COMMIT_AMEND_H
#define CORE_COMMIT_AMEND_H

#include "core/state/tables.h"

/* From now on `to` is the latest record that amended (person, rid); `from` was, 0 = none. */
void amended_by(struct state *s, uint64_t person, const struct gj_rid *rid, uint64_t from,
                uint64_t to);

/* Part of the state's digest: what became of finished operations, kept as a sum because nothing is
 * kept of them one by one. `what` became of (person, rid), with what was refunded of each source or
 * NULL; it is added or taken out again. */
enum amended_kind { AMENDED_ENDED = 1, AMENDED_REVERSED, AMENDED_TOMBSTONE, AMENDED_REFUNDED };
void amended_digest(struct state *s, enum amended_kind what, uint64_t person,
                    const struct gj_rid *rid, const int64_t refunded[GJ_SOURCES_MAX], bool add);

#endif
