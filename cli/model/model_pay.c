/* cli/model/model_pay.c -- the model's rules for paying, at once and by hold and capture. */
#include <string.h>

#include "cli/model/model.h"

/* One listed source of a payment. */
struct listed {
    uint8_t source;
    struct model_person *owner; /* NULL: missing */
    const struct gj_policy *side;
    uint16_t region;
    int64_t taken;
};

struct payment {
    const struct gj_op *op;
    struct gj_pay_ext ext;
    struct model_person *patient; /* NULL: missing, as the next */
    struct model_institution *institution;
    const struct gj_policy *payee_side;
    struct listed listed[GJ_SOURCES_MAX];
    unsigned count;
    struct model_relation *relation; /* relative and patient */
    int64_t total, rest;
};

static void read_payment(struct model *m, const struct gj_op *op, struct payment *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->op = op;
    if (op->ext_count == 1) memcpy(&ret->ext, op + 1, sizeof(ret->ext));
    ret->patient = model_find_person(m, op->person);
    ret->institution = model_find_institution(m, op->other);
    if (ret->institution != NULL) ret->payee_side = model_policy(m, ret->institution->region);
    ret->relation = model_find_relation(m, ret->ext.relative, op->person);
    while (ret->count < GJ_SOURCES_MAX && (op->kind >> (2 * ret->count) & 3) != 0) {
        struct listed *l = &ret->listed[ret->count];
        l->source = op->kind >> (2 * ret->count++) & 3;
        l->owner = ret->patient;
        if (l->source == GJ_SOURCE_RELATIVE) l->owner = model_find_person(m, ret->ext.relative);
    }
}

static void refuse_patient(struct model *m, const struct payment *p)
{
    const struct model_person *patient = p->patient;
    model_refuse_if(m, patient == NULL, GJ_PERSON_NOT_FOUND);
    if (patient == NULL) return;
    model_refuse_if(m, (patient->suspended & GJ_USE_PAY) != 0, GJ_ACCOUNT_SUSPENDED);
    model_refuse_if(m, patient->closed, GJ_ACCOUNT_CLOSED);
    model_refuse_if(m, model_overdue(m, patient), GJ_PROFILE_OVERDUE);
    bool maternity = p->op->detail == GJ_MATERNITY;
    model_refuse_if(m, maternity && patient->insurance == GJ_INSURANCE_RESIDENT,
                    GJ_PURPOSE_NOT_ALLOWED);
}

static void refuse_institution(struct model *m, const struct payment *p)
{
    const struct model_institution *at = p->institution;
    model_refuse_if(m, at == NULL, GJ_INST_NOT_FOUND);
    if (at == NULL) return;
    model_refuse_if(m, (at->flags & GJ_FLAG_SUSPENDED) != 0, GJ_INST_SUSPENDED);
    model_refuse_if(m, (at->scenarios >> (p->op->detail - 1) & 1) == 0,
                    GJ_INST_SCENARIO_NOT_ALLOWED);
    model_refuse_if(m, model_out_of_hours(m, p->payee_side), GJ_OUTSIDE_SERVICE_HOURS);
    if (p->op->type != GJ_OP_HOLD) return;
    uint32_t timeout = p->ext.timeout_s, longest = p->payee_side->hold_timeout_max_s;
    if (timeout == 0) timeout = longest;
    model_refuse_if(m, timeout < 1 || timeout > longest, GJ_HOLD_TIMEOUT_INVALID);
}

