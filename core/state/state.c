/* core/state/state.c -- what a state says about itself: its last record, its fill levels. */
#include "core/state/state.h"

#include "core/state/tables.h"

uint64_t state_seq(const struct state *s)
{
    return s->seq;
}

uint64_t state_time_ms(const struct state *s)
{
    return s->time_ms;
}

uint64_t state_due_ms(const struct state *s)
{
    return s->holds.due_ms;
}

uint64_t state_rid_low_water_ms(const struct state *s)
{
    return s->rids.low_water_ms;
}

void state_raise_rid_low_water(struct state *s, uint64_t low_water_ms)
{
    if (low_water_ms > s->rids.low_water_ms) s->rids.low_water_ms = low_water_ms;
}

void state_counts(const struct state *s, struct state_counts *ret)
{
    *ret = (struct state_counts){
        .persons = s->persons_count,
        .families = s->families_count,
        .institutions = s->institutions_count,
        .regions = s->regions_count,
        .rids = s->rids.count + s->rids.ahead.count,
        .holds = s->holds.count,
        .rids_ahead = s->rids.ahead.count,
    };
}
