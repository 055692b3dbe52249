/* cli/model/generator_money.c -- deposits, transfers, payments, holds and premiums, often exactly
 * what a limit allows. */
#include <string.h>

#include "cli/model/generator_parts.h"

/* Often exactly what a limit of this payer's allows. */
static int64_t edge_amount(struct generator *g, const struct model *m, uint64_t payer,
                           uint8_t source, const struct model_relation *relation)
{
    const struct model_person *p = generator_look_up(m, payer);
    if (p == NULL || chance(g, 30)) return generator_amount(g);
    const struct gj_policy *policy = model_policy(m, p->region);
    int64_t balance = model_available(m, p, source);
    switch (below(g, 8)) {
    case 0: return generator_near_amount(g, balance);
    case 1:
        if (relation == NULL || relation->cap < 0) return generator_amount(g);
        return generator_near_amount(g, relation->cap - relation->used);
    case 2: return generator_near_amount(g, policy->outpatient_single_fen);
    case 3: return generator_near_amount(g, policy->special_single_fen);
    case 4: return generator_near_amount(g, policy->transfer_single_fen);
    case 5: return generator_near_amount(g, model_quota(m, p, policy) - p->used);
    case 6: /* leaves just about a premium */
        return generator_near_amount(g, balance - 100 * (1 + (int64_t)below(g, 3)));
    default: return 1 + (int64_t)(generator_random(g) % (uint64_t)(balance / 4 + 2));
    }
}

void generate_deposit(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_DEPOSIT;
    op->person = generator_known_person(g, m);
    if (g->hoard && chance(g, 30)) op->person = WORLD_HOARDER;
    op->amount = generator_amount(g);
    const struct model_person *p = generator_look_up(m, op->person);
    for (unsigned i = 0; i < 3 && p != NULL && (p->closed || !p->account); i++) {
        op->person = generator_known_person(g, m);
        p = generator_look_up(m, op->person);
    }
    if (p != NULL && rarely(g, 30)) op->amount = generator_near(g, GJ_AMOUNT_MAX - p->personal);
    op->amount = generator_odd_amount(g, op->amount);
}

void generate_transfer(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_TRANSFER;
    op->kind = chance(g, 60) ? GJ_SOURCE_PERSONAL : GJ_SOURCE_WALLET;
    op->auth = generator_auth(g);
    op->person = generator_able_person(g, m, op->kind);
    op->other = generator_known_person(g, m);
    const struct model_relation *r = generator_able_relation(g, m, false);
    if (r != NULL && chance(g, 93)) {
        bool back = op->kind == GJ_SOURCE_WALLET && chance(g, 40);
        op->person = back ? r->member : r->payer;
        op->other = back ? r->payer : r->member;
    }
    op->amount = edge_amount(g, m, op->person, op->kind, NULL);
    const struct model_person *payee = generator_look_up(m, op->other);
    if (g->rich && payee != NULL && chance(g, 20)) {
        op->amount = generator_near(g, GJ_AMOUNT_MAX - payee->wallet);
    }
    const struct model_person *payer = generator_look_up(m, op->person);
    if (g->rich && payer != NULL && chance(g, 30)) {
        op->amount = generator_near_amount(g, model_available(m, payer, op->kind));
    }
    op->amount = generator_odd_amount(g, op->amount);
}

void generate_pay(struct generator *g, const struct model *m, struct generated *ret)
{
    static const uint8_t lists[] = {1, 2, 3, 6, 9, 7, 11, 13, 14, 57, 54, 27, 45, 30, 39, 3, 14};
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_PAY;
    op->kind = lists[below(g, sizeof(lists))];
    op->person = generator_able_person(g, m, (uint8_t)gj_sources_at(op->kind, 0));
    op->other = generator_known_institution(g, m);
    op->detail = (uint8_t)(1 + below(g, 5));
    op->auth = generator_auth(g);
    if (chance(g, 40)) op->flags = GJ_FLAG_PARTIAL;
    bool relative = false;
    for (unsigned i = 0; i < 3; i++) {
        relative |= gj_sources_at(op->kind, i) == GJ_SOURCE_RELATIVE;
    }
    const struct model_relation *r = generator_able_relation(g, m, false);
    struct gj_pay_ext *ext = (struct gj_pay_ext *)ret->ext;
    uint64_t owner = op->person;
    uint8_t source = (uint8_t)gj_sources_at(op->kind, 0);
    if (relative) {
        op->ext_count = 1;
        ext->relative = generator_known_person(g, m);
        if (r != NULL && chance(g, 95)) {
            ext->relative = r->payer;
            op->person = r->member;
        }
        owner = source == GJ_SOURCE_RELATIVE ? ext->relative : op->person;
    }
    const struct model_person *patient = generator_look_up(m, op->person);
    if (relative && patient != NULL && !patient->account && chance(g, 90)) {
        static const uint8_t without_personal[] = {3, 14, 11};
        op->kind = without_personal[below(g, patient->confirmed ? 3 : 1)];
        source = (uint8_t)gj_sources_at(op->kind, 0);
        owner = source == GJ_SOURCE_RELATIVE ? ext->relative : op->person;
    }
    /* The institution in a region the sources can reach: the patient's, or the relative's. */
    const struct model_person *near_whom = generator_look_up(m, chance(g, 60) ? owner : op->person);
    if (near_whom != NULL && chance(g, 80)) {
        uint16_t wanted = chance(g, 60) ? near_whom->region : near_whom->use_region;
        for (uint32_t i = 0; i < m->institution_count; i++) {
            if (m->institutions[i].region == wanted) op->other = m->institutions[i].id;
        }
    }
    op->amount = generator_odd_amount(g, edge_amount(g, m, owner, source, r));
    const struct gj_policy *policy = patient == NULL ? NULL : model_policy(m, patient->region);
    if (policy != NULL && chance(g, 15)) {
        /* The limit of one visit, and a few fen around it. */
        op->detail = chance(g, 50) ? GJ_OUTPATIENT : GJ_SPECIAL_DISEASE;
        bool special = op->detail == GJ_SPECIAL_DISEASE && patient->special;
        int64_t limit = special ? policy->special_single_fen : policy->outpatient_single_fen;
        op->amount = generator_near_amount(g, limit);
        if (chance(g, 20)) op->amount += op->amount / 2;
    }
    if (chance(g, 20)) {
        op->ext_count = 1;
        ext->personal_part = chance(g, 60) ? INT64_C(1) << 40 : generator_near(g, op->amount);
        if (g->rich) ext->personal_part = GJ_AMOUNT_MAX;
        if (g->plain && ext->personal_part < 1) ext->personal_part = 1;
        if (rarely(g, 980) || g->plain) return;
        ext->personal_part = (int64_t[]){0, -1, INT64_MIN, GJ_AMOUNT_MAX + 1}[below(g, 4)];
    }
}

