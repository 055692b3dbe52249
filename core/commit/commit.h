/* core/commit/commit.h -- applies a record: the only function that changes the state. It cannot
 * fail.
 *
 * Threading: the owner thread of the state. */
#ifndef CORE_COMMIT_COMMIT_H
#define CORE_COMMIT_COMMIT_H

#include "core/format/record.h"
#include "core/state/state.h"

/* Applies a record that decide() or expire_due() wrote, live or read back from a verified log.
 *   position  its place in the log, in 64-byte lines
 *   time_ms   log time of its group
 * Asserts what decide() promised: capacities, balances, chains, seq = state_seq() + 1. Redo with a
 * smaller configuration than the record was written with is possible only if the record fits: ask
 * record_fits() first. */
void commit(struct state *s, const void *record, uint64_t position, uint64_t time_ms);

/* Which limit of this state is too small for the record, if one is: the log was written with larger
 * limits. The host then refuses to start and names the limit. */
enum record_fit {
    RECORD_FITS,
    RECORD_NEEDS_PERSONS,
    RECORD_NEEDS_FAMILIES,
    RECORD_NEEDS_INSTITUTIONS,
    RECORD_NEEDS_HOLDS
};
NODISCARD enum record_fit record_fits(const struct state *s, const void *record);

#endif
