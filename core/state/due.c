/* core/state/due.c -- sums over a person's open holds and pending transfers. */
#include "core/state/due.h"

struct due_sums due_of(const struct state *s, uint32_t slot, uint16_t year, uint64_t time_ms)
{
    struct due_sums sums = {0, 0, 0};
    FOR_CHAIN(s, slot, entry)
    {
        const struct hold *hold = &s->holds.entries[entry];
        if (hold->due_ms > time_ms) break;
        sums.personal += hold_of(hold, slot, GJ_SOURCE_PERSONAL);
        sums.wallet += hold_of(hold, slot, GJ_SOURCE_WALLET);
        if (hold->quota_year == year) sums.used += hold_quota(hold, slot);
    }
    return sums;
}

int64_t due_draws(const struct state *s, uint32_t payer, uint32_t member, uint16_t year,
                  uint64_t time_ms)
{
    int64_t sum = 0;
    FOR_CHAIN(s, payer, entry)
    {
        const struct hold *hold = &s->holds.entries[entry];
        if (hold->due_ms > time_ms) break;
        if (hold->quota_year != year) continue;
        if (hold->type == GJ_OP_HOLD && hold->first == member) sum += hold_quota(hold, payer);
    }
    return sum;
}

uint32_t due_first(const struct state *s, uint32_t slot, uint64_t time_ms)
{
    uint32_t first = s->persons_cold[slot].holds - 1u;
    return first != HOLD_NONE && s->holds.entries[first].due_ms <= time_ms ? first : HOLD_NONE;
}