void generate_premium(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_PAY_PREMIUM;
    op->kind = chance(g, 60) ? GJ_SOURCE_PERSONAL : GJ_SOURCE_WALLET;
    op->person = generator_able_person(g, m, op->kind);
    op->other = generator_known_person(g, m);
    const struct model_relation *r = generator_able_relation(g, m, true);
    if (r != NULL && chance(g, 75)) {
        bool back = op->kind == GJ_SOURCE_WALLET && chance(g, 40);
        op->person = back ? r->member : r->payer;
        op->other = back ? r->payer : r->member;
    } else if (chance(g, 60)) {
        op->other = op->person;
    }
    for (unsigned i = 0; i < 4; i++) {
        const struct model_person *p = generator_look_up(m, op->other);
        if (p != NULL && p->insurance == GJ_INSURANCE_RESIDENT) break;
        op->other = generator_known_person(g, m);
    }
    op->arg = (uint16_t)(m->year - 2 + below(g, 5));
    op->detail = (uint8_t)(1 + below(g, 8));
    op->amount = 100 + (int64_t)below(g, 3) * 100;
    const struct model_person *beneficiary = generator_look_up(m, op->other);
    const struct gj_policy *policy =
        beneficiary == NULL ? NULL : model_policy(m, beneficiary->region);
    for (unsigned i = 0; i < 4 && policy != NULL && !rarely(g, 50); i++) {
        const struct gj_premium_row *row = &policy->premiums[below(g, 4)];
        if (row->amount != 0) {
            op->arg = row->year;
            op->detail = row->product;
            op->amount = chance(g, 95) ? row->amount : generator_near(g, row->amount);
            i = 4;
        }
    }
    op->amount = generator_odd_amount(g, op->amount);
}

static uint32_t some_timeout(struct generator *g, const struct model *m, uint64_t institution)
{
    static const uint32_t seconds[] = {1, 60, 3600, 86400, 86400, 30 * 86400};
    uint32_t longest = 86400;
    for (uint32_t i = 0; i < m->institution_count; i++) {
        if (m->institutions[i].id != institution) continue;
        longest = model_policy(m, m->institutions[i].region)->hold_timeout_max_s;
    }
    if (chance(g, 30)) return longest + below(g, chance(g, 20) ? 2 : 1);
    uint32_t timeout = seconds[below(g, 6)];
    return timeout < longest || rarely(g, 50) ? timeout : longest;
}

/* One more of as many as one person may have: a fen, near home. */
static void hoard(const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    const struct model_person *hoarder = generator_look_up(m, WORLD_HOARDER);
    *op = (struct gj_op){.type = GJ_OP_HOLD, .person = WORLD_HOARDER, .other = op->other};
    op->kind = GJ_SOURCE_PERSONAL;
    op->detail = GJ_INPATIENT;
    op->auth = GJ_AUTH_FACE;
    op->amount = 1;
    memset(ret->ext, 0, sizeof(ret->ext));
    for (uint32_t i = 0; i < m->institution_count && hoarder != NULL; i++) {
        if (m->institutions[i].region == hoarder->region) op->other = m->institutions[i].id;
    }
}

void generate_hold(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    struct gj_pay_ext *ext = (struct gj_pay_ext *)ret->ext;
    generate_pay(g, m, ret);
    op->type = GJ_OP_HOLD;
    if (g->hoard && chance(g, 97)) {
        hoard(m, ret);
        return;
    }
    if (op->amount > 40 && chance(g, 60)) op->amount = op->amount / (2 + (int64_t)below(g, 30));
    if (chance(g, 30)) return;
    op->ext_count = 1;
    ext->timeout_s = some_timeout(g, m, op->other);
}
