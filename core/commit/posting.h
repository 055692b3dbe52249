/* core/commit/posting.h -- postings: how money moves between accounts and books. Private to
 * core/commit/.
 *
 * Each function changes exactly the objects it is given and keeps fund = personal + wallet +
 * institution + premium + clearing in every book it touches. The amounts were checked by decide();
 * here they are only asserted. */
#ifndef CORE_COMMIT_POSTING_H
#define CORE_COMMIT_POSTING_H

#include "core/state/tables.h"

/* Begins the figures of `year` if they are of an earlier one, with the balance of now as the
 * opening one. Called before every change of a personal account. */
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

/* A member's draw from the account of a relative, as in sources->family_relative and member_index.
 */
struct draw {
    uint32_t family; /* SLOT_NONE: no member's draw */
    uint8_t member;  /* MEMBER_NONE: of a relation that ended */
};
/* Fen that left a personal account for somebody else count to the quota of the year in which they
 * left. */
void used_grow(struct state *s, uint32_t slot, struct draw draw, int64_t amount, uint16_t year);
/* They came back. They had been counted in the year `grown`; if that is over nothing changes, not
 * even what is stored of it: the same fen could come back and leave again more than once. */
void used_shrink(struct state *s, uint32_t slot, struct draw draw, int64_t amount, uint16_t grown,
                 uint16_t year);
#define NO_DRAW ((struct draw){SLOT_NONE, MEMBER_NONE})

/* The entry `from` of the family becomes the entry `to`. */
void family_move(struct family *f, uint8_t to, uint8_t from);

/* Counts a transfer of the day, also if no policy limits them: a limit may be set later in the day.
 */
void count_transfer(struct person *p, uint16_t day);

/* Clears or sets the mark that a premium is paid. */
void mark_premium(struct state *s, uint32_t slot, uint16_t insurance_year, uint8_t product,
                  bool paid, uint16_t year);

#endif
