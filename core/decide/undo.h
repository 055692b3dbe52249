/* core/decide/undo.h -- what refund and reverse share. Private to core/decide/. */
#ifndef CORE_DECIDE_UNDO_H
#define CORE_DECIDE_UNDO_H

#include "core/decide/decider.h"

/* The operation that is to be undone, as it was fetched. */
struct original {
    const void *record; /* NULL: unknown, or not asked because something else answers */
    const struct gj_op *op;
    const struct gj_effect *effect;
    const struct fetched_record *amended; /* the latest record that amended it, NULL = none */
    const struct gj_rid *rid;
};
/* The original of the operation: found, and not below the low-water mark; else 113. */
bool take_original(struct decider *d, struct original *ret);
/* The latest that happened to it is that it was reversed. */
bool is_reversed(const struct original *o);
/* Line behind the effect and its sources, with everything about the original that commit() needs;
 * nothing refunded. Sets the flags of both lines. */
struct gj_effect_original *begin_undo(struct decider *d, const struct original *o);
/* 113 if today is more than `days` after `day`. */
void check_window(struct decider *d, uint16_t day, uint16_t days);
/* fen come to (44, 165) or leave (44, 115) an account of the person in `slot`. */
void check_credit(struct decider *d, uint32_t slot, enum gj_source source, int64_t fen);
void check_debit(struct decider *d, uint32_t slot, enum gj_source source, int64_t fen);
/* Fills sources->taken[i], owner and book for what a payment's i-th source gets back or gives. */
void undo_payment(struct decider *d, const struct original *o, const int64_t fen[GJ_SOURCES_MAX],
                  bool back);
/* What was refunded so far of the payment, by the latest record that amended it. */
void refunded_so_far(const struct fetched_record *amended, int64_t ret[GJ_SOURCES_MAX]);

#endif
