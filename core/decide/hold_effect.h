/* core/decide/hold_effect.h -- the lines of records that begin, change or end an open hold or
 * pending transfer. Private to core/decide/. */
#ifndef CORE_DECIDE_HOLD_EFFECT_H
#define CORE_DECIDE_HOLD_EFFECT_H

#include "core/decide/decider.h"

/* Where the line of a hold is, once EFFECT_SOURCES is in the flags if it will be. */
static inline struct gj_effect_hold *hold_line(struct decider *d)
{
    return (struct gj_effect_hold *)(d->effect + effect_last_line(d->effect));
}

/* Room for one more, in all, for the first person and for the relative who gives or the payee
 * (SLOT_NONE: there is none); else 25, or first the end of one that is due. */
void check_hold_room(struct decider *d, uint32_t relative, uint32_t payee);
/* Fills the line behind the effect for one that begins. EFFECT_SOURCES is already in the flags if
 * it will be. */
void begin_hold(struct decider *d, uint64_t due_ms, int64_t amount);

/* The open entry of `type` the operation is on; NULL if it is not open, and then 90 to 92 or 100 to
 * 103 say why. */
const struct hold *open_hold_of(struct decider *d, uint8_t type, uint32_t *ret_entry);

/* Fills `line` for a record that moves or frees `amount` of the hold, and the effect's days. */
void amend_hold(struct gj_effect *effect, const struct hold *hold, uint32_t entry, int64_t amount,
                struct gj_effect_hold *line);

/* Fills the sources line of a hold (not a transfer) with owners and books as they are now, nothing
 * taken; the balance is that of the first source as posted. */
void hold_sources(const struct state *s, const struct hold *hold, struct gj_effect *effect,
                  struct gj_effect_sources *ret);

/* Fills the effect and the lines behind it for the end of a hold or transfer without a posting:
 * release, return, expiry. */
void end_hold(const struct state *s, const struct hold *hold, uint32_t entry,
              struct gj_effect *effect);

/* The record that `entry` ended at its due time; returns its size. */
uint32_t write_expiry(const struct state *s, uint32_t entry, const struct decide_input *in,
                      void *record); /* core/decide/expire.c */

#endif
