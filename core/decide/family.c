/* core/decide/family.c -- relations: who may spend whose money, and up to which amount. */
#include "core/decide/decider.h"

/* The member's relation exists: only an identical request is already so. */
static void check_existing(struct decider *d, const struct person *payer, uint8_t index)
{
    const struct family *family = &d->s->families[payer->family];
    d->effect->member_index = index;
    lower_if(d, family->kind[index] != d->op->kind || family->cap[index] != d->op->amount,
             GJ_RELATION_EXISTS_DIFFERENT);
    d->success = GJ_OK_NOOP;
}

static void check_new(struct decider *d, const struct person *payer, const struct gj_policy *policy)
{
    d->effect->flags |= EFFECT_CREATED;
    uint8_t count = payer->family == SLOT_NONE ? 0 : d->s->families[payer->family].count;
    d->effect->member_index = count;
    /* max_members counts the payer too. */
    lower_if(d, count + 1u >= policy->max_members, GJ_MEMBER_LIMIT);
    if (payer->family != SLOT_NONE) return;
    d->effect->flags |= EFFECT_FAMILY_CREATED;
    d->effect->family = d->s->families_count;
    if (d->s->families_count >= d->s->config.families_max) d->capacity = GJ_CAPACITY_RECORDS;
}

void decide_bind(struct decider *d)
{
    const struct gj_op *op = d->op;
    uint32_t member_slot;
    const struct person *payer = first_person(d);
    const struct person *member = find_other(d, &member_slot);
    lower_if(d, op->person == op->other, GJ_SELF_RELATION);
    if (member != NULL) check_open(d, member);
    if (payer == NULL) return;
    check_open(d, payer);
    const struct gj_policy *policy = side_of(d, payer->insured_region).policy;
    d->effect->policy_source = region_policy_version(d->s, payer->insured_region, d->in->time_ms);
    d->effect->family = payer->family;
    lower_if(d, (payer->flags & PERSON_STOPPED) != 0, GJ_NOT_INSURED);
    lower_if(d, (policy->relation_mask >> (op->kind - 1) & 1) == 0, GJ_RELATION_KIND_NOT_ALLOWED);
    check_auth(d, policy->auth_mask_bind);

    uint8_t index = member == NULL ? MEMBER_NONE : member_index(d->s, payer, member_slot);
    if (index != MEMBER_NONE)
        check_existing(d, payer, index);
    else
        check_new(d, payer, policy);
}

/* Money of the payer is held for the member: a draw, or a transfer on its way. */
static bool relation_in_use(const struct decider *d, uint32_t payer, uint32_t member)
{
    FOR_CHAIN(d->s, payer, entry)
    {
        const struct hold *hold = &d->s->holds.entries[entry];
        if (hold->due_ms <= d->in->time_ms) continue;
        bool draws = hold->type == GJ_OP_HOLD && hold->first == member && hold->other == payer &&
                     hold_of(hold, payer, GJ_SOURCE_PERSONAL) > 0;
        bool transfer =
            hold->type == GJ_OP_TRANSFER && hold->first == payer && hold->other == member;
        if (draws || transfer) return true;
    }
    return false;
}

void decide_unbind(struct decider *d)
{
    uint32_t member_slot;
    const struct person *payer = first_person(d);
    const struct person *member = find_other(d, &member_slot);
    if (payer == NULL || member == NULL) return;
    d->effect->family = payer->family;
    d->effect->member_index = member_index(d->s, payer, member_slot);
    lower_if(d, d->effect->member_index == MEMBER_NONE, GJ_RELATION_NOT_FOUND);
    lower_if(d, relation_in_use(d, d->effect->slot_first, member_slot), GJ_RELATION_IN_USE);
}

static bool raises(int64_t from, int64_t to)
{
    return from >= 0 && (to < 0 || to > from); /* below 0: no cap */
}

/* Who may give more is asked as at BIND; to give less needs no consent. */
static void check_raise(struct decider *d, const struct person *payer)
{
    const struct gj_policy *policy = side_of(d, payer->insured_region).policy;
    d->effect->policy_source = region_policy_version(d->s, payer->insured_region, d->in->time_ms);
    check_auth(d, policy->auth_mask_bind);
}

void decide_set_cap(struct decider *d)
{
    const struct gj_op *op = d->op;
    const struct person *payer = first_person(d);
    if (payer != NULL) check_open(d, payer);
    uint32_t member_slot = SLOT_NONE;
    const struct person *member = op->other == 0 ? NULL : find_other(d, &member_slot);
    if (payer == NULL || (op->other != 0 && member == NULL)) return;

    const struct family *family =
        payer->family == SLOT_NONE ? NULL : &d->s->families[payer->family];
    uint8_t first = 0, end = family == NULL ? 0 : family->count;
    if (op->other != 0) {
        first = member_index(d->s, payer, member_slot);
        end = first == MEMBER_NONE ? first : (uint8_t)(first + 1);
        d->effect->member_index = first;
    }
    d->effect->family = payer->family;
    lower_if(d, first == end, GJ_RELATION_NOT_FOUND);
    bool changed = false, raised = false;
    for (uint8_t i = first; i < end; i++) {
        changed |= family->cap[i] != op->amount;
        raised |= raises(family->cap[i], op->amount);
    }
    if (raised) check_raise(d, payer);
    if (!changed) d->success = GJ_OK_NOOP;
}
