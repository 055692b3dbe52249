/* cli/model/model_undo.c -- the model's rules for giving money back: refund and reverse. */
#include <string.h>

#include "cli/model/model.h"

/* Today is later than the policy it began under allows. */
static bool too_late(const struct model *m, const struct model_request *r, uint16_t days)
{
    return days != 65535 && (unsigned)m->day > (unsigned)r->day + days;
}

/* 44 and 165 of an account that is credited. */
static void refuse_credit(struct model *m, const struct model_person *p, uint8_t source,
                          int64_t amount)
{
    if (amount == 0) return;
    model_refuse_if(m, p->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, model_posted(p, source) + amount > GJ_AMOUNT_MAX, GJ_AMOUNT_OVERFLOW);
}

/* 44 and 115 of an account that is debited. */
static void refuse_debit(struct model *m, const struct model_person *p, uint8_t source,
                         int64_t amount)
{
    if (amount == 0) return;
    model_refuse_if(m, p->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, model_available(m, p, source) < amount, GJ_PAYEE_FUNDS_SPENT);
}

/* Moves `amounts` from the institution of a payment to its sources; below 0 the other way. */
static void post_sources(struct model *m, const struct model_request *payment,
                         const int64_t amounts[GJ_SOURCES_MAX])
{
    struct model_institution *institution =
        model_find_institution(m, model_listing(m, payment)->op.other);
    int64_t total = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (amounts[i] == 0) continue;
        struct model_person *owner = model_owner(m, payment, i);
        uint8_t source = model_source(m, payment, i);
        uint16_t book = model_book(owner, source);
        model_post(m, owner, source, amounts[i]);
        model_post_institution(m, institution, -amounts[i]);
        if (amounts[i] > 0) model_across(m, institution->region, book, amounts[i]);
        if (amounts[i] < 0) model_across(m, book, institution->region, -amounts[i]);
        model_count_used(m, payment, i, -amounts[i]);
        total += amounts[i];
    }
    model_count_institution(m, institution, -total);
}

/* The balance that PAY, CAPTURE and what undoes them answer. */
static int64_t first_balance(struct model *m, const struct model_request *r)
{
    return model_posted(model_owner(m, r, 0), model_source(m, r, 0));
}

/* What of `amount` goes back to each source, the last listed first; what no source takes is left
 * out. */
static void share_back(const struct model_request *payment, int64_t amount,
                       int64_t ret[GJ_SOURCES_MAX])
{
    for (unsigned i = GJ_SOURCES_MAX; i-- > 0;) {
        int64_t back = payment->moved[i] - payment->refunded[i];
        ret[i] = back < amount ? back : amount;
        amount -= ret[i];
    }
}

static unsigned refund(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                       struct gj_reply_sources *sources)
{
    const struct gj_rid *rid = model_original_rid(op);
    model_refuse_if(m, model_find_person(m, op->person) == NULL, GJ_PERSON_NOT_FOUND);
    if (model_rid_ms(rid) < m->rid_low_water_ms) {
        model_refuse_if(m, true, GJ_REVERSAL_WINDOW_CLOSED);
        return 0;
    }
    uint32_t at = model_find_request(m, op->person, rid);
    struct model_request *r = at == MODEL_NONE ? NULL : &m->requests[at];
    if (r == NULL || !gj_code_ok(r->reply.code)) {
        model_refuse_if(m, true, GJ_ORIGINAL_NOT_FOUND);
        return 0;
    }
    if (r->reversed) {
        model_refuse_if(m, true, GJ_ALREADY_REVERSED);
        return 0;
    }
    if (r->op.type != GJ_OP_PAY && r->op.type != GJ_OP_CAPTURE) {
        model_refuse_if(m, true, GJ_NOT_REVERSIBLE);
        return 0;
    }
    int64_t back[GJ_SOURCES_MAX], refundable = 0;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) refundable += r->moved[i] - r->refunded[i];
    model_refuse_if(m, too_late(m, r, r->refund_days), GJ_REVERSAL_WINDOW_CLOSED);
    model_refuse_if(m, op->amount > refundable, GJ_REFUND_EXCEEDS_CAPTURED);
    share_back(r, op->amount, back);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        refuse_credit(m, model_owner(m, r, i), model_source(m, r, i), back[i]);
    }
    if (m->lowest != 255) return 0;
    m->now->root = at;
    post_sources(m, r, back);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        m->now->moved[i] = back[i];
        r->refunded[i] += back[i];
    }
    reply->flags |= GJ_REPLY_SOURCES;
    reply->balance = first_balance(m, r);
    reply->amount = op->amount;
    memcpy(sources->taken, back, sizeof(sources->taken));
    sources->remainder = refundable - op->amount;
    return GJ_OK;
}

static bool reversible(const struct model_request *r)
{
    switch (r->op.type) {
    case GJ_OP_DEPOSIT:
    case GJ_OP_REFUND:
    case GJ_OP_PAY_PREMIUM: return true;
    case GJ_OP_TRANSFER: return r->phase == PHASE_SETTLED || r->phase == PHASE_ENDED;
    case GJ_OP_PAY:
    case GJ_OP_CAPTURE: return r->refunded[0] == 0 && r->refunded[1] == 0 && r->refunded[2] == 0;
    default: return false;
    }
}

