/* core/decide/family.c -- relations: who may spend whose money, and up to which amount. */
#include "core/decide/decider.h"
#include "core/decide/rules.h"

/* Everything about a relation is decided by the payer's insured region. */
static const struct gj_policy *payer_policy(struct decider *d, const struct person *payer)
{
    d->effect->policy_source = region_policy_version(d->s, payer->insured_region, d->in->time_ms);
    return side_of(d, payer->insured_region).policy;
}

/* The member's relation exists: only an identical request is already so. */
static void check_existing(struct decider *d, const struct person *payer, uint8_t index)
{
    const struct family *family = &d->s->families[payer->family];
    d->effect->member_index = index;
    lower_if(d, family->kind[index] != d->op->kind || family->cap[index] != d->op->amount,
             GJ_RELATION_EXISTS_DIFFERENT);
    d->success = GJ_OK_NOOP;
}

/* Who drew this year keeps a place that nobody else can take; with all of it given back it is free,
 * but is remembered: a refund may be reversed. */
static bool place_counts(const struct family *family, uint8_t place)
{
    return place != MEMBER_NONE && family->used[place] > 0;
}

/* A place in the family: that which the member keeps since it was unbound, or a free one. */
static void check_place(struct decider *d, const struct family *family, uint8_t place,
                        const struct gj_policy *policy)
{
    unsigned taken = family->count, kept = family->year == d->year ? family->kept : 0;
    for (uint8_t i = family->count; i < family->count + kept; i++) {
        if (i != place && place_counts(family, i)) taken++;
    }
    if (place != MEMBER_NONE) d->effect->flags |= EFFECT_KEPT;
    d->effect->member_index = place != MEMBER_NONE ? place : family->count;
    /* max_members counts the payer too. */
    lower_if(d, taken + 1 >= policy->max_members, GJ_MEMBER_LIMIT);
}

/* One more new member of the year; whose place counts on is none. */
static void check_changes(struct decider *d, const struct family *family, uint8_t place,
                          const struct gj_policy *policy)
{
    uint8_t before = family->changes_year == d->year ? family->new_members : 0;
    d->effect->new_members = before;
    if (place_counts(family, place)) return;
    uint8_t most = policy->member_changes_year;
    lower_if(d, most != 0 && before >= most, GJ_MEMBER_LIMIT);
    if (before < UINT8_MAX) d->effect->new_members++;
}

static void check_new(struct decider *d, const struct person *payer, uint32_t member,
                      const struct gj_policy *policy)
{
    static const struct family none;
    const struct family *family =
        payer->family == SLOT_NONE ? &none : &d->s->families[payer->family];
    uint8_t place = member == SLOT_NONE ? MEMBER_NONE : kept_index(d->s, payer, member, d->year);
    d->effect->flags |= EFFECT_CREATED;
    check_place(d, family, place, policy);
    check_changes(d, family, place, policy);
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
    const struct gj_policy *policy = payer_policy(d, payer);
    d->effect->family = payer->family;
    lower_if(d, (payer->flags & PERSON_STOPPED) != 0, GJ_NOT_INSURED);
    lower_if(d, (policy->relation_mask >> (op->kind - 1) & 1) == 0, GJ_RELATION_KIND_NOT_ALLOWED);
    check_auth(d, policy->auth_mask_bind);

    uint8_t index = member == NULL ? MEMBER_NONE : member_index(d->s, payer, member_slot);
    if (index != MEMBER_NONE)
        check_existing(d, payer, index);
    else
        check_new(d, payer, member == NULL ? SLOT_NONE : member_slot, policy);
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

/* The place is remembered until the year ends, unless the payer's region forgets, or nobody of the
 * family drew this year. */
static void keep_place(struct decider *d, const struct person *payer,
                       const struct gj_policy *policy)
{
    const struct family *family = &d->s->families[payer->family];
    bool keeps = family->year == d->year && policy->unbind_forgets_draws == 0;
    if (keeps) d->effect->flags |= EFFECT_KEPT;
}

void decide_unbind(struct decider *d)
{
    uint32_t member_slot;
    const struct person *payer = first_person(d);
    const struct person *member = find_other(d, &member_slot);
    if (payer == NULL) return;
    const struct gj_policy *policy = payer_policy(d, payer);
    if (member == NULL) return;
    d->effect->family = payer->family;
    d->effect->member_index = member_index(d->s, payer, member_slot);
    lower_if(d, d->effect->member_index == MEMBER_NONE, GJ_RELATION_NOT_FOUND);
    lower_if(d, relation_in_use(d, d->effect->slot_first, member_slot), GJ_RELATION_IN_USE);
    if (d->refusal == CODE_NONE) keep_place(d, payer, policy);
}

static bool raises(int64_t from, int64_t to)
{
    return from >= 0 && (to < 0 || to > from); /* below 0: no cap */
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
    /* Who gives more is asked as at BIND; to give less needs no consent. */
    if (raised) check_auth(d, payer_policy(d, payer)->auth_mask_bind);
    if (!changed) d->success = GJ_OK_NOOP;
}
