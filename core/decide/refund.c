/* core/decide/refund.c -- money of a payment or capture comes back to the sources it came from, in
 * one piece or several. */
#include "core/decide/rules.h"
#include "core/decide/undo.h"

/* The payment that can still be refunded, or false and why not. */
static bool find_payment(struct decider *d, struct original *o)
{
    if (!take_original(d, o)) return false;
    uint8_t code = 0;
    if (o->record == NULL || !gj_code_ok(o->effect->code))
        code = GJ_ORIGINAL_NOT_FOUND;
    else if (is_reversed(o))
        code = GJ_ALREADY_REVERSED;
    else if (o->op->type != GJ_OP_PAY && o->op->type != GJ_OP_CAPTURE)
        code = GJ_NOT_REVERSIBLE;
    if (code == 0) return true;
    lower(d, code);
    return false;
}

void decide_refund(struct decider *d)
{
    struct original o;
    if (first_person(d) == NULL || !find_payment(d, &o)) return;
    check_window(d, o.effect->day, o.effect->undo.refund_days);

    /* The source listed last gave last: it gets first. */
    const struct gj_effect_sources *from = record_sources(o.record);
    struct gj_effect_original *line = begin_undo(d, &o);
    int64_t rest = d->op->amount, left = 0, fen[GJ_SOURCES_MAX];
    refunded_so_far(o.amended, line->refunded);
    for (unsigned i = GJ_SOURCES_MAX; i-- > 0;) {
        int64_t refundable = from->taken[i] - line->refunded[i];
        fen[i] = rest < refundable ? rest : refundable;
        rest -= fen[i];
        left += refundable - fen[i];
        line->refunded[i] += fen[i];
    }
    lower_if(d, rest > 0, GJ_REFUND_EXCEEDS_CAPTURED);
    line->root = *o.rid;
    undo_payment(d, &o, fen, true);
    d->sources->remainder = left;
    d->effect->undo.refund_days = 0;
    d->effect->undo.reversal_days = 0; /* on its calendar day only */
}
