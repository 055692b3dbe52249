/* core/decide/decider.c -- rules that transfer, pay and premium share. */
#include "core/decide/decider.h"

void note_due(struct decider *d, uint32_t slot)
{
    const struct hold *entries = d->s->holds.entries;
    uint32_t first = due_first(d->s, slot, d->in->time_ms);
    if (first == HOLD_NONE) return;
    if (d->expired == HOLD_NONE || hold_before(&entries[first], &entries[d->expired])) {
        d->expired = first;
    }
}

bool has_own(const struct decider *d, uint32_t slot, uint8_t type)
{
    FOR_CHAIN(d->s, slot, entry)
    {
        const struct hold *hold = &d->s->holds.entries[entry];
        bool own = hold->first == slot && (type == 0 || hold->type == type);
        if (own && hold->due_ms > d->in->time_ms) return true;
    }
    return false;
}

struct side check_source(struct decider *d, const struct person *owner, enum gj_source source)
{
    if (source == GJ_SOURCE_WALLET) {
        lower_if(d, (owner->flags & PERSON_WALLET) == 0, GJ_WALLET_NOT_CONFIRMED);
        return side_of(d, owner->use_region);
    }
    lower_if(d, (owner->flags & PERSON_ACCOUNT) == 0, GJ_ACCOUNT_NOT_FOUND);
    lower_if(d, (owner->flags & PERSON_RESIDENT) != 0, GJ_NOT_EMPLOYEE_INSURED);
    return side_of(d, owner->insured_region);
}

void check_giver(struct decider *d, const struct person *owner, enum gj_source source,
                 const struct gj_policy *payer_side)
{
    lower_if(d, (owner->flags & PERSON_STOPPED) != 0, GJ_NOT_INSURED);
    if (payer_side == NULL) return;
    if (source == GJ_SOURCE_WALLET) {
        lower_if(d, (payer_side->payer_mask_wallet & insurance_bit(owner)) == 0, GJ_NOT_INSURED);
    } else if ((owner->flags & PERSON_RESIDENT) == 0) {
        /* A resident's kept account answers 48, whatever the mask says. */
        lower_if(d, (payer_side->payer_mask_personal & insurance_bit(owner)) == 0, GJ_NOT_INSURED);
    }
}

void check_receiver(struct decider *d, const struct person *person,
                    const struct gj_policy *payee_side)
{
    lower_if(d, (person->flags & PERSON_STOPPED) != 0, GJ_NOT_INSURED);
    if (payee_side == NULL) return;
    lower_if(d, (payee_side->beneficiary_mask & insurance_bit(person)) == 0, GJ_NOT_INSURED);
}

void check_profile(struct decider *d, const struct person *person)
{
    if (LIKELY((person->flags & PERSON_OVERDUE) == 0)) return;
    const struct gj_policy *policy = side_of(d, person->insured_region).policy;
    const struct person_cold *cold = &d->s->persons_cold[person - d->s->persons];
    lower_if(d,
             policy->profile_overdue == GJ_OVERDUE_BLOCK &&
                 (uint32_t)d->day >= (uint32_t)cold->changed_on + policy->profile_grace_days,
             GJ_PROFILE_OVERDUE);
}

void check_hours(struct decider *d, const struct gj_policy *policy)
{
    if (policy == NULL) return;
    lower_if(d, d->minute < policy->service_from_minute || d->minute >= policy->service_to_minute,
             GJ_OUTSIDE_SERVICE_HOURS);
}

static bool cross_pay_allows(const struct decider *d, const struct gj_policy *policy, uint16_t a,
                             uint16_t b)
{
    if (policy->cross_region_pay == GJ_CROSS_ANY) return true;
    if (policy->cross_region_pay == GJ_CROSS_SAME) return false;
    return d->s->regions[a].province == d->s->regions[b].province;
}

void check_cross_pay(struct decider *d, struct side payer, struct side payee)
{
    if (payer.region == payee.region || payer.policy == NULL) return;
    lower_if(d,
             !cross_pay_allows(d, payer.policy, payer.region, payee.region) ||
                 !cross_pay_allows(d, payee.policy, payer.region, payee.region),
             GJ_CROSS_REGION_DISABLED);
}

uint8_t member_index(const struct state *s, const struct person *payer, uint32_t member)
{
    if (payer->family == SLOT_NONE) return MEMBER_NONE;
    const struct family *family = &s->families[payer->family];
    for (uint8_t i = 0; i < family->count; i++) {
        if (family->member[i] == member) return i;
    }
    return MEMBER_NONE;
}

uint8_t kept_index(const struct state *s, const struct person *payer, uint32_t member,
                   uint16_t year)
{
    if (payer->family == SLOT_NONE || s->families[payer->family].year != year) return MEMBER_NONE;
    const struct family *family = &s->families[payer->family];
    for (uint8_t i = family->count; i < family->count + family->kept; i++) {
        if (family->member[i] == member) return i;
    }
    return MEMBER_NONE;
}

static bool kind_allowed(const struct gj_policy *policy, uint8_t kind)
{
    return policy == NULL || (policy->relation_mask >> (kind - 1) & 1) != 0;
}

uint8_t check_relation(struct decider *d, uint32_t payer, uint32_t member, bool either,
                       const struct gj_policy *payer_side)
{
    const struct person *persons = d->s->persons;
    bool found = false, allowed = false;
    uint8_t index = member_index(d->s, &persons[payer], member);
    if (index != MEMBER_NONE) {
        found = true;
        allowed = kind_allowed(payer_side, d->s->families[persons[payer].family].kind[index]);
    }
    if (either && !allowed) {
        uint8_t back = member_index(d->s, &persons[member], payer);
        if (back != MEMBER_NONE) {
            found = true;
            allowed = kind_allowed(payer_side, d->s->families[persons[member].family].kind[back]);
        }
    }
    lower_if(d, !found, GJ_RELATION_NOT_FOUND);
    lower_if(d, found && !allowed, GJ_RELATION_KIND_NOT_ALLOWED);
    return index;
}

int64_t quota_left(const struct decider *d, uint32_t slot, const struct gj_policy *payer_side)
{
    if (payer_side == NULL) return INT64_MAX;
    int64_t used = person_year(d->s, slot, d->year).used;
    if (UNLIKELY(d->due)) used -= due_sums(d, slot).used;
    int64_t quota = person_quota(d->s, slot, d->year, payer_side);
    /* Without a quota, still no more than can be counted. */
    if (quota < 0) return INT64_MAX - used;
    /* A quota lowered below what was used only blocks more. */
    return used >= quota ? 0 : quota - used;
}
