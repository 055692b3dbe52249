/* core/decide/pay.c -- a patient's own part of a bill, out of up to three sources: the own wallet,
 * the own personal account, one relative's personal account. */
#include "core/decide/hold_effect.h"
#include "core/decide/rules.h"

#include <string.h>

/* What is known of the payment while its sources are looked at one by one. */
struct payment {
    const struct person *patient;
    const struct person *relative; /* NULL if none is listed or there is no such person */
    const struct institution *inst;
    struct side at; /* the institution's region */
    uint32_t relative_slot;
    bool relative_listed, wallet_listed;
    int64_t personal_part; /* 0 = not given */
    uint32_t timeout_s;    /* of a HOLD; 0 = not given */
    int64_t visit_left;    /* what the single limit still allows from wallet and relative */
    int64_t rest;          /* not yet covered */
    uint8_t bounded; /* lowest of 159, 160, 161, 164 that the rest asked of a source exceeded */
};

static void check_institution(struct decider *d, struct payment *pay)
{
    const struct gj_op *op = d->op;
    uint32_t slot = institution_find(d->s, op->other);
    if (slot == SLOT_NONE) {
        lower(d, GJ_INST_NOT_FOUND);
        return;
    }
    const struct institution *inst = &d->s->institutions[slot];
    pay->inst = inst;
    pay->at = side_of(d, inst->region);
    d->effect->slot_other = slot;
    d->effect->region_target = inst->region;
    d->effect->policy_target = region_policy_version(d->s, inst->region, d->in->time_ms);
    d->effect->undo.refund_days = pay->at.policy->refund_days;
    d->effect->undo.reversal_days = pay->at.policy->reversal_days;
    lower_if(d, (inst->flags & GJ_FLAG_SUSPENDED) != 0, GJ_INST_SUSPENDED);
    lower_if(d, (inst->scenarios >> (op->detail - 1) & 1) == 0, GJ_INST_SCENARIO_NOT_ALLOWED);
    check_hours(d, pay->at.policy);
    if (pay->wallet_listed) {
        lower_if(d, (inst->flags & GJ_FLAG_WALLET) == 0, GJ_INST_NOT_WALLET_ENABLED);
        lower_if(d, pay->at.policy->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
    }
}

/* The patient's insured region says where the wallet may be used and how much one visit may take.
 */
static void check_patient(struct decider *d, struct payment *pay)
{
    const struct person *p = pay->patient;
    const struct gj_policy *home = side_of(d, p->insured_region).policy;
    uint8_t scenario = d->op->detail;
    lower_if(d, suspended(p, GJ_USE_PAY), GJ_ACCOUNT_SUSPENDED);
    check_open(d, p);
    check_profile(d, p);
    lower_if(d, scenario == GJ_MATERNITY && (p->flags & PERSON_RESIDENT) != 0,
             GJ_PURPOSE_NOT_ALLOWED);

    int64_t limit = 0;
    if (scenario == GJ_SPECIAL_DISEASE && (p->flags & PERSON_SPECIAL) != 0)
        limit = home->special_single_fen;
    else if (scenario == GJ_OUTPATIENT || scenario == GJ_SPECIAL_DISEASE)
        limit = home->outpatient_single_fen;
    pay->visit_left = limit > 0 ? limit : INT64_MAX; /* 0 none, -1 lifted */

    if (!pay->wallet_listed || pay->inst == NULL || (p->flags & PERSON_WALLET) == 0) return;
    bool insured = pay->inst->region == p->insured_region;
    bool use = pay->inst->region == p->use_region;
    bool placed = home->place_rule == GJ_PLACE_INSURED ? insured
                  : home->place_rule == GJ_PLACE_USE   ? use
                                                       : insured || use;
    lower_if(d, !placed, GJ_WRONG_PLACE_OF_USE);
}

/* The relative behind the source: pays for somebody else, over a relation. */
static void check_relative(struct decider *d, struct payment *pay, struct side side)
{
    const struct person *p = pay->relative;
    lower_if(d, suspended(p, GJ_USE_PAY), GJ_ACCOUNT_SUSPENDED);
    check_open(d, p);
    check_giver(d, p, GJ_SOURCE_PERSONAL, side.policy);
    check_profile(d, p);
    lower_if(d, side.policy->local_sharing_enabled == 0, GJ_REGION_NOT_OPEN_PAYER);
    d->sources->family_relative = p->family;
    if (pay->patient == NULL) return;
    check_receiver(d, pay->patient, pay->at.policy);
    d->sources->member_index =
        check_relation(d, pay->relative_slot, d->effect->slot_first, false, side.policy);
}

/* Codes 40 to 155 of the i-th source. */
static void check_listed(struct decider *d, struct payment *pay, unsigned i, enum gj_source source)
{
    const struct person *owner = source == GJ_SOURCE_RELATIVE ? pay->relative : pay->patient;
    if (owner == NULL) return;
    struct side side = check_source(d, owner, source);
    d->sources->region[i] = side.region;
    if (i == 0) d->effect->region_source = side.region;
    if (side.policy == NULL) return; /* no wallet: 45 */
    if (i == 0) {
        d->effect->policy_source = region_policy_version(d->s, side.region, d->in->time_ms);
    }
    uint8_t purposes = source == GJ_SOURCE_WALLET     ? side.policy->purpose_mask_wallet
                       : source == GJ_SOURCE_PERSONAL ? side.policy->purpose_mask_personal
                                                      : side.policy->purpose_mask_relative;
    lower_if(d, (purposes >> (d->op->detail - 1) & 1) == 0, GJ_PURPOSE_NOT_ALLOWED);
    check_hours(d, side.policy);
    check_auth(d, side.policy->auth_mask_pay);
    if (source == GJ_SOURCE_WALLET)
        lower_if(d, side.policy->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    else if (pay->inst != NULL)
        check_cross_pay(d, side, pay->at);
    if (source == GJ_SOURCE_RELATIVE) check_relative(d, pay, side);
}

/* `give`, or less if `bound` is smaller. The code is a candidate for the answer if the bound alone
 * is below the rest, whatever else keeps the source from giving it. */
static int64_t bounded_by(struct payment *pay, int64_t give, int64_t bound, uint8_t code)
{
    if (bound < pay->rest && code < pay->bounded) pay->bounded = code;
    return bound < give ? bound : give;
}

/* What the relative's account gives: cap, quota and balance bound it. */
static int64_t relative_gives(struct decider *d, struct payment *pay)
{
    const struct family *family = &d->s->families[pay->relative->family];
    uint8_t member = d->sources->member_index;
    int64_t used = family->year == d->year ? family->used[member] : 0;
    if (UNLIKELY(d->due)) {
        used -= due_draws(d->s, pay->relative_slot, d->effect->slot_first, d->year, d->in->time_ms);
    }
    int64_t cap = family->cap[member];
    int64_t cap_left = cap < 0 ? INT64_MAX : cap > used ? cap - used : 0;
    const struct gj_policy *policy = side_of(d, pay->relative->insured_region).policy;
    int64_t give = bounded_by(pay, pay->rest, cap_left, GJ_SHARED_CAP_EXCEEDED);
    give =
        bounded_by(pay, give, quota_left(d, pay->relative_slot, policy), GJ_ANNUAL_QUOTA_EXCEEDED);
    return bounded_by(pay, give, personal_available(d, pay->relative), GJ_INSUFFICIENT_BALANCE);
}

/* Draws the sources in their order. Only if every check of every source passed. */
static void draw_sources(struct decider *d, struct payment *pay)
{
    bool partial = (d->op->flags & GJ_FLAG_PARTIAL) != 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        enum gj_source source = gj_sources_at(d->op->kind, i);
        if (source == GJ_SOURCE_NONE) break;
        int64_t give, balance;
        if (source == GJ_SOURCE_RELATIVE) {
            give = relative_gives(d, pay);
            balance = pay->relative->personal;
        } else {
            give = bounded_by(pay, pay->rest, available(d, pay->patient, source),
                              GJ_INSUFFICIENT_BALANCE);
            balance = posted(pay->patient, source);
        }
        if (source != GJ_SOURCE_PERSONAL) {
            lower_if(d, !partial && give > pay->visit_left, GJ_OUTPATIENT_SINGLE_LIMIT);
            give = bounded_by(pay, give, pay->visit_left, GJ_OUTPATIENT_SINGLE_LIMIT);
            pay->visit_left -= give;
        }
        pay->rest -= give;
        d->sources->taken[i] = give;
        if (i == 0) d->effect->balance = d->op->type == GJ_OP_HOLD ? balance : balance - give;
        if (source == GJ_SOURCE_RELATIVE && give > 0) d->effect->flags |= EFFECT_QUOTA;
    }
    d->sources->remainder = pay->rest;
    d->success = pay->rest > 0 ? GJ_OK_PARTIAL : GJ_OK;
    if (pay->rest > 0 && (!partial || pay->rest == d->op->amount)) lower(d, pay->bounded);
}

static void payment_init(struct decider *d, struct payment *pay)
{
    const struct gj_op *op = d->op;
    *pay = (struct payment){
        .relative_slot = SLOT_NONE,
        .visit_left = INT64_MAX,
        .rest = op->amount,
        .bounded = CODE_NONE,
    };
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        pay->wallet_listed |= gj_sources_at(op->kind, i) == GJ_SOURCE_WALLET;
        pay->relative_listed |= gj_sources_at(op->kind, i) == GJ_SOURCE_RELATIVE;
    }
    *d->sources = (struct gj_effect_sources){
        .slot_relative = SLOT_NONE,
        .family_relative = SLOT_NONE,
        .member_index = MEMBER_NONE,
    };
    pay->patient = first_person(d);
    if (op->ext_count == 0) return;
    const struct gj_pay_ext *ext = (const struct gj_pay_ext *)(op + 1);
    pay->personal_part = ext->personal_part;
    pay->timeout_s = ext->timeout_s;
    if (!pay->relative_listed) return;
    pay->relative = find_person(d, ext->relative, &pay->relative_slot);
    if (pay->relative == NULL) return;
    d->sources->slot_relative = pay->relative_slot;
    d->sources->prev_relative = pay->relative->last_position;
}

