/* core/decide/pending.c -- the second step of a transfer that waits: accepted or returned. */
#include "core/decide/hold_effect.h"
#include "core/decide/rules.h"

void decide_accept(struct decider *d)
{
    uint32_t entry;
    const struct person *payer = first_person(d);
    if (payer == NULL) return;
    check_open(d, payer);
    const struct hold *hold = open_hold_of(d, GJ_OP_TRANSFER, &entry);
    if (hold == NULL) return;

    const struct person *payee = &d->s->persons[hold->other];
    enum gj_source source = (enum gj_source)hold->sources;
    int64_t amount = hold->left[0];
    lower_if(d, d->op->other != payee->id, GJ_NOT_PAYEE);
    check_open(d, payee);
    lower_if(d, payee->wallet + amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
    d->effect->slot_other = hold->other;
    d->effect->prev_other = payee->last_position;
    d->effect->region_source = source_region(payer, source);
    d->effect->region_target = payee->use_region; /* where the wallet is now */
    d->effect->balance = posted(payer, source) - amount;
    d->effect->flags |= EFFECT_ENDS;
    amend_hold(d->effect, hold, entry, amount, hold_line(d));
}

void decide_return(struct decider *d)
{
    uint32_t entry;
    if (first_person(d) == NULL) return;
    const struct hold *hold = open_hold_of(d, GJ_OP_TRANSFER, &entry);
    if (hold == NULL) return;
    bool payee = d->op->other == d->s->persons[hold->other].id; /* declined */
    bool payer = d->op->other == d->op->person;                 /* cancelled */
    lower_if(d, !payee && !payer, GJ_NOT_PAYEE);
    end_hold(d->s, hold, entry, d->effect);
}
