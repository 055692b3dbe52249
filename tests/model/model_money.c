/* tests/model/model_money.c -- the model's rules for deposits, transfers, payments and premiums. */
#include <string.h>

#include "model.h"

/* Out of the book of `from` into the book of `to`: rule X. */
static void across(struct model *m, uint16_t from, uint16_t to, int64_t amount)
{
    if (from == to) return;
    m->regions[from].clearing += amount;
    m->regions[to].clearing -= amount;
    m->gross[from][to] += amount;
}

/* Takes `amount` from a person's personal account or wallet; returns the region of that book. */
static uint16_t take(struct model *m, struct model_person *p, uint8_t source, int64_t amount)
{
    if (source == GJ_SOURCE_WALLET) {
        p->wallet -= amount;
        m->regions[p->use_region].wallet -= amount;
        return p->use_region;
    }
    p->personal -= amount;
    m->regions[p->region].personal -= amount;
    return p->region;
}

static bool overdue(const struct model *m, const struct model_person *p)
{
    const struct gj_policy *policy = model_policy(m, p->region);
    if (policy->profile_overdue != GJ_OVERDUE_BLOCK || !p->marked) return false;
    return (unsigned)m->day >= (unsigned)p->changed_on + policy->profile_grace_days;
}

static bool closed_now(const struct model *m, const struct gj_policy *policy)
{
    uint64_t minute = (m->time_ms + UINT64_C(28800000)) / 60000 % 1440;
    return minute < policy->service_from_minute || minute >= policy->service_to_minute;
}

static bool insurance_in(const struct model_person *p, uint8_t mask)
{
    return (mask >> (p->insurance - 1) & 1) != 0;
}

/* The owner has this source: 41, 45, 48. The result is its region, 0 if it has none. */
static uint16_t has_source(struct model *m, const struct model_person *owner, uint8_t source)
{
    if (source == GJ_SOURCE_WALLET) {
        model_refuse_if(m, !owner->confirmed, GJ_WALLET_NOT_CONFIRMED);
        return owner->use_region;
    }
    model_refuse_if(m, !owner->account, GJ_ACCOUNT_NOT_FOUND);
    model_refuse_if(m, owner->insurance != GJ_INSURANCE_EMPLOYEE, GJ_NOT_EMPLOYEE_INSURED);
    return owner->region;
}

/* Gives to somebody else: 47. The mask is not asked of a resident's kept personal account, which
 * answers 48 instead; a stopped status is. */
static void gives(struct model *m, const struct model_person *p, uint8_t source,
                  const struct gj_policy *payer_side)
{
    bool personal = source != GJ_SOURCE_WALLET;
    model_refuse_if(m, p->status == GJ_STATUS_STOPPED, GJ_NOT_INSURED);
    if (personal && p->insurance == GJ_INSURANCE_RESIDENT) return;
    if (payer_side == NULL) return;
    uint8_t mask = personal ? payer_side->payer_mask_personal : payer_side->payer_mask_wallet;
    model_refuse_if(m, !insurance_in(p, mask), GJ_NOT_INSURED);
}

static void receives(struct model *m, const struct model_person *p,
                     const struct gj_policy *payee_side)
{
    model_refuse_if(m, p->status == GJ_STATUS_STOPPED, GJ_NOT_INSURED);
    if (payee_side == NULL) return;
    model_refuse_if(m, !insurance_in(p, payee_side->beneficiary_mask), GJ_NOT_INSURED);
}

static bool crossing_allowed(const struct model *m, uint16_t a, uint16_t b, uint8_t rule)
{
    if (a == b || rule == GJ_CROSS_ANY) return true;
    if (rule == GJ_CROSS_SAME) return false;
    const char *of_a = m->regions[a].ext.province, *of_b = m->regions[b].ext.province;
    return of_a[0] != 0 && strcmp(of_a, of_b) == 0;
}

static void crosses(struct model *m, uint16_t payer, uint16_t payee)
{
    const struct gj_policy *a = model_policy(m, payer), *b = model_policy(m, payee);
    if (a == NULL || b == NULL) return;
    bool allowed = crossing_allowed(m, payer, payee, a->cross_region_pay) &&
                   crossing_allowed(m, payer, payee, b->cross_region_pay);
    model_refuse_if(m, !allowed, GJ_CROSS_REGION_DISABLED);
}

