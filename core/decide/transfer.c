/* core/decide/transfer.c -- money into a personal account, and from a person to a relative. */
#include "core/decide/hold_effect.h"
#include "core/decide/rules.h"

void decide_deposit(struct decider *d)
{
    int64_t amount = d->op->amount;
    const struct person *p = first_person(d);
    if (p == NULL) return;
    check_open(d, p);
    lower_if(d, (p->flags & PERSON_ACCOUNT) == 0, GJ_ACCOUNT_NOT_FOUND);
    lower_if(d, (p->flags & PERSON_RESIDENT) != 0, GJ_NOT_EMPLOYEE_INSURED);
    /* The year's deposits may be more than one account holds, but the quota must be able to count
     * them. */
    int64_t credits = person_year(d->s, d->effect->slot_first, d->year).credits;
    lower_if(d, p->personal + amount > GJ_AMOUNT_MAX || credits > GJ_YEAR_CREDITS_MAX - amount,
             GJ_AMOUNT_OVERFLOW);
    d->effect->region_source = p->insured_region;
    d->effect->region_target = p->insured_region;
    d->effect->balance = p->personal + amount;
    d->effect->undo.reversal_days = side_of(d, p->insured_region).policy->reversal_days;
}

/* What both sides' policies say; the stricter wins, so each side is simply asked. */
static void check_sides(struct decider *d, struct side payer, struct side payee)
{
    int64_t amount = d->op->amount;
    const struct gj_policy *out = payer.policy, *in = payee.policy;
    if (out != NULL) {
        d->effect->region_source = payer.region;
        d->effect->policy_source = region_policy_version(d->s, payer.region, d->in->time_ms);
        lower_if(d, out->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
        check_hours(d, out);
        check_auth(d, out->auth_mask_transfer);
        lower_if(d, out->transfer_single_fen != 0 && amount > out->transfer_single_fen,
                 GJ_TRANSFER_SINGLE_LIMIT);
    }
    if (in != NULL) {
        d->effect->region_target = payee.region;
        d->effect->policy_target = region_policy_version(d->s, payee.region, d->in->time_ms);
        d->effect->undo.reversal_days = in->reversal_days;
        lower_if(d, in->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
        check_hours(d, in);
        lower_if(d, in->transfer_single_fen != 0 && amount > in->transfer_single_fen,
                 GJ_TRANSFER_SINGLE_LIMIT);
    }
    if (out != NULL && in != NULL && payer.region != payee.region) {
        lower_if(d, out->cross_region_transfer == 0 || in->cross_region_transfer == 0,
                 GJ_CROSS_REGION_DISABLED);
    }
}

/* The payer: quota, available money, transfers of the day. */
static void check_payer(struct decider *d, const struct person *p, struct side side)
{
    int64_t amount = d->op->amount;
    uint32_t slot = d->effect->slot_first;
    enum gj_source source = (enum gj_source)d->op->kind;
    lower_if(d, suspended(p, GJ_USE_TRANSFER_OUT), GJ_ACCOUNT_SUSPENDED);
    check_open(d, p);
    check_giver(d, p, source, side.policy);
    check_profile(d, p);
    if (side.policy != NULL && UNLIKELY(side.policy->transfer_daily_count != 0)) {
        lower_if(
            d, p->transfer_day == d->day && p->transfer_count >= side.policy->transfer_daily_count,
            GJ_TRANSFER_DAILY_COUNT);
    }
    if (side.policy != NULL && UNLIKELY(side.policy->one_outstanding != 0)) {
        lower_if(d, has_own(d, slot, GJ_OP_TRANSFER), GJ_TRANSFER_PENDING_EXISTS);
    }
    if (source == GJ_SOURCE_PERSONAL) {
        lower_if(d, amount > quota_left(d, slot, side.policy), GJ_ANNUAL_QUOTA_EXCEEDED);
        lower_if(d, amount > personal_available(d, p), GJ_INSUFFICIENT_BALANCE);
        d->effect->flags |= EFFECT_QUOTA;
        d->effect->balance = p->personal - amount;
    } else {
        lower_if(d, amount > wallet_available(d, p), GJ_INSUFFICIENT_BALANCE);
        d->effect->balance = p->wallet - amount;
    }
}

static bool asks_acceptance(struct side side)
{
    return side.policy != NULL && side.policy->receive_mode == GJ_RECEIVE_ACCEPT;
}

/* The money is held until the payee accepts, or until the expiry minute of the next day: of both
 * sides' the earlier. */
static void decide_pending(struct decider *d, const struct person *payer, uint32_t payee_slot,
                           struct side out, struct side in)
{
    uint16_t minute = out.policy->pending_expiry_minute;
    if (in.policy->pending_expiry_minute < minute) minute = in.policy->pending_expiry_minute;
    check_hold_room(d, SLOT_NONE, payee_slot);
    begin_hold(d, calendar_ms((uint16_t)(d->day + 1u)) + minute * UINT64_C(60000), d->op->amount);
    d->effect->balance = posted(payer, (enum gj_source)d->op->kind);
}

void decide_transfer(struct decider *d)
{
    uint32_t payee_slot;
    const struct person *payer = first_person(d);
    const struct person *payee = find_other(d, &payee_slot);
    struct side out = {NULL, 0}, in = {NULL, 0};
    if (LIKELY(payer != NULL)) out = check_source(d, payer, (enum gj_source)d->op->kind);
    if (LIKELY(payee != NULL)) {
        in = side_of(d, payee->use_region);
        lower_if(d, (payee->flags & PERSON_WALLET) == 0, GJ_WALLET_NOT_CONFIRMED);
        lower_if(d, suspended(payee, GJ_USE_TRANSFER_IN), GJ_ACCOUNT_SUSPENDED);
        check_open(d, payee);
        check_receiver(d, payee, in.policy);
    }
    bool pending = asks_acceptance(out) || asks_acceptance(in);
    if (LIKELY(payee != NULL && !pending)) {
        lower_if(d, payee->wallet + d->op->amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
    }
    check_sides(d, out, in);
    if (LIKELY(payer != NULL)) check_payer(d, payer, out);
    if (LIKELY(payer != NULL && payee != NULL)) {
        (void)check_relation(d, d->effect->slot_first, payee_slot, d->op->kind == GJ_SOURCE_WALLET,
                             out.policy);
    }
    if (UNLIKELY(pending) && d->refusal == CODE_NONE) decide_pending(d, payer, payee_slot, out, in);
}