static void refuse_wallet(struct model *m, const struct payment *p, const struct listed *l)
{
    const struct model_institution *at = p->institution;
    model_refuse_if(m, l->side != NULL && l->side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    if (at == NULL) return;
    model_refuse_if(m, p->payee_side->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYEE);
    model_refuse_if(m, (at->flags & GJ_FLAG_WALLET) == 0, GJ_INST_NOT_WALLET_ENABLED);
    uint8_t rule = model_policy(m, p->patient->region)->place_rule;
    bool insured = at->region == p->patient->region;
    bool use = at->region == p->patient->use_region;
    bool right = rule == GJ_PLACE_INSURED ? insured : rule == GJ_PLACE_USE ? use : insured || use;
    model_refuse_if(m, !right, GJ_WRONG_PLACE_OF_USE);
}

static void refuse_relative(struct model *m, const struct payment *p, const struct listed *l)
{
    model_refuse_if(m, (l->owner->suspended & GJ_USE_PAY) != 0, GJ_ACCOUNT_SUSPENDED);
    model_refuse_if(m, l->owner->closed, GJ_ACCOUNT_CLOSED);
    model_gives(m, l->owner, GJ_SOURCE_RELATIVE, l->side);
    model_refuse_if(m, model_overdue(m, l->owner), GJ_PROFILE_OVERDUE);
    model_refuse_if(m, l->side->local_sharing_enabled == 0, GJ_REGION_NOT_OPEN_PAYER);
    model_related(m, p->ext.relative, p->op->person, false, l->side);
    if (p->patient != NULL) model_receives(m, p->patient, p->payee_side);
}

static void refuse_source(struct model *m, const struct payment *p, struct listed *l)
{
    model_refuse_if(m, l->owner == NULL, GJ_PERSON_NOT_FOUND);
    if (l->owner == NULL) return;
    l->region = model_has_source(m, l->owner, l->source);
    l->side = model_policy(m, l->region);
    if (l->side != NULL) {
        uint8_t purposes = l->side->purpose_mask_personal;
        if (l->source == GJ_SOURCE_WALLET) purposes = l->side->purpose_mask_wallet;
        if (l->source == GJ_SOURCE_RELATIVE) purposes = l->side->purpose_mask_relative;
        model_refuse_if(m, (purposes >> (p->op->detail - 1) & 1) == 0, GJ_PURPOSE_NOT_ALLOWED);
        model_refuse_if(m, (l->side->auth_mask_pay >> p->op->auth & 1) == 0,
                        GJ_AUTH_METHOD_REQUIRED);
        model_refuse_if(m, model_out_of_hours(m, l->side), GJ_OUTSIDE_SERVICE_HOURS);
    }
    if (l->source == GJ_SOURCE_WALLET) {
        refuse_wallet(m, p, l);
        return;
    }
    if (p->institution != NULL) model_crosses(m, l->region, p->institution->region);
    if (l->source == GJ_SOURCE_RELATIVE) refuse_relative(m, p, l);
}

/* The limit of one visit on wallet and relative together, -1 = none. */
static int64_t visit_limit(const struct model *m, const struct payment *p)
{
    const struct gj_policy *policy = model_policy(m, p->patient->region);
    int64_t limit = 0;
    if (p->op->detail == GJ_OUTPATIENT) limit = policy->outpatient_single_fen;
    if (p->op->detail == GJ_SPECIAL_DISEASE) {
        limit = p->patient->special ? policy->special_single_fen : policy->outpatient_single_fen;
    }
    return limit > 0 ? limit : -1;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What the source can give; every bound that alone would not cover `rest` lowers `bound`. */
static int64_t most_of(struct model *m, const struct payment *p, const struct listed *l,
                       unsigned *bound)
{
    int64_t available = model_available(m, l->owner, l->source);
    if (available < p->rest) *bound = *bound < 164 ? *bound : 164;
    if (l->source != GJ_SOURCE_RELATIVE) return available;
    if (p->relation->cap != -1) {
        int64_t left = p->relation->cap - p->relation->used;
        if (left < 0) left = 0;
        if (left < p->rest) *bound = *bound < 160 ? *bound : 160;
        available = smaller(available, left);
    }
    int64_t quota = model_quota(m, l->owner, l->side);
    if (quota >= 0) {
        int64_t left = quota - l->owner->used;
        if (left < 0) left = 0;
        if (left < p->rest) *bound = *bound < 161 ? *bound : 161;
        available = smaller(available, left);
    }
    return available;
}

static void share_out(struct model *m, struct payment *p)
{
    bool partial = (p->op->flags & GJ_FLAG_PARTIAL) != 0;
    int64_t limit = visit_limit(m, p), limited = 0;
    unsigned bound = 255; /* lowest of 159, 160, 161, 164 below what was asked of its source */
    p->rest = p->op->amount;
    for (unsigned i = 0; i < p->count; i++) {
        struct listed *l = &p->listed[i];
        bool visit = l->source != GJ_SOURCE_PERSONAL;
        if (limit >= 0 && visit && p->rest > limit - limited) bound = 159;
        l->taken = smaller(p->rest, most_of(m, p, l, &bound));
        if (partial && limit >= 0 && visit) l->taken = smaller(l->taken, limit - limited);
        if (visit) limited += l->taken;
        p->rest -= l->taken;
        p->total += l->taken;
    }
    model_refuse_if(m, limit >= 0 && limited > limit, GJ_OUTPATIENT_SINGLE_LIMIT);
    model_refuse_if(m, p->rest > 0 && (!partial || p->total == 0), bound);
}

/* Everything of the contract's table of PAY. False: refused. */
static bool decide_payment(struct model *m, struct payment *p)
{
    model_refuse_if(m, p->ext.personal_part != 0 && p->op->amount > p->ext.personal_part,
                    GJ_SPLIT_MISMATCH);
    refuse_patient(m, p);
    refuse_institution(m, p);
    for (unsigned i = 0; i < p->count; i++) refuse_source(m, p, &p->listed[i]);
    if (m->lowest != 255) return false;
    share_out(m, p);
    return m->lowest == 255;
}

/* What PAY and HOLD remember and answer alike. */
static unsigned payment_answer(struct model *m, const struct payment *p, struct gj_reply *reply,
                               struct gj_reply_sources *sources)
{
    for (unsigned i = 0; i < p->count; i++) {
        m->now->moved[i] = p->listed[i].taken;
        model_count_used(m, m->now, i, p->listed[i].taken);
    }
    reply->balance = model_posted(p->listed[0].owner, p->listed[0].source);
    reply->amount = p->total;
    if (p->count > 1 || p->rest > 0) {
        reply->flags |= GJ_REPLY_SOURCES;
        memcpy(sources->taken, m->now->moved, sizeof(sources->taken));
        sources->remainder = p->rest;
    }
    return p->rest > 0 ? GJ_OK_PARTIAL : GJ_OK;
}

static void remember_terms(struct model *m, const struct payment *p)
{
    m->now->refund_days = p->payee_side->refund_days;
    m->now->reversal_days = p->payee_side->reversal_days;
    if (p->relation != NULL) m->now->relation = p->relation->number;
}

unsigned model_pay(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                   struct gj_reply_sources *sources)
{
    struct payment p;
    read_payment(m, op, &p);
    if (!decide_payment(m, &p)) return 0;
    remember_terms(m, &p);
    for (unsigned i = 0; i < p.count; i++) {
        const struct listed *l = &p.listed[i];
        model_post(m, l->owner, l->source, -l->taken);
        model_post_institution(m, p.institution, l->taken);
        model_across(m, l->region, p.institution->region, l->taken);
    }
    model_count_institution(m, p.institution, p.total);
    return payment_answer(m, &p, reply, sources);
}

static unsigned hold(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                     struct gj_reply_sources *sources)
{
    struct payment p;
    read_payment(m, op, &p);
    if (!decide_payment(m, &p)) return 0;
    uint64_t givers[2] = {op->person, 0};
    for (unsigned i = 0; i < p.count; i++) {
        m->now->left[i] = p.listed[i].taken;
        bool relative = p.listed[i].source == GJ_SOURCE_RELATIVE;
        if (relative && p.listed[i].taken > 0) givers[1] = p.ext.relative;
    }
    if (!model_room(m, givers, 0)) return GJ_CAPACITY_RECORDS;
    remember_terms(m, &p);
    uint64_t timeout = p.ext.timeout_s != 0 ? p.ext.timeout_s : p.payee_side->hold_timeout_max_s;
    m->now->due_ms = m->time_ms + timeout * 1000;
    model_open(m);
    return payment_answer(m, &p, reply, sources);
}

/* The open hold that CAPTURE and RELEASE mean; NULL with 100 to 103. */
static struct model_request *open_hold(struct model *m, const struct gj_op *op)
{
    const struct gj_rid *rid = model_original_rid(op);
    uint32_t at = model_find_request(m, op->person, rid);
    struct model_request *r = at == MODEL_NONE ? NULL : &m->requests[at];
    bool open = r != NULL && r->phase == PHASE_OPEN;
    bool unknown = r == NULL || !gj_code_ok(r->reply.code) || r->op.type != GJ_OP_HOLD;
    unknown |= !open && model_rid_ms(rid) < m->rid_low_water_ms;
    unsigned code = 255;
    if (unknown) {
        code = GJ_HOLD_NOT_FOUND;
    } else if (r->phase == PHASE_ENDED) {
        code = GJ_HOLD_CAPTURED;
    } else if (r->phase == PHASE_FREED) {
        code = GJ_HOLD_RELEASED;
    } else if (r->phase == PHASE_EXPIRED) {
        code = GJ_HOLD_EXPIRED;
    }
    model_refuse_if(m, code != 255, code);
    return code == 255 ? r : NULL;
}

static int64_t sum_of(const int64_t fen[GJ_SOURCES_MAX])
{
    return fen[0] + fen[1] + fen[2];
}

static unsigned capture(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                        struct gj_reply_sources *sources)
{
    struct model_person *patient = model_find_person(m, op->person);
    model_refuse_if(m, patient == NULL, GJ_PERSON_NOT_FOUND);
    model_refuse_if(m, patient != NULL && patient->closed, GJ_ACCOUNT_CLOSED);
    struct model_request *r = open_hold(m, op);
    if (r == NULL) return 0;
    model_refuse_if(m, op->amount > sum_of(r->left), GJ_CAPTURE_EXCEEDS_HOLD);
    if (m->lowest != 255) return 0;
    struct model_institution *institution = model_find_institution(m, r->op.other);
    m->now->root = (uint32_t)(r - m->requests);
    m->now->refund_days = r->refund_days;
    m->now->reversal_days = r->reversal_days;
    int64_t rest = op->amount;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        int64_t taken = smaller(rest, r->left[i]);
        if (taken == 0) continue;
        struct model_person *owner = model_owner(m, r, i);
        uint8_t source = model_source(m, r, i);
        r->left[i] -= taken;
        rest -= taken;
        model_post(m, owner, source, -taken);
        model_post_institution(m, institution, taken);
        model_across(m, model_book(owner, source), institution->region, taken);
        m->now->moved[i] = taken;
    }
    model_count_institution(m, institution, op->amount);
    if ((op->flags & GJ_FLAG_FINAL) != 0 || sum_of(r->left) == 0) model_end(m, r, PHASE_ENDED);
    reply->flags |= GJ_REPLY_SOURCES;
    reply->balance = model_posted(model_owner(m, r, 0), model_source(m, r, 0));
    reply->amount = op->amount;
    memcpy(sources->taken, m->now->moved, sizeof(sources->taken));
    sources->remainder = sum_of(r->left);
    return GJ_OK;
}

static unsigned release(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                        struct gj_reply_sources *sources)
{
    model_refuse_if(m, model_find_person(m, op->person) == NULL, GJ_PERSON_NOT_FOUND);
    struct model_request *r = open_hold(m, op);
    if (r == NULL || m->lowest != 255) return 0;
    reply->amount = sum_of(r->left);
    reply->balance = model_posted(model_owner(m, r, 0), model_source(m, r, 0));
    if (model_source(m, r, 1) != 0) {
        reply->flags |= GJ_REPLY_SOURCES;
        memcpy(sources->taken, r->left, sizeof(sources->taken));
    }
    model_end(m, r, PHASE_FREED);
    return GJ_OK;
}

unsigned model_hold(struct model *m, const struct gj_op *op, struct gj_reply *reply,
                    struct gj_reply_sources *sources)
{
    switch (op->type) {
    case GJ_OP_HOLD: return hold(m, op, reply, sources);
    case GJ_OP_CAPTURE: return capture(m, op, reply, sources);
    default: return release(m, op, reply, sources);
    }
}
