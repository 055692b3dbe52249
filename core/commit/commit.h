/* core/commit/commit.h -- applies a record: the only function that changes the state. It cannot
 * fail.
 *
 * Threading: the owner thread of the state. */
#ifndef CORE_COMMIT_COMMIT_H
#define CORE_COMMIT_COMMIT_H

#include "core/format/record.h"
#include "core/state/state.h"

/* Applies a record that decide() wrote, live or read back from a verified log. `position` is its
 * place in the log in 64-byte lines, `time_ms` its group's time. Asserts what decide() promised
 * (capacities, balances, seq = state_seq() + 1). Redo needs capacities at least as large as those
 * the record was written with: check record_fits() first. */
void commit(struct state *s, const void *record, uint64_t position, uint64_t time_ms);

/* False if the record names a slot beyond this state's capacity (the log was written with larger
 * limits): refuse to start and say which limit. */
enum record_fit {
    RECORD_FITS,
    RECORD_NEEDS_PERSONS,
    RECORD_NEEDS_FAMILIES,
    RECORD_NEEDS_INSTITUTIONS,
    RECORD_NEEDS_HOLDS
};
NODISCARD enum record_fit record_fits(const struct state *s, const void *record);

#endif
