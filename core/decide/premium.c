/* core/decide/premium.c -- the yearly contribution of residents' insurance, for oneself or a
 * relative, out of the payer's personal account or wallet. */
#include "core/decide/decider.h"
#include "core/decide/rules.h"

/* The product is sold for this year, today, at this price, and not paid yet. */
static void check_product(struct decider *d, uint32_t beneficiary, const struct gj_policy *policy)
{
    const struct gj_op *op = d->op;
    const struct gj_premium_row *row = NULL;
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        const struct gj_premium_row *at = &policy->premiums[i];
        if (at->amount != 0 && at->year == op->arg && at->product == op->detail) row = at;
    }
    /* Marks are kept for the year before, the year and the year after. */
    int index = (int)op->arg - (int)d->year + 1;
    bool markable = index >= 0 && index <= 2;
    lower_if(d, row == NULL || !markable, GJ_PREMIUM_PRODUCT_UNKNOWN);
    if (row != NULL) {
        lower_if(d, d->day < row->from_day || d->day > row->to_day, GJ_ENROLLMENT_CLOSED);
        lower_if(d, op->amount != row->amount, GJ_PREMIUM_AMOUNT_MISMATCH);
    }
    const struct person_cold *cold = &d->s->persons_cold[beneficiary];
    int kept = (int)op->arg - (int)cold->premium_year + 1;
    bool paid = cold->premium_year != 0 && kept >= 0 && kept <= 2 &&
                (cold->premium_paid[kept] >> (op->detail - 1) & 1) != 0;
    lower_if(d, markable && paid, GJ_PREMIUM_ALREADY_PAID);
}

static void check_payer(struct decider *d, const struct person *p, struct side side, bool own)
{
    int64_t amount = d->op->amount;
    bool wallet = d->op->kind == GJ_SOURCE_WALLET;
    d->effect->region_source = side.region;
    lower_if(d, suspended(p, GJ_USE_PREMIUM), GJ_ACCOUNT_SUSPENDED);
    check_open(d, p);
    check_profile(d, p);
    if (!own) check_giver(d, p, (enum gj_source)d->op->kind, side.policy);
    if (side.policy != NULL) {
        d->effect->policy_source = region_policy_version(d->s, side.region, d->in->time_ms);
        check_hours(d, side.policy);
        lower_if(d, wallet && side.policy->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
        lower_if(d, !wallet && !own && side.policy->local_sharing_enabled == 0,
                 GJ_REGION_NOT_OPEN_PAYER);
    }
    if (!wallet && !own) {
        d->effect->flags |= EFFECT_QUOTA;
        lower_if(d, amount > quota_left(d, d->effect->slot_first, side.policy),
                 GJ_ANNUAL_QUOTA_EXCEEDED);
    }
    enum gj_source source = (enum gj_source)d->op->kind;
    lower_if(d, amount > available(d, p, source), GJ_INSUFFICIENT_BALANCE);
    d->effect->balance = posted(p, source) - amount;
}

void decide_pay_premium(struct decider *d)
{
    const struct gj_op *op = d->op;
    uint32_t slot;
    bool own = op->person == op->other;
    const struct person *payer = first_person(d);
    const struct person *beneficiary = find_other(d, &slot);
    struct side out = {NULL, 0};
    if (payer != NULL) {
        out = check_source(d, payer, (enum gj_source)op->kind);
        check_payer(d, payer, out, own);
    }
    if (beneficiary == NULL) return;

    /* Residents' insurance is asked for whatever its status: paying is how it becomes active. */
    struct side in = side_of(d, beneficiary->insured_region);
    d->effect->region_target = in.region;
    d->effect->policy_target = region_policy_version(d->s, in.region, d->in->time_ms);
    d->effect->undo.reversal_days = in.policy->reversal_days;
    check_open(d, beneficiary);
    lower_if(d, (beneficiary->flags & PERSON_RESIDENT) == 0, GJ_NOT_RESIDENT_INSURED);
    check_hours(d, in.policy);
    lower_if(d, op->kind == GJ_SOURCE_WALLET && in.policy->wallet_open == 0,
             GJ_REGION_NOT_OPEN_PAYEE);
    check_product(d, slot, in.policy);
    if (payer == NULL) return;
    if (op->kind == GJ_SOURCE_PERSONAL) check_cross_pay(d, out, in);
    if (!own) {
        (void)check_relation(d, d->effect->slot_first, slot, op->kind == GJ_SOURCE_WALLET,
                             out.policy);
    }
}
