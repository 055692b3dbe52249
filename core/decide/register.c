/* core/decide/register.c -- regions, institutions, persons: what is registered, not moved. */
#include "core/decide/decider.h"
#include "core/decide/rules.h"

#include <string.h>

#include "core/format/policy_check.h"

/* Another region has this (province, name). */
static bool name_taken(const struct state *s, uint16_t region, const struct gj_region_ext *ext)
{
    for (uint16_t i = 1; i < GJ_REGIONS_MAX; i++) {
        if (i != region && s->regions[i].version != 0 &&
            memcmp(s->regions[i].data.name, ext->name, sizeof(ext->name)) == 0 &&
            memcmp(s->regions[i].data.province, ext->province, sizeof(ext->province)) == 0) {
            return true;
        }
    }
    return false;
}

void decide_set_region(struct decider *d)
{
    const struct gj_region_ext *ext = (const struct gj_region_ext *)(d->op + 1);
    const struct region *r = &d->s->regions[d->op->arg];
    uint64_t from_ms = d->op->other;
    uint32_t last = r->next_version != 0 ? r->next_version : r->version;
    int64_t furthest = last == 0 ? GJ_POLICY_FIRST_MAX : (int64_t)last + GJ_POLICY_STEP_MAX;
    lower_if(d, (uint32_t)d->op->amount <= last, GJ_POLICY_VERSION_STALE);
    lower_if(d, d->op->amount > furthest, GJ_POLICY_INVALID);
    lower_if(d, from_ms != 0 && from_ms < d->in->time_ms, GJ_POLICY_INVALID);
    /* Before its first policy begins a region would exist without rules. */
    lower_if(d, r->version == 0 && from_ms > d->in->time_ms, GJ_POLICY_INVALID);
    lower_if(d, !policy_valid(&ext->policy), GJ_POLICY_INVALID);
    lower_if(d, !region_names_valid(ext) || name_taken(d->s, d->op->arg, ext), GJ_POLICY_INVALID);
    if (r->version == 0) d->effect->flags |= EFFECT_CREATED;
    d->effect->region_source = d->op->arg;
    d->effect->region_target = d->op->arg;
}

void decide_set_institution(struct decider *d)
{
    const struct gj_op *op = d->op;
    const struct gj_institution_ext *ext = (const struct gj_institution_ext *)(op + 1);
    lower_if(d, d->s->regions[op->arg].version == 0, GJ_REGION_NOT_FOUND);
    d->effect->region_target = op->arg;

    uint32_t slot = institution_find(d->s, op->other);
    if (slot == SLOT_NONE) {
        d->effect->flags |= EFFECT_CREATED;
        d->effect->slot_other = d->s->institutions_count;
        if (d->s->institutions_count >= d->s->config.institutions_max) {
            d->capacity = GJ_CAPACITY_RECORDS;
        }
        return;
    }
    const struct institution *inst = &d->s->institutions[slot];
    d->effect->slot_other = slot;
    lower_if(d,
             inst->region != op->arg || inst->type != op->kind ||
                 memcmp(inst->code, ext->code, sizeof(inst->code)) != 0,
             GJ_INST_EXISTS_DIFFERENT);
    if (inst->scenarios == op->detail && inst->flags == op->flags) d->success = GJ_OK_NOOP;
}

/* Flags of a person as OPEN_PERSON gives them. */
static uint32_t opened_flags(const struct gj_op *op)
{
    return (op->kind == GJ_INSURANCE_RESIDENT ? PERSON_RESIDENT : 0) |
           (op->detail == GJ_STATUS_STOPPED ? PERSON_STOPPED : 0) |
           (op->flags & GJ_FLAG_SPECIAL ? PERSON_SPECIAL : 0);
}

void decide_open_person(struct decider *d)
{
    lower_if(d, d->s->regions[d->op->arg].version == 0, GJ_REGION_NOT_FOUND);
    d->effect->region_source = d->op->arg;
    d->effect->region_target = d->op->arg;
    if (d->effect->slot_first != SLOT_NONE) {
        const struct person *p = &d->s->persons[d->effect->slot_first];
        check_open(d, p);
        uint32_t given = PERSON_RESIDENT | PERSON_STOPPED | PERSON_SPECIAL;
        lower_if(d, p->insured_region != d->op->arg || (p->flags & given) != opened_flags(d->op),
                 GJ_ACCOUNT_EXISTS_DIFFERENT);
        d->success = GJ_OK_NOOP;
        return;
    }
    if (d->refusal != CODE_NONE) return;
    d->effect->flags |= EFFECT_CREATED;
    d->effect->slot_first = d->s->persons_count;
    if (d->s->persons_count >= d->s->config.persons_max) d->capacity = GJ_CAPACITY_PERSONS;
}

void decide_update_person(struct decider *d)
{
    const struct gj_op *op = d->op;
    const struct person *p = first_person(d);
    if (p == NULL) return;
    check_open(d, p);
    const struct person_cold *cold = &d->s->persons_cold[d->effect->slot_first];

    bool resident = (p->flags & PERSON_RESIDENT) != 0;
    bool stopped = (p->flags & PERSON_STOPPED) != 0;
    bool special = (p->flags & PERSON_SPECIAL) != 0;
    bool overdue = (p->flags & PERSON_OVERDUE) != 0;
    bool changed =
        (op->kind != 0 && (op->kind == GJ_INSURANCE_RESIDENT) != resident) ||
        (op->detail != 0 && (op->detail == GJ_STATUS_STOPPED) != stopped) ||
        ((op->flags & GJ_FLAG_SPECIAL_SET) != 0 && ((op->flags & GJ_FLAG_SPECIAL) != 0) != special);
    if (op->flags & GJ_FLAG_PHONE)
        changed |= cold->phone_hash != op->other || overdue;
    else if (op->arg != 0)
        changed |= !overdue || op->arg < cold->changed_on;
    if (!changed) d->success = GJ_OK_NOOP;
}

void decide_confirm_wallet(struct decider *d)
{
    const struct person *p = first_person(d);
    struct side use = side_of(d, d->op->arg);
    d->effect->region_target = use.region;
    lower_if(d, use.policy == NULL, GJ_REGION_NOT_FOUND);
    if (use.policy != NULL) {
        d->effect->policy_target = region_policy_version(d->s, use.region, d->in->time_ms);
        lower_if(d, use.policy->wallet_open == 0, GJ_REGION_NOT_OPEN_PAYER);
    }
    if (p == NULL) return;
    check_open(d, p);
    d->effect->region_source = p->insured_region;
    lower_if(d, (p->flags & PERSON_WALLET) != 0, GJ_WALLET_ALREADY_CONFIRMED);
}

static void decide_uses(struct decider *d, bool off)
{
    const struct person *p = first_person(d);
    if (p == NULL) return;
    check_open(d, p);
    uint32_t bits = d->op->detail == 0 ? (uint32_t)GJ_USE_PAY : d->op->detail;
    uint32_t now = p->flags >> PERSON_SUSPEND_SHIFT & GJ_USE_ALL;
    if ((now & bits) == (off ? bits : 0)) d->success = GJ_OK_NOOP;
}

void decide_suspend(struct decider *d)
{
    decide_uses(d, true);
}

void decide_resume(struct decider *d)
{
    decide_uses(d, false);
}
