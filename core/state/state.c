/* core/state/state.c -- the state's memory and its fill levels. */
#include "core/state/state.h"

#include "core/state/tables.h"

#define LINE      64u
#define HOLDS_MAX (UINT32_C(1) << 31)

static uint64_t lines(uint64_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

static bool config_valid(const struct state_config *config)
{
    return config->persons_max >= 1 && config->persons_max < SLOT_NONE &&
           config->families_max >= 1 && config->families_max < SLOT_NONE &&
           config->institutions_max >= 1 && config->institutions_max < SLOT_NONE &&
           config->holds_max >= 1 && config->holds_max <= HOLDS_MAX && config->rids_max >= 1 &&
           config->rids_max <= RIDS_MAX && config->rids_ahead_max >= 1 &&
           config->rids_ahead_max <= RIDS_AHEAD_MAX;
}

static uint64_t days_size(const struct state_config *config)
{
    return config->institutions_max * (uint64_t)GJ_INSTITUTION_DAYS *
           sizeof(struct institution_day);
}

uint64_t state_size(const struct state_config *config, struct state_memory *parts)
{
    *parts = (struct state_memory){.total = 0};
    if (!config_valid(config)) return 0;

    const uint64_t regions = GJ_REGIONS_MAX;
    parts->persons =
        config->persons_max * (uint64_t)(sizeof(struct person) + sizeof(struct person_cold));
    parts->person_index = index_size(config->persons_max);
    parts->families = config->families_max * (uint64_t)sizeof(struct family);
    parts->institutions = config->institutions_max * (uint64_t)sizeof(struct institution) +
                          index_size(config->institutions_max) + days_size(config);
    parts->regions = lines(regions * sizeof(struct region)) + lines(regions * sizeof(struct book)) +
                     regions * regions * sizeof(i128) + regions * PREMIUM_YEARS * sizeof(i128);
    parts->rids_ahead = rid_ahead_size(config->rids_ahead_max);
    parts->rids = rid_window_size(config->rids_max, config->rids_ahead_max) - parts->rids_ahead;
    parts->holds = holds_size(config->holds_max);
    parts->other = lines(sizeof(struct state));
    parts->total = parts->persons + parts->person_index + parts->families + parts->institutions +
                   parts->regions + parts->rids + parts->rids_ahead + parts->holds + parts->other;
    return parts->total;
}

/* Hands out the block piece by piece, each on a line of its own. */
static void *take(uint8_t **next, uint64_t bytes)
{
    void *piece = *next;
    *next += lines(bytes);
    return piece;
}

struct state *state_init(const struct state_config *config, void *memory)
{
    struct state_memory parts;
    uint64_t size = state_size(config, &parts);
    ASSERT(size > 0 && (uintptr_t)memory % LINE == 0);

    uint8_t *next = memory;
    struct state *s = take(&next, sizeof(*s));
    const uint64_t regions = GJ_REGIONS_MAX;
    s->config = *config;
    s->persons = take(&next, config->persons_max * (uint64_t)sizeof(struct person));
    s->persons_cold = take(&next, config->persons_max * (uint64_t)sizeof(struct person_cold));
    s->families = take(&next, config->families_max * (uint64_t)sizeof(struct family));
    s->institutions = take(&next, config->institutions_max * (uint64_t)sizeof(struct institution));
    s->days = take(&next, days_size(config));
    s->regions = take(&next, regions * sizeof(struct region));
    s->books = take(&next, regions * sizeof(struct book));
    s->gross = take(&next, regions * regions * sizeof(i128));
    s->premium_payable = take(&next, regions * PREMIUM_YEARS * sizeof(i128));
    index_init(&s->persons_index, take(&next, index_size(config->persons_max)), config->persons_max,
               s->persons, sizeof(struct person), config->hash_seed);
    index_init(&s->institutions_index, take(&next, index_size(config->institutions_max)),
               config->institutions_max, s->institutions, sizeof(struct institution),
               config->hash_seed);
    rid_window_init(&s->rids,
                    take(&next, rid_window_size(config->rids_max, config->rids_ahead_max)),
                    config->rids_max, config->rids_ahead_max, config->hash_seed);
    holds_init(&s->holds, take(&next, holds_size(config->holds_max)), config->holds_max,
               config->hash_seed);
    ASSERT(next == (uint8_t *)memory + size);
    return s;
}

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
    };
}
