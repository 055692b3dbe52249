/* core/state/state.c -- the state's memory, its fill levels, and what to fetch ahead of an
 * operation. */
#include <string.h>

#include "core/decide/originals.h"

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

static bool other_is_person(const struct gj_op *op)
{
    return op->type == GJ_OP_TRANSFER || op->type == GJ_OP_BIND || op->type == GJ_OP_UNBIND ||
           op->type == GJ_OP_SET_CAP || op->type == GJ_OP_PAY_PREMIUM;
}

static bool other_is_institution(const struct gj_op *op)
{
    return op->type == GJ_OP_PAY || op->type == GJ_OP_HOLD || op->type == GJ_OP_SET_INSTITUTION;
}

/* Registers relations: effect.family is set. The others have days of undoing in its place. */
static bool binds(const struct gj_op *op)
{
    return op->type == GJ_OP_BIND || op->type == GJ_OP_UNBIND || op->type == GJ_OP_SET_CAP;
}

static bool draws_on_sources(const struct gj_op *op)
{
    return op->type == GJ_OP_PAY || op->type == GJ_OP_HOLD;
}

/* The rid in the extension line of an operation on an original, NULL for all others. */
static const struct gj_rid *original_rid(const struct gj_op *op)
{
    if (op->ext_count != 1) return NULL;
    switch (op->type) {
    case GJ_OP_ACCEPT:
    case GJ_OP_RETURN:
    case GJ_OP_CAPTURE:
    case GJ_OP_RELEASE:
    case GJ_OP_REFUND:
    case GJ_OP_REVERSE:
    case GJ_OP_EXPIRE: return &((const struct gj_original_ext *)(const void *)(op + 1))->rid;
    default: return NULL;
    }
}

/* The person besides the first whose record the operation reads, 0 if there is none. */
static uint64_t second_person(const struct gj_op *op)
{
    if (other_is_person(op)) return op->other;
    if (!draws_on_sources(op) || op->ext_count != 1) return 0;
    return ((const struct gj_pay_ext *)(const void *)(op + 1))->relative;
}

/* Where the original is found, and what amended it. */
static void prefetch_original(const struct state *s, uint64_t person, const struct gj_rid *rid)
{
    rid_window_prefetch(&s->rids, person, rid);
    rid_window_prefetch(&s->rids, amended_key(person), rid);
}

void prefetch_index(const struct state *s, const struct gj_op *op, struct op_hint *hint)
{
    uint64_t second = second_person(op);
    hint->slot_first = hint->slot_second = SLOT_NONE;
    hint->hash_first = index_prefetch_bucket(&s->persons_index, op->person);
    if (second != 0) hint->hash_second = index_prefetch_bucket(&s->persons_index, second);
    rid_window_prefetch(&s->rids, op->person, &op->rid);
    const struct gj_rid *original = original_rid(op);
    if (original != NULL) prefetch_original(s, op->person, original);
}

void prefetch_records(const struct state *s, const struct gj_op *op, struct op_hint *hint)
{
    /* Money that stays within wallets touches no yearly figures. */
    bool own_wallet = op->type == GJ_OP_TRANSFER && op->kind == GJ_SOURCE_WALLET;
    hint->slot_first = index_prefetch_record(&s->persons_index, hint->hash_first);
    if (!own_wallet && hint->slot_first != SLOT_NONE) {
        PREFETCH_WRITE(&s->persons_cold[hint->slot_first]);
    }
    if (second_person(op) != 0) {
        hint->slot_second = index_prefetch_record(&s->persons_index, hint->hash_second);
        if (op->type != GJ_OP_TRANSFER && hint->slot_second != SLOT_NONE) {
            PREFETCH_WRITE(&s->persons_cold[hint->slot_second]);
        }
    }
    if (other_is_institution(op)) {
        /* Few and often used: index and record are most often in cache, so one stage is enough. */
        uint64_t hash = index_prefetch_bucket(&s->institutions_index, op->other);
        (void)index_prefetch_record(&s->institutions_index, hash);
    }
}

/* The slot of the family record of the person in `slot`, SLOT_NONE if there is none. */
static uint32_t family_of(const struct state *s, uint32_t slot)
{
    return slot >= s->persons_count ? SLOT_NONE : s->persons[slot].family;
}