/* 80 and 82. A wallet accepts the relation in either direction. */
static void related(struct model *m, uint64_t payer, uint64_t payee, bool either,
                    const struct gj_policy *payer_side)
{
    const struct model_relation *there = model_find_relation(m, payer, payee);
    const struct model_relation *back = either ? model_find_relation(m, payee, payer) : NULL;
    model_refuse_if(m, there == NULL && back == NULL, GJ_RELATION_NOT_FOUND);
    if (there == NULL && back == NULL) return;
    if (payer_side == NULL) return;
    bool allowed = false;
    if (there != NULL && (payer_side->relation_mask >> (there->kind - 1) & 1) != 0) allowed = true;
    if (back != NULL && (payer_side->relation_mask >> (back->kind - 1) & 1) != 0) allowed = true;
    model_refuse_if(m, !allowed, GJ_RELATION_KIND_NOT_ALLOWED);
}

static bool above_quota(const struct model *m, const struct model_person *p,
                        const struct gj_policy *policy, int64_t amount)
{
    int64_t quota = model_quota(m, p, policy);
    return quota >= 0 && p->used + amount > quota;
}

static unsigned deposit(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *p = model_find_person(m, op->person);
    model_refuse_if(m, p == NULL, GJ_PERSON_NOT_FOUND);
    if (p == NULL) return 0;
    model_refuse_if(m, !p->account, GJ_ACCOUNT_NOT_FOUND);
    model_refuse_if(m, p->insurance != GJ_INSURANCE_EMPLOYEE, GJ_NOT_EMPLOYEE_INSURED);
    model_refuse_if(m, p->personal + op->amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
    model_refuse_if(m, p->credits > INT64_MAX - GJ_AMOUNT_MAX - op->amount, GJ_AMOUNT_OVERFLOW);
    if (m->lowest != 255) return 0;
    p->personal += op->amount;
    p->credits += op->amount;
    m->regions[p->region].fund += op->amount;
    m->regions[p->region].personal += op->amount;
    reply->balance = p->personal;
    reply->amount = op->amount;
    return GJ_OK;
}

static unsigned transfer(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *payer = model_find_person(m, op->person);
    struct model_person *payee = model_find_person(m, op->other);
    bool personal = op->kind == GJ_SOURCE_PERSONAL;
    model_refuse_if(m, payer == NULL || payee == NULL, GJ_PERSON_NOT_FOUND);
    if (payer == NULL || payee == NULL) return 0;
    uint16_t a = has_source(m, payer, op->kind), b = has_source(m, payee, GJ_SOURCE_WALLET);
    const struct gj_policy *payer_side = model_policy(m, a), *payee_side = model_policy(m, b);
    model_refuse_if(m, (payer->suspended & GJ_USE_TRANSFER_OUT) != 0, GJ_ACCOUNT_SUSPENDED);
    model_refuse_if(m, (payee->suspended & GJ_USE_TRANSFER_IN) != 0, GJ_ACCOUNT_SUSPENDED);
    gives(m, payer, op->kind, payer_side);
    receives(m, payee, payee_side);
    model_refuse_if(m, overdue(m, payer), GJ_PROFILE_OVERDUE);
    related(m, op->person, op->other, !personal, payer_side);
    /* Without an account there is no side; the missing account has the lower code already. */
    if (payer_side == NULL || payee_side == NULL) return 0;
    model_refuse_if(m, payer_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    model_refuse_if(m, payee_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
    model_refuse_if(m, closed_now(m, payer_side) || closed_now(m, payee_side),
                    GJ_OUTSIDE_SERVICE_HOURS);
    model_refuse_if(m,
                    a != b && (payer_side->cross_region_transfer == 0 ||
                               payee_side->cross_region_transfer == 0),
                    GJ_CROSS_REGION_DISABLED);
    model_refuse_if(m, (payer_side->auth_mask_transfer >> op->auth & 1) == 0,
                    GJ_AUTH_METHOD_REQUIRED);
    int64_t limit_a = payer_side->transfer_single_fen, limit_b = payee_side->transfer_single_fen;
    model_refuse_if(m, limit_a != 0 && op->amount > limit_a, GJ_TRANSFER_SINGLE_LIMIT);
    model_refuse_if(m, limit_b != 0 && op->amount > limit_b, GJ_TRANSFER_SINGLE_LIMIT);
    model_refuse_if(m,
                    payer_side->transfer_daily_count != 0 &&
                        payer->transfers_today >= payer_side->transfer_daily_count,
                    GJ_TRANSFER_DAILY_COUNT);
    model_refuse_if(m, personal && above_quota(m, payer, payer_side, op->amount),
                    GJ_ANNUAL_QUOTA_EXCEEDED);
    model_refuse_if(m, op->amount > (personal ? payer->personal : payer->wallet),
                    GJ_INSUFFICIENT_BALANCE);
    model_refuse_if(m, payee->wallet + op->amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
    if (m->lowest != 255) return 0;
    take(m, payer, op->kind, op->amount);
    payee->wallet += op->amount;
    m->regions[b].wallet += op->amount;
    across(m, a, b, op->amount);
    if (personal) payer->used += op->amount;
    if (payer->transfers_today < 65535) payer->transfers_today++;
    reply->balance = personal ? payer->personal : payer->wallet;
    reply->amount = op->amount;
    return GJ_OK;
}

/* One listed source of a payment. */
struct listed {
    uint8_t source;
    struct model_person *owner; /* NULL: missing */
    const struct gj_policy *side;
    uint16_t region;
    int64_t taken;
};

/* Everything that refuses a payment whatever the amounts: up to 155. */
static void pay_refusals(struct model *m, const struct gj_op *op, const struct gj_pay_ext *ext,
                         struct listed *listed, unsigned count)
{
    struct model_person *patient = model_find_person(m, op->person);
    struct model_institution *at = model_find_institution(m, op->other);
    const struct gj_policy *payee_side = at == NULL ? NULL : model_policy(m, at->region);
    model_refuse_if(m, patient == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, at == NULL, GJ_INST_NOT_FOUND);
    if (patient != NULL) {
        model_refuse_if(m, (patient->suspended & GJ_USE_PAY) != 0, GJ_ACCOUNT_SUSPENDED);
        model_refuse_if(m, overdue(m, patient), GJ_PROFILE_OVERDUE);
        model_refuse_if(m,
                        op->detail == GJ_MATERNITY && patient->insurance == GJ_INSURANCE_RESIDENT,
                        GJ_PURPOSE_NOT_ALLOWED);
    }
    model_refuse_if(m, ext->personal_part != 0 && op->amount > ext->personal_part,
                    GJ_SPLIT_MISMATCH);
    if (at != NULL) {
        model_refuse_if(m, (at->flags & GJ_FLAG_SUSPENDED) != 0, GJ_INST_SUSPENDED);
        model_refuse_if(m, (at->scenarios >> (op->detail - 1) & 1) == 0,
                        GJ_INST_SCENARIO_NOT_ALLOWED);
        model_refuse_if(m, closed_now(m, payee_side), GJ_OUTSIDE_SERVICE_HOURS);
    }
    for (unsigned i = 0; i < count; i++) {
        struct listed *l = &listed[i];
        model_refuse_if(m, l->owner == NULL, GJ_PERSON_NOT_FOUND);
        if (l->owner == NULL) continue;
        l->region = has_source(m, l->owner, l->source);
        l->side = model_policy(m, l->region);
        uint8_t purposes = 0;
        if (l->side != NULL) {
            purposes = l->side->purpose_mask_personal;
            if (l->source == GJ_SOURCE_WALLET) purposes = l->side->purpose_mask_wallet;
            if (l->source == GJ_SOURCE_RELATIVE) purposes = l->side->purpose_mask_relative;
            model_refuse_if(m, (purposes >> (op->detail - 1) & 1) == 0, GJ_PURPOSE_NOT_ALLOWED);
            model_refuse_if(m, (l->side->auth_mask_pay >> op->auth & 1) == 0,
                            GJ_AUTH_METHOD_REQUIRED);
            model_refuse_if(m, closed_now(m, l->side), GJ_OUTSIDE_SERVICE_HOURS);
        }
        if (l->source == GJ_SOURCE_WALLET) {
            model_refuse_if(m, l->side != NULL && l->side->wallet_open == 0,
                            GJ_REGION_NOT_OPEN_PAYER);
            if (at == NULL) continue;
            model_refuse_if(m, payee_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
            model_refuse_if(m, (at->flags & GJ_FLAG_WALLET) == 0, GJ_INST_NOT_WALLET_ENABLED);
            uint8_t rule = model_policy(m, patient->region)->place_rule;
            bool insured = at->region == patient->region;
            bool use = at->region == patient->use_region;
            bool right = rule == GJ_PLACE_INSURED ? insured
                         : rule == GJ_PLACE_USE   ? use
                                                  : insured || use;
            model_refuse_if(m, !right, GJ_WRONG_PLACE_OF_USE);
            continue;
        }
        if (at != NULL) crosses(m, l->region, at->region);
        if (l->source != GJ_SOURCE_RELATIVE) continue;
        model_refuse_if(m, (l->owner->suspended & GJ_USE_PAY) != 0, GJ_ACCOUNT_SUSPENDED);
        gives(m, l->owner, GJ_SOURCE_RELATIVE, l->side);
        model_refuse_if(m, overdue(m, l->owner), GJ_PROFILE_OVERDUE);
        model_refuse_if(m, l->side->local_sharing_enabled == 0, GJ_REGION_NOT_OPEN_PAYER);
        related(m, ext->relative, op->person, false, l->side);
        if (patient != NULL) receives(m, patient, payee_side);
    }
}

/* The limit of one visit on wallet and relative together, -1 = none. */
static int64_t visit_limit(const struct model *m, const struct model_person *patient,
                           uint8_t scenario)
{
    const struct gj_policy *policy = model_policy(m, patient->region);
    int64_t limit = 0;
    if (scenario == GJ_OUTPATIENT) limit = policy->outpatient_single_fen;
    if (scenario == GJ_SPECIAL_DISEASE) {
        limit = patient->special ? policy->special_single_fen : policy->outpatient_single_fen;
    }
    return limit > 0 ? limit : -1;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static unsigned pay(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                    struct gj_reply_sources *sources)
{
    static const struct gj_pay_ext no_ext;
    const struct gj_pay_ext *ext =
        op->ext_count == 1 ? (const struct gj_pay_ext *)(op + 1) : &no_ext;
    struct model_person *patient = model_find_person(m, op->person);
    struct listed listed[3];
    memset(listed, 0, sizeof(listed));
    unsigned count = 0;
    while (count < 3 && (op->kind >> (2 * count) & 3) != 0) {
        struct listed *l = &listed[count];
        l->source = op->kind >> (2 * count) & 3;
        l->owner = patient;
        if (l->source == GJ_SOURCE_RELATIVE) l->owner = model_find_person(m, ext->relative);
        count++;
    }
    pay_refusals(m, op, ext, listed, count);
    if (m->lowest != 255) return 0;

    bool partial = (op->flags & GJ_FLAG_PARTIAL) != 0;
    int64_t limit = visit_limit(m, patient, op->detail);
    int64_t rest = op->amount, limited = 0, total = 0;
    unsigned bound = 255; /* lowest of 160, 161, 164 that kept a source from giving all the rest */
    struct model_relation *relation = model_find_relation(m, ext->relative, op->person);
    for (unsigned i = 0; i < count; i++) {
        struct listed *l = &listed[i];
        bool wallet = l->source == GJ_SOURCE_WALLET, relative = l->source == GJ_SOURCE_RELATIVE;
        int64_t available = wallet ? l->owner->wallet : l->owner->personal;
        int64_t gives_most = smaller(rest, available);
        if (available < rest) bound = bound < 164 ? bound : 164;
        if (relative) {
            if (relation->cap != -1) {
                int64_t left = relation->cap - relation->used;
                if (left < 0) left = 0;
                if (left < rest) bound = 160;
                gives_most = smaller(gives_most, left);
            }
            int64_t quota = model_quota(m, l->owner, l->side);
            if (quota >= 0) {
                int64_t left = quota - l->owner->used;
                if (left < 0) left = 0;
                if (left < rest) bound = bound < 161 ? bound : 161;
                gives_most = smaller(gives_most, left);
            }
        }
        if (partial && limit >= 0 && (wallet || relative)) {
            gives_most = smaller(gives_most, limit - limited);
        }
        l->taken = gives_most;
        if (wallet || relative) limited += l->taken;
        rest -= l->taken;
        total += l->taken;
    }
    model_refuse_if(m, limit >= 0 && limited > limit, GJ_OUTPATIENT_SINGLE_LIMIT);
    model_refuse_if(m, rest > 0 && (!partial || total == 0), bound);
    if (m->lowest != 255) return 0;

    struct model_institution *at = model_find_institution(m, op->other);
    for (unsigned i = 0; i < count; i++) {
        struct listed *l = &listed[i];
        uint16_t from = take(m, l->owner, l->source, l->taken);
        at->payable += l->taken;
        m->regions[at->region].institution += l->taken;
        across(m, from, at->region, l->taken);
        if (l->source == GJ_SOURCE_RELATIVE) {
            l->owner->used += l->taken;
            relation->used += l->taken;
        }
        sources->taken[i] = l->taken;
    }
    reply->balance =
        listed[0].source == GJ_SOURCE_WALLET ? listed[0].owner->wallet : listed[0].owner->personal;
    reply->amount = total;
    if (count > 1 || rest > 0) {
        reply->flags |= GJ_REPLY_SOURCES;
        sources->remainder = rest;
    } else {
        memset(sources, 0, sizeof(*sources));
    }
    return rest > 0 ? GJ_OK_PARTIAL : GJ_OK;
}

static bool premium_paid_before(const struct model *m, const struct gj_op *op)
{
    for (uint32_t i = 0; i < m->premium_count; i++) {
        const struct model_premium *p = &m->premiums[i];
        if (p->beneficiary == op->other && p->year == op->arg && p->product == op->detail) {
            return true;
        }
    }
    return false;
}

static unsigned premium(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *payer = model_find_person(m, op->person);
    struct model_person *beneficiary = model_find_person(m, op->other);
    bool personal = op->kind == GJ_SOURCE_PERSONAL, another = op->person != op->other;
    model_refuse_if(m, payer == NULL || beneficiary == NULL, GJ_PERSON_NOT_FOUND);
    if (payer == NULL || beneficiary == NULL) return 0;
    uint16_t a = has_source(m, payer, op->kind), b = beneficiary->region;
    const struct gj_policy *payer_side = model_policy(m, a), *payee_side = model_policy(m, b);
    model_refuse_if(m, (payer->suspended & GJ_USE_PREMIUM) != 0, GJ_ACCOUNT_SUSPENDED);
    if (another) gives(m, payer, op->kind, payer_side);
    model_refuse_if(m, beneficiary->insurance != GJ_INSURANCE_RESIDENT, GJ_NOT_RESIDENT_INSURED);
    model_refuse_if(m, overdue(m, payer), GJ_PROFILE_OVERDUE);
    if (payer_side == NULL) return 0; /* no wallet: 45 is lower than all that follows */
    model_refuse_if(m, !personal && payer_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    model_refuse_if(m, personal && another && payer_side->local_sharing_enabled == 0,
                    GJ_REGION_NOT_OPEN_PAYER);
    model_refuse_if(m, !personal && payee_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
    model_refuse_if(m, closed_now(m, payer_side) || closed_now(m, payee_side),
                    GJ_OUTSIDE_SERVICE_HOURS);
    if (personal) crosses(m, a, b);
    if (another) related(m, op->person, op->other, !personal, payer_side);
    const struct gj_premium_row *sold = NULL;
    for (unsigned i = 0; i < GJ_PREMIUM_ROWS_MAX; i++) {
        const struct gj_premium_row *row = &payee_side->premiums[i];
        if (row->amount != 0 && row->year == op->arg && row->product == op->detail) sold = row;
    }
    bool near_year = op->arg + 1u >= m->year && op->arg <= m->year + 1u;
    model_refuse_if(m, sold == NULL || !near_year, GJ_PREMIUM_PRODUCT_UNKNOWN);
    if (sold != NULL) {
        model_refuse_if(m, m->day < sold->from_day || m->day > sold->to_day, GJ_ENROLLMENT_CLOSED);
        model_refuse_if(m, op->amount != sold->amount, GJ_PREMIUM_AMOUNT_MISMATCH);
    }
    model_refuse_if(m, premium_paid_before(m, op), GJ_PREMIUM_ALREADY_PAID);
    model_refuse_if(m, personal && another && above_quota(m, payer, payer_side, op->amount),
                    GJ_ANNUAL_QUOTA_EXCEEDED);
    model_refuse_if(m, op->amount > (personal ? payer->personal : payer->wallet),
                    GJ_INSUFFICIENT_BALANCE);
    if (m->lowest != 255) return 0;
    take(m, payer, op->kind, op->amount);
    m->regions[b].premium += op->amount;
    across(m, a, b, op->amount);
    if (personal && another) payer->used += op->amount;
    m->premiums[m->premium_count++] = (struct model_premium){op->other, op->arg, op->detail};
    reply->balance = personal ? payer->personal : payer->wallet;
    reply->amount = op->amount;
    return GJ_OK;
}

unsigned model_money(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                     struct gj_reply_sources *sources)
{
    switch (op->type) {
    case GJ_OP_DEPOSIT: return deposit(m, op, reply);
    case GJ_OP_TRANSFER: return transfer(m, op, reply);
    case GJ_OP_PAY: return pay(m, op, reply, sources);
    default: return premium(m, op, reply);
    }
}