/* How long the hold lasts, by the institution's region. */
static void check_timeout(struct decider *d, struct payment *pay)
{
    if (pay->at.policy == NULL) return;
    uint32_t longest = pay->at.policy->hold_timeout_max_s;
    if (pay->timeout_s == 0) pay->timeout_s = longest;
    lower_if(d, pay->timeout_s == 0 || pay->timeout_s > longest, GJ_HOLD_TIMEOUT_INVALID);
}

/* What was drawn is held instead of paid. */
static void hold_drawn(struct decider *d, const struct payment *pay)
{
    int64_t held = d->op->amount - pay->rest;
    bool relative_gives = (d->effect->flags & EFFECT_QUOTA) != 0;
    check_hold_room(d, relative_gives ? pay->relative_slot : SLOT_NONE, SLOT_NONE);
    begin_hold(d, d->in->time_ms + pay->timeout_s * UINT64_C(1000), held);
}

void decide_pay(struct decider *d)
{
    struct payment pay;
    payment_init(d, &pay);
    lower_if(d, pay.personal_part != 0 && d->op->amount > pay.personal_part, GJ_SPLIT_MISMATCH);
    check_institution(d, &pay);
    if (pay.patient != NULL) check_patient(d, &pay);
    if (d->op->type == GJ_OP_HOLD) check_timeout(d, &pay);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        enum gj_source source = gj_sources_at(d->op->kind, i);
        if (source == GJ_SOURCE_NONE) break;
        check_listed(d, &pay, i, source);
    }
    /* Everything below 156 has been asked: amounts matter only if nothing lower applies. */
    if (d->refusal != CODE_NONE) return;
    d->effect->flags |= EFFECT_SOURCES;
    draw_sources(d, &pay);
    if (d->op->type == GJ_OP_HOLD && d->refusal == CODE_NONE) hold_drawn(d, &pay);
}

/* A HOLD is a payment whose money stays where it is. */
void decide_hold(struct decider *d)
{
    decide_pay(d);
}
