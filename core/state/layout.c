/* core/state/layout.c -- the parts of a state in memory: how large they are, and an empty state. */
#include "core/state/layout.h"

#define LINE      64u
#define HOLDS_MAX (UINT32_C(1) << 31)

uint64_t layout_of(const struct state_config *c, struct layout_part ret[LAYOUT_PARTS])
{
    const struct layout_part parts[LAYOUT_PARTS] = {
#define X(part, bytes, number, memory, what, changes, digest, told_by, written_by)                 \
    [LAYOUT_##part] = {.name = #part,                                                              \
                       .kind = LAYOUT_##what,                                                      \
                       .unit = LAYOUT_##changes,                                                   \
                       .guard = told_by,                                                           \
                       .writer = written_by,                                                       \
                       .element = bytes,                                                           \
                       .count = number},
        LAYOUT_MAP(X)
#undef X
    };
    uint64_t offset = 0;
    for (unsigned i = 0; i < LAYOUT_PARTS; i++) {
        ret[i] = parts[i];
        ret[i].offset = offset;
        offset += (parts[i].element * parts[i].count + LINE - 1) / LINE * LINE;
    }
    return offset;
}

void layout_runs(const struct state_config *config, const uint16_t *regions, uint32_t region_count,
                 void (*each)(void *context, uint64_t offset, uint64_t size), void *context)
{
    struct layout_part parts[LAYOUT_PARTS];
    (void)layout_of(config, parts);
    for (const struct layout_part *p = parts; p < parts + LAYOUT_PARTS; p++) {
        if (p->unit == LAYOUT_WHOLE || p->unit == LAYOUT_SLOT) {
            each(context, p->offset, p->element * p->count);
            continue;
        }
        for (uint32_t i = 0; i < region_count; i++) {
            if (p->unit == LAYOUT_REGION) {
                each(context, p->offset + regions[i] * p->element, p->element);
                continue;
            }
            uint64_t row = p->offset + regions[i] * GJ_REGIONS_MAX * p->element;
            for (uint32_t j = 0; j < region_count; j++) {
                each(context, row + regions[j] * p->element, p->element);
            }
        }
    }
}

/* The sum in which a part is counted. */
static uint64_t *counted_in(struct state_memory *sizes, enum layout_index part)
{
    switch (part) {
#define X(name, bytes, number, memory, ...)                                                        \
    case LAYOUT_##name: return &sizes->memory;
        LAYOUT_MAP(X)
#undef X
    case LAYOUT_PARTS: break;
    }
    UNREACHABLE("part of the state");
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

uint64_t state_size(const struct state_config *config, struct state_memory *parts)
{
    *parts = (struct state_memory){.total = 0};
    if (!config_valid(config)) return 0;
    struct layout_part of[LAYOUT_PARTS];
    uint64_t total = layout_of(config, of);
    for (unsigned i = 0; i < LAYOUT_PARTS; i++) {
        uint64_t end = i + 1 == LAYOUT_PARTS ? total : of[i + 1].offset;
        *counted_in(parts, i) += end - of[i].offset;
    }
    parts->total = total;
    return total;
}

struct state *state_init(const struct state_config *config, void *memory)
{
    struct state_memory sizes;
    ASSERT(state_size(config, &sizes) > 0 && (uintptr_t)memory % LINE == 0);
    struct layout_part of[LAYOUT_PARTS];
    void *part[LAYOUT_PARTS];
    (void)layout_of(config, of);
    for (unsigned i = 0; i < LAYOUT_PARTS; i++) part[i] = (uint8_t *)memory + of[i].offset;

    struct state *s = part[LAYOUT_header];
    s->config = *config;
    s->persons = part[LAYOUT_persons];
    s->persons_cold = part[LAYOUT_persons_cold];
    s->families = part[LAYOUT_families];
    s->institutions = part[LAYOUT_institutions];
    s->days = part[LAYOUT_days];
    s->regions = part[LAYOUT_regions];
    s->books = part[LAYOUT_books];
    s->gross = part[LAYOUT_gross];
    s->premium_payable = part[LAYOUT_premium_payable];
    index_init(&s->persons_index, part[LAYOUT_persons_index], config->persons_max, s->persons,
               sizeof(struct person), config->hash_seed);
    index_init(&s->institutions_index, part[LAYOUT_institutions_index], config->institutions_max,
               s->institutions, sizeof(struct institution), config->hash_seed);
    /* The requests ahead of their time lie behind the window: one piece of memory, two parts. */
    rid_window_init(&s->rids, part[LAYOUT_rids], config->rids_max, config->rids_ahead_max,
                    config->hash_seed);
    ASSERT((void *)s->rids.ahead.entries == part[LAYOUT_rids_ahead]);
    holds_init(&s->holds, part[LAYOUT_holds], config->holds_max, config->hash_seed);
    walk_init(s, part[LAYOUT_walk]);
    return s;
}
