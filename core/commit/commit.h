/* core/commit/commit.h -- postings: how money moves between accounts and books. Private to
 * commit*.c.
 *
 * Each function changes exactly the objects it is given and keeps fund = personal + wallet +
 * institution + premium + clearing in every book it touches. The amounts were checked by decide();
 * here they are only asserted. */
#ifndef CORE_COMMIT_COMMIT_H
#define CORE_COMMIT_COMMIT_H

#include "core/state/tables.h"

/* Fixes the opening balance and begins the year's figures if `year` is not the one they are of.
 * Before every change of a personal account. */
void year_roll(struct state *s, uint32_t slot, uint16_t year);

/* Takes fen from, or gives fen to, the owner's personal account or wallet, whose book is `region`;
 * returns the posted balance after it. */
int64_t post_debit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
                   int64_t amount, uint16_t year);
int64_t post_credit(struct state *s, uint32_t slot, enum gj_source source, uint16_t region,
                    int64_t amount, uint16_t year);

/* Money went from the book of `source` to that of `target`: rule X of docs/OPERATIONS.md. */
void post_between(struct state *s, uint16_t source, uint16_t target, int64_t amount);

/* The institution's account and the totals of its day; amount < 0 is a debit. */
void post_institution(struct state *s, uint32_t slot, uint16_t day, int64_t amount);

/* What left a personal account for somebody else, or came back: it counts only to the year it was
 * of, and if that is over, to nothing. `draw` as for sources->family_relative and member_index. */
struct draw {
    uint32_t family; /* SLOT_NONE: no member's draw */
    uint8_t member;  /* MEMBER_NONE: of a relation that ended */
};
void used_grow(struct state *s, uint32_t slot, struct draw draw, int64_t amount, uint16_t year);
/* It grew in `grown`; in a later `year` nothing changes, also not what is stored of the old one: it
 * could come back and leave again more than once. */
void used_shrink(struct state *s, uint32_t slot, struct draw draw, int64_t amount, uint16_t grown,
                 uint16_t year);
#define NO_DRAW ((struct draw){SLOT_NONE, MEMBER_NONE})

/* The entry `from` of the family becomes the entry `to`. */
void family_move(struct family *f, uint8_t to, uint8_t from);

/* A transfer of the day, whatever the policy says: a limit may come later in the day. */
void count_transfer(struct person *p, uint16_t day);

/* Clears or sets the mark that a premium is paid. */
void mark_premium(struct state *s, uint32_t slot, uint16_t insurance_year, uint8_t product,
                  bool paid, uint16_t year);

/* Deposit, transfer, payment, premium. Only for an outcome OK or OK_PARTIAL, like all below. */
void commit_deposit(struct state *s, const struct gj_op *op, const struct gj_effect *effect);
void commit_transfer(struct state *s, const struct gj_op *op, const struct gj_effect *effect);
void commit_pay(struct state *s, const void *record);
void commit_premium(struct state *s, const struct gj_op *op, const struct gj_effect *effect);

/* Holds and pending transfers: HOLD, TRANSFER that waits; CAPTURE, RELEASE, ACCEPT, RETURN, EXPIRE
 * at `position` (commit_hold.c). */
void commit_hold_begin(struct state *s, const void *record);
void commit_hold_amend(struct state *s, const void *record, uint64_t position);

/* REFUND and REVERSE; a tombstone (commit_undo.c). */
void commit_undo(struct state *s, const void *record, uint64_t position);
void commit_tombstone(struct state *s, const void *record, uint64_t position);

/* From now on `to` is the latest record that amended (person, rid); `from` was, 0 = none. */
void amended_by(struct state *s, uint64_t person, const struct gj_rid *rid, uint64_t from,
                uint64_t to);

/* Part of the state's digest: what became of finished operations, kept as a sum because nothing is
 * kept of them one by one. `what` became of (person, rid), with what was refunded of each source or
 * NULL; it is added or taken out again. */
enum amended_kind { AMENDED_ENDED = 1, AMENDED_REVERSED, AMENDED_TOMBSTONE, AMENDED_REFUNDED };
void amended_digest(struct state *s, enum amended_kind what, uint64_t person,
                    const struct gj_rid *rid, const int64_t refunded[GJ_SOURCES_MAX], bool add);

/* CHANGE_REGION, CLOSE_PERSON (commit_account.c). */
void commit_change_region(struct state *s, const struct gj_effect *effect);
void commit_close(struct state *s, const void *record);

/* Everything that is registered, not moved. Likewise. */
void commit_register(struct state *s, const void *record, uint64_t time_ms);

#endif
