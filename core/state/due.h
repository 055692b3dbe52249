/* core/state/due.h -- what is due and not written down yet counts as given back: for every check
 * and every read (docs/OPERATIONS.md section 4). Private to core/. */
#ifndef CORE_STATE_DUE_H
#define CORE_STATE_DUE_H

#include "core/state/tables.h"

/* Entries of a person's chain in the order in which they fall due. */
#define FOR_CHAIN(s, slot, entry)                                                                  \
    for (uint32_t entry = (s)->persons_cold[slot].holds - 1u; entry != HOLD_NONE;                  \
         entry = holds_chain_next(&(s)->holds, entry, slot))

/* Anything at all falls due at `time_ms` or before: one load, false nearly always. */
static inline bool due_any(const struct state *s, uint64_t time_ms)
{
    return s->holds.due_ms <= time_ms;
}

/* What the due entries of one person's chain hold of that person's accounts, and how much of it
 * counts to the quota of `year`. Fen. */
struct due_sums {
    int64_t personal, wallet, used;
};
struct due_sums due_of(const struct state *s, uint32_t slot, uint16_t year, uint64_t time_ms);

/* Fen that due entries hold of `payer`'s account as draws of `member` in `year`. */
int64_t due_draws(const struct state *s, uint32_t payer, uint32_t member, uint16_t year,
                  uint64_t time_ms);

/* The earliest due entry of the person's chain, HOLD_NONE if none is due. */
uint32_t due_first(const struct state *s, uint32_t slot, uint64_t time_ms);

#endif
