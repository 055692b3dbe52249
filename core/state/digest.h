/* core/state/digest.h -- the digest of one object at a time, added to a sum: the digest of the
 * state is the sum over all of them, in any order. Private to core/state/. */
#ifndef CORE_STATE_DIGEST_H
#define CORE_STATE_DIGEST_H

#include "core/state/tables.h"

/* Names, policies and `book`, which is the region's. Nothing if the region is not set. */
void digest_region(const struct state *s, uint32_t region, const struct book *book, u128 *sum);
/* Cells of s->gross and s->premium_payable by their index; nothing if the amount is 0. */
void digest_gross(const struct state *s, uint64_t cell, u128 *sum);
void digest_premium(const struct state *s, uint64_t cell, u128 *sum);
/* With its days. */
void digest_institution(const struct state *s, uint32_t slot, u128 *sum);
/* Nothing if the entry is free. */
void digest_hold(const struct state *s, uint32_t entry, u128 *sum);
void digest_person(const struct state *s, uint32_t slot, u128 *sum);
void digest_family(const struct state *s, uint32_t slot, u128 *sum);

#endif
