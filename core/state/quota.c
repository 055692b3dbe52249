/* core/state/quota.c -- the yearly quota of a personal account. */
#include "core/state/quota.h"

#include "core/state/due.h"

/* Fen that are held for others and counted in this year's used: they are posted as well. */
static int64_t counted_twice(const struct state *s, uint32_t slot, uint16_t year)
{
    int64_t sum = 0;
    if (LIKELY(s->persons[slot].personal_held == 0)) return 0;
    FOR_CHAIN(s, slot, entry)
    {
        const struct hold *hold = &s->holds.entries[entry];
        if (hold->quota_year == year) sum += hold_quota(hold, slot);
    }
    return sum;
}

int64_t person_quota(const struct state *s, uint32_t slot, uint16_t year,
                     const struct gj_policy *policy)
{
    if (policy->quota_bp >= 10000) return -1;
    const struct year_view stats = person_year(s, slot, year);
    /* Two balances of at most INT64_MAX each: the sum fits. */
    uint64_t base = (uint64_t)stats.opening;
    switch (policy->quota_base) {
    case GJ_QUOTA_OPENING: break;
    case GJ_QUOTA_CURRENT:
        base = (uint64_t)s->persons[slot].personal +
               (uint64_t)(stats.used - counted_twice(s, slot, year));
        break;
    default: base += (uint64_t)stats.credits; break;
    }
    /* floor(base * bp / 10000) without a product that needs 128 bits. */
    uint64_t quota = base / 10000 * policy->quota_bp + base % 10000 * policy->quota_bp / 10000;
    /* Years of deposits may add up to more than one account can hold. */
    return quota > INT64_MAX ? INT64_MAX : (int64_t)quota;
}
