/* core/commit/apply.h -- what each family of operations does to the state. Private to core/commit/.
 *
 * All but commit_tombstone() are only for an outcome OK or OK_PARTIAL. */
#ifndef CORE_COMMIT_APPLY_H
#define CORE_COMMIT_APPLY_H

#include "core/state/tables.h"

/* Deposit, transfer, payment, premium (core/commit/posting.c). */
void commit_deposit(struct state *s, const struct gj_op *op, const struct gj_effect *effect);
void commit_transfer(struct state *s, const struct gj_op *op, const struct gj_effect *effect);
void commit_pay(struct state *s, const void *record);
void commit_premium(struct state *s, const struct gj_op *op, const struct gj_effect *effect);

/* Holds and pending transfers: HOLD, TRANSFER that waits; CAPTURE, RELEASE, ACCEPT, RETURN, EXPIRE
 * at `position` (core/commit/hold.c). */
void commit_hold_begin(struct state *s, const void *record);
void commit_hold_amend(struct state *s, const void *record, uint64_t position);

/* REFUND and REVERSE; a tombstone (core/commit/amend.c). */
void commit_undo(struct state *s, const void *record, uint64_t position);
void commit_tombstone(struct state *s, const void *record, uint64_t position);

/* CHANGE_REGION, CLOSE_PERSON (core/commit/account.c). */
void commit_change_region(struct state *s, const struct gj_effect *effect);
void commit_close(struct state *s, const void *record);

/* Everything that is registered, not moved (core/commit/register.c). */
void commit_register(struct state *s, const void *record, uint64_t time_ms);

#endif