static void prefetch_family(const struct state *s, uint32_t slot, bool with_amounts)
{
    if (slot == SLOT_NONE) return;
    const uint8_t *family = (const uint8_t *)&s->families[slot];
    PREFETCH(family);
    if (!with_amounts) return;
    PREFETCH_WRITE(family + LINE);
    PREFETCH_WRITE(family + 2 * LINE);
}

/* What one region owes another is one line of 16 MiB: the miss of a transfer that crosses regions.
 */
static void prefetch_gross(const struct state *s, const struct gj_op *op,
                           const struct op_hint *hint)
{
    if (hint->slot_first >= s->persons_count || hint->slot_second >= s->persons_count) return;
    const struct person *payer = &s->persons[hint->slot_first];
    uint32_t from = op->kind == GJ_SOURCE_WALLET ? payer->use_region : payer->insured_region;
    uint32_t to = s->persons[hint->slot_second].use_region;
    PREFETCH_WRITE(&s->gross[from * GJ_REGIONS_MAX + to]);
}

void prefetch_families(const struct state *s, const struct gj_op *op, const struct op_hint *hint)
{
    if (LIKELY(op->type == GJ_OP_TRANSFER)) prefetch_gross(s, op, hint);
    bool binding = binds(op);
    if (op->type == GJ_OP_TRANSFER || op->type == GJ_OP_PAY_PREMIUM || binding) {
        uint32_t family = family_of(s, hint->slot_first);
        /* Somebody who bound nobody pays over the relation of the one who bound him. */
        if (family == SLOT_NONE && !binding) family = family_of(s, hint->slot_second);
        prefetch_family(s, family, binding);
    }
    if (draws_on_sources(op)) prefetch_family(s, family_of(s, hint->slot_second), true);
}

void prefetch_redo(const struct state *s, const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    rid_window_prefetch(&s->rids, op->person, &op->rid);
    const struct gj_rid *original = original_rid(op);
    if (original != NULL) prefetch_original(s, op->person, original);
    /* A slot beyond the capacity is refused later; here it is only an address nobody reads. */
    if (effect->slot_first < s->config.persons_max) {
        PREFETCH_WRITE(&s->persons[effect->slot_first]);
        PREFETCH_WRITE(&s->persons_cold[effect->slot_first]);
    }
    if (record_other(record) == RECORD_OTHER_PERSON && effect->slot_other < s->config.persons_max) {
        PREFETCH_WRITE(&s->persons[effect->slot_other]);
    }
}

static enum record_fit sources_fit(const struct state *s, const struct gj_effect_sources *sources)
{
    if (sources->slot_relative == SLOT_NONE) return RECORD_FITS;
    if (sources->slot_relative >= s->config.persons_max) return RECORD_NEEDS_PERSONS;
    /* A draw of a relation that has ended needs no family. */
    bool family = sources->family_relative != SLOT_NONE || sources->member_index != MEMBER_NONE;
    if (family && sources->family_relative >= s->config.families_max) return RECORD_NEEDS_FAMILIES;
    return RECORD_FITS;
}

enum record_fit record_fits(const struct state *s, const void *record)
{
    const struct gj_op *op = record_op(record);
    const struct gj_effect *effect = record_effect(record);
    if (effect->slot_first != SLOT_NONE && effect->slot_first >= s->config.persons_max) {
        return RECORD_NEEDS_PERSONS;
    }
    enum record_other other = record_other(record);
    if (other == RECORD_OTHER_PERSON && effect->slot_other >= s->config.persons_max) {
        return RECORD_NEEDS_PERSONS;
    }
    if (other == RECORD_OTHER_INSTITUTION && effect->slot_other >= s->config.institutions_max) {
        return RECORD_NEEDS_INSTITUTIONS;
    }
    if (binds(op) && effect->family != SLOT_NONE && effect->family >= s->config.families_max) {
        return RECORD_NEEDS_FAMILIES;
    }
    if ((effect->flags & EFFECT_HOLD) && record_hold(record)->entry >= s->config.holds_max) {
        return RECORD_NEEDS_HOLDS;
    }
    return effect->flags & EFFECT_SOURCES ? sources_fit(s, record_sources(record)) : RECORD_FITS;
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
