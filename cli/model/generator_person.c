/* cli/model/generator_person.c -- institutions, persons, wallets, relations: what money stands
 * on.
 */
#include <string.h>

#include "cli/model/generator_parts.h"

void generate_institution(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_SET_INSTITUTION;
    op->ext_count = 1;
    op->other = 10 + below(g, WORLD_INSTITUTIONS);
    bool usual = g->made < g->setup || chance(g, 80);
    op->arg = (uint16_t)(1 + op->other % WORLD_CENTRES);
    if (rarely(g, 30) || g->region_count != 0) op->arg = generator_region(g);
    op->kind = (uint8_t)(rarely(g, 30) ? 1 + below(g, 2) : GJ_HOSPITAL);
    op->detail = usual ? GJ_SCENARIO_MASK_ALL : (uint8_t)(1 + below(g, 31));
    op->flags = GJ_FLAG_WALLET;
    if (!usual && chance(g, 30)) op->flags = 0;
    if (!usual && chance(g, 20)) op->flags |= GJ_FLAG_SUSPENDED;
    struct gj_institution_ext *ext = (struct gj_institution_ext *)ret->ext;
    static const char edges[] = {0x1F, 0x20, 0x21, 0x7E, 0x7F, (char)0x80};
    if (!rarely(g, 20)) snprintf(ext->code, sizeof(ext->code), "H%u", (unsigned)op->other);
    if (g->plain) return;
    if (rarely(g, 60)) ext->code[below(g, 4)] = edges[below(g, sizeof(edges))];
    if (rarely(g, 20)) memcpy(ext->code, "0123456789abcdef", sizeof(ext->code));
}

void generate_person(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_OPEN_PERSON;
    op->person = 100 + below(g, WORLD_PERSONS);
    op->arg = generator_region(g);
    op->kind = chance(g, 65) ? GJ_INSURANCE_EMPLOYEE : GJ_INSURANCE_RESIDENT;
    op->detail = rarely(g, 50) ? GJ_STATUS_STOPPED : GJ_STATUS_ACTIVE;
    if (chance(g, 20)) op->flags = GJ_FLAG_SPECIAL;
    const struct model_person *p = generator_look_up(m, op->person);
    if (g->hoard && m->person_count == 0) {
        op->person = WORLD_HOARDER;
        op->kind = GJ_INSURANCE_EMPLOYEE;
        op->detail = GJ_STATUS_ACTIVE;
    }
    if (p == NULL || chance(g, 40)) return;
    op->arg = p->region;
    op->kind = p->insurance;
    op->detail = p->status;
    op->flags = p->special ? GJ_FLAG_SPECIAL : 0;
}

void generate_update(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_UPDATE_PERSON;
    op->person = generator_known_person(g, m);
    if (g->hoard && op->person == WORLD_HOARDER) op->person++;
    if (chance(g, 12)) op->kind = chance(g, 60) ? GJ_INSURANCE_EMPLOYEE : GJ_INSURANCE_RESIDENT;
    if (chance(g, 50)) op->detail = chance(g, 92) ? GJ_STATUS_ACTIVE : GJ_STATUS_STOPPED;
    if (chance(g, 20)) op->flags |= GJ_FLAG_SPECIAL_SET | (chance(g, 50) ? GJ_FLAG_SPECIAL : 0);
    if (chance(g, 30)) {
        op->flags |= GJ_FLAG_PHONE;
        op->other = 1 + below(g, 3);
    }
    if (chance(g, 15)) op->arg = (uint16_t)(generator_today(g) + 1 - below(g, 20));
    if (rarely(g, 3)) op->arg = UINT16_MAX;
}

void generate_wallet(struct generator *g, const struct model *m, struct generated *ret)
{
    ret->op.type = GJ_OP_CONFIRM_WALLET;
    ret->op.person = generator_known_person(g, m);
    ret->op.other = below(g, 3);
    ret->op.arg = generator_region(g);
    ret->op.auth = generator_auth(g);
}

static int64_t any_cap(struct generator *g)
{
    return chance(g, 50) ? -1 : (int64_t)below(g, chance(g, 50) ? 3000 : 60000);
}

void generate_bind(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = GJ_OP_BIND;
    op->person = generator_known_person(g, m);
    op->other = generator_known_person(g, m);
    op->kind = (uint8_t)(1 + below(g, 8));
    op->amount = any_cap(g);
    op->auth = generator_auth(g);
    const struct model_relation *r = generator_relation(g, m);
    if (m->kept_count > 0 && chance(g, 30)) { /* one whose place is kept comes again */
        r = &m->kept[below(g, m->kept_count)];
    } else if (r == NULL || chance(g, 80)) {
        return;
    }
    op->person = r->payer;
    op->other = r->member;
    op->kind = chance(g, 80) ? r->kind : op->kind;
    op->amount = chance(g, 80) ? r->cap : op->amount;
}

void generate_unbind_or_cap(struct generator *g, const struct model *m, struct generated *ret)
{
    struct gj_op *op = &ret->op;
    op->type = chance(g, 40) ? GJ_OP_UNBIND : GJ_OP_SET_CAP;
    op->person = generator_known_person(g, m);
    op->other = generator_known_person(g, m);
    if (op->type == GJ_OP_SET_CAP) {
        op->amount = any_cap(g);
        op->auth = generator_auth(g);
        if (chance(g, 20)) op->other = 0;
    }
    const struct model_relation *r = generator_relation(g, m);
    if (r == NULL || chance(g, 20)) return;
    op->person = r->payer;
    if (op->other != 0) op->other = r->member;
    if (op->type == GJ_OP_SET_CAP && chance(g, 30)) op->amount = generator_near(g, r->used);
    if (op->type == GJ_OP_SET_CAP && chance(g, 20)) op->amount = r->cap;
    if (op->amount < -1) op->amount = -1;
}

void generate_suspend(struct generator *g, const struct model *m, struct generated *ret)
{
    ret->op.type = chance(g, 12) ? GJ_OP_SUSPEND : GJ_OP_RESUME;
    ret->op.person = generator_known_person(g, m);
    if (ret->op.type == GJ_OP_RESUME && chance(g, 60)) {
        ret->op.detail = GJ_USE_ALL;
    } else {
        ret->op.detail = (uint8_t)(chance(g, 70) ? 1u << below(g, 4) : below(g, 16));
    }
}

void generate_change_region(struct generator *g, const struct model *m, struct generated *ret)
{
    ret->op.type = GJ_OP_CHANGE_REGION;
    ret->op.person = generator_known_person(g, m);
    ret->op.arg = generator_region(g);
    ret->op.auth = generator_auth(g);
    for (unsigned i = 0; i < 4; i++) {
        const struct model_person *p = generator_look_up(m, ret->op.person);
        if (p != NULL && p->confirmed && p->use_region != ret->op.arg) break;
        ret->op.person = generator_known_person(g, m);
    }
}

void generate_close(struct generator *g, const struct model *m, struct generated *ret)
{
    ret->op.type = GJ_OP_CLOSE_PERSON;
    ret->op.person = generator_known_person(g, m);
    ret->op.detail = chance(g, 60) ? GJ_PAYOUT_CASH : GJ_PAYOUT_NONE;
    const struct model_person *p = generator_look_up(m, ret->op.person);
    bool empty = p != NULL && p->personal == 0 && p->wallet == 0;
    if (empty && chance(g, 70)) ret->op.detail = GJ_PAYOUT_NONE;
}
