/* tests/tables/random_ops.h -- random operations of every kind, drawn from one seed, and a second
 * account of what became of each: how much of a payment was refunded, of a hold captured, whether
 * something was reversed. It knows the amounts from the replies alone and shares no code with
 * core/, so what it counts and what the books say must agree at any moment.
 *
 * Rids carry the operation's number from 1 in their last 8 bytes; that is how it is found again. */
#ifndef TESTS_TABLES_RANDOM_OPS_H
#define TESTS_TABLES_RANDOM_OPS_H

#include "world.h"

/* Takes the seed from GJ_SEED or a fixed one, prints it, forgets all operations. Persons are 1000
 * and `persons` - 1 more. */
void random_seed(unsigned ops_max, unsigned persons);
uint64_t rnd(uint64_t below);

/* A new operation without a rid, mostly over relations and originals that exist. */
struct msg any_op(const struct world *w);
/* As any_op(), but always on an original; false if there is none yet. */
bool any_amendment(struct msg *ret);
/* The rid that a tombstone waits for, if the last reversal left one and it was not used since. */
bool take_tombstone(struct msg *m);

/* After `m` (number in its rid) was sent to `w`: enters what it did. NULL, or what the reply says
 * that cannot be. */
const char *remember(const struct world *w, const struct msg *m);
/* The operation an amendment refers to, if it is known; NULL otherwise. */
const struct gj_op *original_of(const struct msg *m);

/* NULL, or the first total of the regions 1 .. 3 that is not what was remembered. */
const char *books_wrong(const struct world *w);
/* NULL, or what is wrong with one person: bounds, and held against its open holds. */
const char *person_wrong(const struct world *w, uint64_t id);

#endif
