/* cli/model/model_transfer.c -- the model's rules for deposits, transfers at once and in two
 * steps, and premiums. */
#include "cli/model/model.h"

#define DAY_MS    UINT64_C(86400000)
#define ZONE_MS   UINT64_C(28800000)
#define MINUTE_MS UINT64_C(60000)

static unsigned deposit(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *p = model_find_person(m, op->person);
    model_refuse_if(m, p == NULL, GJ_PERSON_NOT_FOUND);
    if (p == NULL) return 0;
    model_refuse_if(m, p->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, !p->account, GJ_ACCOUNT_NOT_FOUND);
    model_refuse_if(m, p->insurance != GJ_INSURANCE_EMPLOYEE, GJ_NOT_EMPLOYEE_INSURED);
    model_refuse_if(m, p->personal + op->amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
    model_refuse_if(m, p->credits > INT64_MAX - GJ_AMOUNT_MAX - op->amount, GJ_AMOUNT_OVERFLOW);
    if (m->lowest != 255) return 0;
    model_post(m, p, GJ_SOURCE_PERSONAL, op->amount);
    p->credits += op->amount;
    m->regions[p->region].fund += op->amount;
    m->now->reversal_days = model_policy(m, p->region)->reversal_days;
    m->now->moved[0] = op->amount;
    reply->balance = p->personal;
    reply->amount = op->amount;
    return GJ_OK;
}

static bool sends_already(const struct model *m, uint64_t payer)
{
    for (uint32_t at = 0; at < m->open_count; at++) {
        const struct gj_op *op = &m->requests[m->open[at]].op;
        if (op->type == GJ_OP_TRANSFER && op->person == payer) return true;
    }
    return false;
}

/* Both sides' policies and the limits of a transfer from region a to region b. */
static void transfer_limits(struct model *m, const struct gj_op *op,
                            const struct model_person *payer, uint16_t a, uint16_t b)
{
    const struct gj_policy *payer_side = model_policy(m, a), *payee_side = model_policy(m, b);
    model_refuse_if(m, payer_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    model_refuse_if(m, payee_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
    model_refuse_if(m, model_out_of_hours(m, payer_side) || model_out_of_hours(m, payee_side),
                    GJ_OUTSIDE_SERVICE_HOURS);
    bool crossing =
        payer_side->cross_region_transfer != 0 && payee_side->cross_region_transfer != 0;
    model_refuse_if(m, a != b && !crossing, GJ_CROSS_REGION_DISABLED);
    model_refuse_if(m, (payer_side->auth_mask_transfer >> op->auth & 1) == 0,
                    GJ_AUTH_METHOD_REQUIRED);
    int64_t limit_a = payer_side->transfer_single_fen, limit_b = payee_side->transfer_single_fen;
    model_refuse_if(m, limit_a != 0 && op->amount > limit_a, GJ_TRANSFER_SINGLE_LIMIT);
    model_refuse_if(m, limit_b != 0 && op->amount > limit_b, GJ_TRANSFER_SINGLE_LIMIT);
    uint16_t count = payer_side->transfer_daily_count;
    model_refuse_if(m, count != 0 && payer->transfers_today >= count, GJ_TRANSFER_DAILY_COUNT);
    model_refuse_if(m, payer_side->one_outstanding != 0 && sends_already(m, payer->id),
                    GJ_TRANSFER_PENDING_EXISTS);
    model_refuse_if(
        m, op->kind == GJ_SOURCE_PERSONAL && model_above_quota(m, payer, payer_side, op->amount),
        GJ_ANNUAL_QUOTA_EXCEEDED);
    model_refuse_if(m, op->amount > model_available(m, payer, op->kind), GJ_INSUFFICIENT_BALANCE);
}

static unsigned transfer_begins(struct model *m, const struct gj_op *op, struct model_person *payer,
                                uint16_t a, uint16_t b)
{
    const uint64_t givers[2] = {op->person, 0};
    if (!model_room(m, givers, op->other)) return GJ_CAPACITY_RECORDS;
    const struct gj_policy *payer_side = model_policy(m, a), *payee_side = model_policy(m, b);
    uint64_t minute = payer_side->pending_expiry_minute;
    if (payee_side->pending_expiry_minute < minute) minute = payee_side->pending_expiry_minute;
    m->now->due_ms = (m->day + UINT64_C(1)) * DAY_MS - ZONE_MS + minute * MINUTE_MS;
    m->now->left[0] = op->amount;
    model_open(m);
    return GJ_OK;
}

static unsigned transfer(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *payer = model_find_person(m, op->person);
    struct model_person *payee = model_find_person(m, op->other);
    bool personal = op->kind == GJ_SOURCE_PERSONAL;
    model_refuse_if(m, payer == NULL || payee == NULL, GJ_PERSON_NOT_FOUND);
    if (payer == NULL || payee == NULL) return 0;
    uint16_t a = model_has_source(m, payer, op->kind);
    uint16_t b = model_has_source(m, payee, GJ_SOURCE_WALLET);
    const struct gj_policy *payer_side = model_policy(m, a), *payee_side = model_policy(m, b);
    model_refuse_if(m, (payer->suspended & GJ_USE_TRANSFER_OUT) != 0, GJ_ACCOUNT_SUSPENDED);
    model_refuse_if(m, (payee->suspended & GJ_USE_TRANSFER_IN) != 0, GJ_ACCOUNT_SUSPENDED);
    model_refuse_if(m, payer->closed || payee->closed, GJ_ACCOUNT_CLOSED);
    model_gives(m, payer, op->kind, payer_side);
    model_receives(m, payee, payee_side);
    model_refuse_if(m, model_overdue(m, payer), GJ_PROFILE_OVERDUE);
    model_related(m, op->person, op->other, !personal, payer_side);
    /* Without an account there is no side; the missing account has the lower code already. */
    if (payer_side == NULL || payee_side == NULL) return 0;
    transfer_limits(m, op, payer, a, b);
    bool pending = payer_side->receive_mode == GJ_RECEIVE_ACCEPT ||
                   payee_side->receive_mode == GJ_RECEIVE_ACCEPT;
    model_refuse_if(m, !pending && payee->wallet + op->amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
    if (m->lowest != 255) return 0;
    if (pending && transfer_begins(m, op, payer, a, b) != GJ_OK) return GJ_CAPACITY_RECORDS;
    if (!pending) {
        model_post(m, payer, op->kind, -op->amount);
        model_post(m, payee, GJ_SOURCE_WALLET, op->amount);
        model_across(m, a, b, op->amount);
    }
    m->now->moved[0] = op->amount;
    m->now->reversal_days = payee_side->reversal_days;
    model_count_used(m, m->now, 0, op->amount);
    if (payer->transfers_today < 65535) payer->transfers_today++;
    if (pending) reply->flags |= GJ_REPLY_PENDING;
    reply->balance = model_posted(payer, op->kind);
    reply->amount = op->amount;
    return GJ_OK;
}

/* The pending transfer that ACCEPT and RETURN mean; NULL with 90, 91 or 92. */
static struct model_request *pending_transfer(struct model *m, const struct gj_op *op)
{
    const struct gj_rid *rid = model_original_rid(op);
    uint32_t at = model_find_request(m, op->person, rid);
    struct model_request *r = at == MODEL_NONE ? NULL : &m->requests[at];
    bool open = r != NULL && r->phase == PHASE_OPEN;
    bool unknown = r == NULL || !gj_code_ok(r->reply.code) || r->op.type != GJ_OP_TRANSFER;
    unknown |= !open && model_rid_ms(rid) < m->rid_low_water_ms;
    if (unknown) {
        model_refuse_if(m, true, GJ_TRANSFER_NOT_FOUND);
    } else if (r->phase == PHASE_EXPIRED) {
        model_refuse_if(m, true, GJ_TRANSFER_EXPIRED);
    } else if (!open) {
        model_refuse_if(m, true, GJ_TRANSFER_NOT_PENDING);
    }
    return unknown || !open ? NULL : r;
}

static unsigned accept(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *payer = model_find_person(m, op->person);
    model_refuse_if(m, payer == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, payer != NULL && payer->closed, GJ_ACCOUNT_CLOSED);
    struct model_request *r = pending_transfer(m, op);
    if (payer == NULL || r == NULL) return 0;
    struct model_person *payee = model_find_person(m, r->op.other);
    model_refuse_if(m, op->other != r->op.other, GJ_NOT_PAYEE);
    model_refuse_if(m, payee->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, payee->wallet + r->op.amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
    if (m->lowest != 255) return 0;
    r->left[0] = 0; /* it is not freed but moved */
    model_end(m, r, PHASE_ENDED);
    r->day = m->day;
    model_post(m, payer, r->op.kind, -r->op.amount);
    model_post(m, payee, GJ_SOURCE_WALLET, r->op.amount);
    model_across(m, model_book(payer, r->op.kind), payee->use_region, r->op.amount);
    reply->balance = model_posted(payer, r->op.kind);
    reply->amount = r->op.amount;
    return GJ_OK;
}

static unsigned give_back(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *payer = model_find_person(m, op->person);
    model_refuse_if(m, payer == NULL, GJ_PERSON_NOT_FOUND);
    struct model_request *r = pending_transfer(m, op);
    if (payer == NULL || r == NULL) return 0;
    model_refuse_if(m, op->other != r->op.other && op->other != op->person, GJ_NOT_PAYEE);
    if (m->lowest != 255) return 0;
    model_end(m, r, PHASE_FREED);
    reply->balance = model_posted(payer, r->op.kind);
    reply->amount = r->op.amount;
    return GJ_OK;
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

/* What the beneficiary's region sells: 120 to 123. */
static void premium_sold(struct model *m, const struct gj_op *op,
                         const struct gj_policy *payee_side)
{
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
}

static unsigned premium(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    struct model_person *payer = model_find_person(m, op->person);
    struct model_person *beneficiary = model_find_person(m, op->other);
    bool personal = op->kind == GJ_SOURCE_PERSONAL, another = op->person != op->other;
    model_refuse_if(m, payer == NULL || beneficiary == NULL, GJ_PERSON_NOT_FOUND);
    if (payer == NULL || beneficiary == NULL) return 0;
    uint16_t a = model_has_source(m, payer, op->kind), b = beneficiary->region;
    const struct gj_policy *payer_side = model_policy(m, a), *payee_side = model_policy(m, b);
    model_refuse_if(m, (payer->suspended & GJ_USE_PREMIUM) != 0, GJ_ACCOUNT_SUSPENDED);
    model_refuse_if(m, payer->closed || beneficiary->closed, GJ_ACCOUNT_CLOSED);
    if (another) model_gives(m, payer, op->kind, payer_side);
    model_refuse_if(m, beneficiary->insurance != GJ_INSURANCE_RESIDENT, GJ_NOT_RESIDENT_INSURED);
    model_refuse_if(m, model_overdue(m, payer), GJ_PROFILE_OVERDUE);
    if (payer_side == NULL) return 0; /* no wallet: 45 is lower than all that follows */
    model_refuse_if(m, !personal && payer_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    model_refuse_if(m, personal && another && payer_side->local_sharing_enabled == 0,
                    GJ_REGION_NOT_OPEN_PAYER);
    model_refuse_if(m, !personal && payee_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
    model_refuse_if(m, model_out_of_hours(m, payer_side) || model_out_of_hours(m, payee_side),
                    GJ_OUTSIDE_SERVICE_HOURS);
    if (personal) model_crosses(m, a, b);
    if (another) model_related(m, op->person, op->other, !personal, payer_side);
    premium_sold(m, op, payee_side);
    model_refuse_if(m, personal && another && model_above_quota(m, payer, payer_side, op->amount),
                    GJ_ANNUAL_QUOTA_EXCEEDED);
    model_refuse_if(m, op->amount > model_available(m, payer, op->kind), GJ_INSUFFICIENT_BALANCE);
    if (m->lowest != 255) return 0;
    model_post(m, payer, op->kind, -op->amount);
    m->regions[b].premium += op->amount;
    model_across(m, a, b, op->amount);
    model_count_used(m, m->now, 0, op->amount);
    m->now->moved[0] = op->amount;
    m->now->reversal_days = payee_side->reversal_days;
    m->premiums[m->premium_count++] = (struct model_premium){op->other, op->arg, op->detail};
    reply->balance = model_posted(payer, op->kind);
    reply->amount = op->amount;
    return GJ_OK;
}

unsigned model_transfer(struct model *m, const struct gj_op *op, struct gj_reply *reply)
{
    switch (op->type) {
    case GJ_OP_DEPOSIT: return deposit(m, op, reply);
    case GJ_OP_TRANSFER: return transfer(m, op, reply);
    case GJ_OP_ACCEPT: return accept(m, op, reply);
    case GJ_OP_RETURN: return give_back(m, op, reply);
    default: return premium(m, op, reply);
    }
}
