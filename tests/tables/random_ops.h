/* tests/tables/random_ops.h -- random operations of every kind, drawn from one seed, and a second
 * account of what became of each: how much of a payment was refunded, of a hold captured, whether
 * something was reversed, and every account and total. It knows the amounts from the replies alone
 * and shares no code with core/, so what it counts and what the books say must agree at any moment.
 *
 * Rids carry the operation's number from 1 in their last 8 bytes; that is how it is found again.
 * Two of the persons use the same rids: one's requests have the keys under which the rid window
 * finds what amended the other's. */
#ifndef TESTS_TABLES_RANDOM_OPS_H
#define TESTS_TABLES_RANDOM_OPS_H

#include "tests/tables/fixture.h"

/* Takes the seed from GJ_SEED or a fixed one, prints it, forgets all operations. Persons are 1000
 * and `persons` - 1 more, the last of them the one that shares the rids of 1000. */
void random_seed(unsigned ops_max, unsigned persons);
uint64_t rnd(uint64_t below);
uint64_t any_person(void);

/* A new operation without a rid, mostly over relations and originals that exist. */
struct msg any_op(const struct fixture *w);
/* As any_op(), but always on an original; false if there is none yet. */
bool any_amendment(struct msg *ret);
/* The rid that a tombstone waits for, if the last reversal left one and it was not used since. */
bool take_tombstone(struct msg *m);
/* The other's latest rid, if `m` is of one of the two that share them and did not use it yet. */
bool take_shared(struct msg *m);

/* After `m` (number in its rid) was sent to `w`: enters what it did. NULL, or what the reply says
 * that cannot be. */
const char *remember(const struct fixture *w, const struct msg *m);
/* The operation an amendment refers to, if it is known; NULL otherwise. */
const struct gj_op *original_of(const struct msg *m);

/* NULL, or the first total of the regions 1 .. 3 (as REGION_TOTALS shows them) that is not what was
 * remembered. */
const char *books_wrong(const struct fixture *w);
/* NULL, or what is wrong with one person: bounds, held against its open holds, balances against the
 * replies. */
const char *person_wrong(const struct fixture *w, uint64_t id);
/* Commits every record again, under another configuration, and goes on from there: what a restart
 * with other limits does. NULL, or what is not as it was. */
const char *rebuild(struct fixture *w, const struct state_config *config);

#endif