static void reverse_deposit(struct model *m, struct model_request *r)
{
    struct model_person *p = model_owner(m, r, 0);
    refuse_debit(m, p, GJ_SOURCE_PERSONAL, r->moved[0]);
    if (m->lowest != 255) return;
    model_post(m, p, GJ_SOURCE_PERSONAL, -r->moved[0]);
    m->regions[p->region].fund -= r->moved[0];
    if (r->quota_year == m->year) p->credits -= r->moved[0];
}

static void reverse_transfer(struct model *m, struct model_request *r)
{
    struct model_person *payer = model_owner(m, r, 0), *payee = model_find_person(m, r->op.other);
    refuse_debit(m, payee, GJ_SOURCE_WALLET, r->moved[0]);
    refuse_credit(m, payer, r->op.kind, r->moved[0]);
    if (m->lowest != 255) return;
    model_post(m, payee, GJ_SOURCE_WALLET, -r->moved[0]);
    model_post(m, payer, r->op.kind, r->moved[0]);
    model_across(m, payee->use_region, model_book(payer, r->op.kind), r->moved[0]);
    model_count_used(m, r, 0, -r->moved[0]);
}

static void reverse_payment(struct model *m, struct model_request *r)
{
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        refuse_credit(m, model_owner(m, r, i), model_source(m, r, i), r->moved[i]);
    }
    if (m->lowest == 255) post_sources(m, r, r->moved);
}

static void reverse_refund(struct model *m, struct model_request *r)
{
    struct model_request *payment = &m->requests[r->root];
    int64_t again[GJ_SOURCES_MAX];
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        refuse_debit(m, model_owner(m, r, i), model_source(m, r, i), r->moved[i]);
        again[i] = -r->moved[i];
    }
    if (m->lowest != 255) return;
    post_sources(m, payment, again);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) payment->refunded[i] -= r->moved[i];
}

static void reverse_premium(struct model *m, struct model_request *r)
{
    struct model_person *payer = model_owner(m, r, 0);
    refuse_credit(m, payer, r->op.kind, r->moved[0]);
    if (m->lowest != 255) return;
    uint16_t sold_in = model_find_person(m, r->op.other)->region;
    model_post(m, payer, r->op.kind, r->moved[0]);
    m->regions[sold_in].premium -= r->moved[0];
    model_across(m, sold_in, model_book(payer, r->op.kind), r->moved[0]);
    model_count_used(m, r, 0, -r->moved[0]);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->premium_count; i++) {
        const struct model_premium *p = &m->premiums[i];
        bool this_one =
            p->beneficiary == r->op.other && p->year == r->op.arg && p->product == r->op.detail;
        if (!this_one) m->premiums[kept++] = *p;
    }
    m->premium_count = kept;
}

static void reverse_as(struct model *m, struct model_request *r)
{
    switch (r->op.type) {
    case GJ_OP_DEPOSIT: reverse_deposit(m, r); break;
    case GJ_OP_TRANSFER: reverse_transfer(m, r); break;
    case GJ_OP_REFUND: reverse_refund(m, r); break;
    case GJ_OP_PAY_PREMIUM: reverse_premium(m, r); break;
    default: reverse_payment(m, r); break;
    }
}

/* 111, 112, and the floor of the payment that was refunded: with them nothing else is asked. */
static bool refused_by_state(struct model *m, const struct model_request *r)
{
    if (r->reversed) {
        model_refuse_if(m, true, GJ_ALREADY_REVERSED);
    } else if (!reversible(r)) {
        model_refuse_if(m, true, GJ_NOT_REVERSIBLE);
    } else if (r->op.type == GJ_OP_REFUND) {
        bool below = model_rid_ms(&m->requests[r->root].op.rid) < m->rid_low_water_ms;
        model_refuse_if(m, below, GJ_REVERSAL_WINDOW_CLOSED);
    }
    return m->lowest != 255;
}

static unsigned reverse(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                        struct gj_reply_sources *sources)
{
    const struct gj_rid *rid = model_original_rid(op);
    if (model_rid_ms(rid) < m->rid_low_water_ms) {
        model_refuse_if(m, true, GJ_REVERSAL_WINDOW_CLOSED);
        return 0;
    }
    if (model_tombstoned(m, op->person, rid)) return GJ_OK_TOMBSTONED;
    uint32_t at = model_find_request(m, op->person, rid);
    if (at == MODEL_NONE) {
        m->tombstones[m->tombstone_count++] = (struct model_tombstone){
            .early = model_early(m, rid), .key = {op->person, *rid}, .by = m->request_count};
        return GJ_OK_TOMBSTONED;
    }
    struct model_request *r = &m->requests[at];
    if (!gj_code_ok(r->reply.code)) return GJ_OK_NOOP;
    if (refused_by_state(m, r)) return 0;
    uint16_t days = r->op.type == GJ_OP_REFUND ? 0 : r->reversal_days;
    model_refuse_if(m, too_late(m, r, days), GJ_REVERSAL_WINDOW_CLOSED);
    reverse_as(m, r);
    if (m->lowest != 255) return 0;
    r->reversed = true;
    reply->balance = first_balance(m, r);
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) reply->amount += r->moved[i];
    if (model_source(m, r, 1) != 0) {
        reply->flags |= GJ_REPLY_SOURCES;
        memcpy(sources->taken, r->moved, sizeof(sources->taken));
    }
    return GJ_OK;
}

unsigned model_undo(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                    struct gj_reply_sources *sources)
{
    if (op->type == GJ_OP_REFUND) return refund(m, op, reply, sources);
    return reverse(m, op, reply, sources);
}
