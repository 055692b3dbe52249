/* core/decide/hold.c -- what becomes of a hold: captured, released. */
#include "core/decide/hold_effect.h"
#include "core/decide/rules.h"

void decide_capture(struct decider *d)
{
    uint32_t entry;
    const struct person *patient = first_person(d);
    if (patient == NULL) return;
    check_open(d, patient);
    const struct hold *hold = open_hold_of(d, GJ_OP_HOLD, &entry);
    if (hold == NULL) return;

    hold_sources(d->s, hold, d->effect, d->sources);
    int64_t rest = d->op->amount, left = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        int64_t take = rest < hold->left[i] ? rest : hold->left[i];
        d->sources->taken[i] = take;
        rest -= take;
        left += hold->left[i] - take;
    }
    lower_if(d, rest > 0, GJ_CAPTURE_EXCEEDS_HOLD);
    d->effect->balance -= d->sources->taken[0];
    bool ends = left == 0 || (d->op->flags & GJ_FLAG_FINAL) != 0;
    d->sources->remainder = ends ? 0 : left;
    amend_hold(d->effect, hold, entry, d->op->amount, hold_line(d));
    if (ends) d->effect->flags |= EFFECT_ENDS;
}

void decide_release(struct decider *d)
{
    uint32_t entry;
    if (first_person(d) == NULL) return;
    const struct hold *hold = open_hold_of(d, GJ_OP_HOLD, &entry);
    if (hold == NULL) return;
    end_hold(d->s, hold, entry, d->effect);
}
