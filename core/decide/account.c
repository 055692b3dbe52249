/* core/decide/account.c -- the wallet moves to another region; a person's accounts end. */
#include "core/decide/decider.h"
#include "core/decide/rules.h"

void decide_change_region(struct decider *d)
{
    const struct person *p = first_person(d);
    struct side to = side_of(d, d->op->arg);
    lower_if(d, to.policy == NULL, GJ_REGION_NOT_FOUND);
    if (to.policy != NULL) {
        d->effect->policy_target = region_policy_version(d->s, to.region, d->in->time_ms);
        lower_if(d, to.policy->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    }
    d->effect->region_target = to.region;
    if (p == NULL) return;
    lower_if(d, suspended(p, GJ_USE_TRANSFER_OUT), GJ_ACCOUNT_SUSPENDED);
    check_open(d, p);
    lower_if(d, (p->flags & PERSON_WALLET) == 0, GJ_WALLET_NOT_CONFIRMED);
    lower_if(d, has_own(d, d->effect->slot_first, 0), GJ_HOLDS_OUTSTANDING);
    struct side from = side_of(d, p->use_region);
    if (from.policy == NULL) return; /* no wallet: 45 */
    d->effect->region_source = from.region;
    d->effect->policy_source = region_policy_version(d->s, from.region, d->in->time_ms);
    d->effect->balance = p->wallet;
    lower_if(d, from.policy->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    lower_if(d, from.policy->region_change_enabled == 0, GJ_REGION_CHANGE_DISABLED);
    lower_if(d, from.region == to.region, GJ_REGION_SAME);
}

void decide_close_person(struct decider *d)
{
    const struct person *p = first_person(d);
    if (p == NULL) return;
    if (p->flags & PERSON_CLOSED) {
        d->success = GJ_OK_NOOP;
        return;
    }
    bool held = personal_available(d, p) != p->personal || wallet_available(d, p) != p->wallet;
    lower_if(d, held || has_own(d, d->effect->slot_first, 0), GJ_HOLDS_OUTSTANDING);
    lower_if(d, d->op->detail == GJ_PAYOUT_NONE && (p->personal != 0 || p->wallet != 0),
             GJ_BALANCE_NOT_ZERO);
    d->effect->flags |= EFFECT_SOURCES;
    *d->sources = (struct gj_effect_sources){
        .taken = {p->personal, p->wallet},
        .slot_relative = SLOT_NONE,
        .family_relative = SLOT_NONE,
        .region = {p->insured_region, p->use_region},
        .member_index = MEMBER_NONE,
    };
}
