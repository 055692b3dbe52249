/* core/commit.h -- postings: how money moves between accounts and books. Private to commit*.c.
 *
 * Each function changes exactly the objects it is given and keeps fund = personal + wallet +
 * institution + premium + clearing in every book it touches. The amounts were checked by decide();
 * here they are only asserted. */
#ifndef CORE_COMMIT_H
#define CORE_COMMIT_H

#include "tables.h"

/* Fixes the opening balance and begins the year's figures if `year` is not the one they are of.
 * Before every change of a personal account. */
void year_roll(struct state *s, uint32_t slot, uint16_t year);

/* Takes fen from the owner's personal account or wallet, whose book is `region`; returns the posted
 * balance after it. */
int64_t post_debit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
                   int64_t amount, uint16_t year);

/* Money went from the book of `source` to that of `target`: rule X of docs/OPERATIONS.md. */
void post_between(struct state *s, uint16_t source, uint16_t target, int64_t amount);

/* Deposit, transfer, payment, premium. Only for an outcome OK or OK_PARTIAL. */
void commit_deposit(struct state *s, const struct gj_op *op, const struct gj_effect *effect);
void commit_transfer(struct state *s, const struct gj_op *op, const struct gj_effect *effect);
void commit_pay(struct state *s, const void *record);
void commit_premium(struct state *s, const struct gj_op *op, const struct gj_effect *effect);

/* Everything that is registered, not moved. Likewise. */
void commit_register(struct state *s, const void *record, uint64_t time_ms);

#endif
