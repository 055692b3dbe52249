/* core/state/due.c -- sums over a person's open holds and pending transfers. */
#include "core/state/due.h"

unsigned hold_relative_index(const struct hold *hold)
{
    if (hold->type != GJ_OP_HOLD) return GJ_SOURCES_MAX;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (gj_sources_at(hold->sources, i) == GJ_SOURCE_RELATIVE) return i;
    }
    return GJ_SOURCES_MAX;
}

int64_t hold_of(const struct hold *hold, uint32_t slot, enum gj_source source)
{
    if (slot != hold->first) {
        unsigned i = hold_relative_index(hold);
        bool relative = i < GJ_SOURCES_MAX && slot == hold->other;
        return relative && source == GJ_SOURCE_PERSONAL ? hold->left[i] : 0;
    }
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (gj_sources_at(hold->sources, i) == source) return hold->left[i];
    }
    return 0;
}

int64_t hold_quota(const struct hold *hold, uint32_t slot)
{
    if (hold->quota == 0) return 0;
    if (hold->type == GJ_OP_TRANSFER) return slot == hold->first ? hold->left[0] : 0;
    return slot == hold->other ? hold_of(hold, slot, GJ_SOURCE_PERSONAL) : 0;
}

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
