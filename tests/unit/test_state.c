/* tests/unit/test_state.c -- sizes and layout of the state's memory, what fits it, quota. */
#include "core/base/calendar.h"
#include "core/commit/apply.h"
#include "core/commit/posting.h"
#include "core/core.h"
#include "core/state/layout.h"
#include "core/state/quota.h"
#include "tests/unit/by_hand.h"

TEST(size_is_the_sum_of_its_parts)
{
    struct state_config config = small();
    struct state_memory p;
    uint64_t size = state_size(&config, &p);
    CHECK(size > 0);
    CHECK_EQ(size, p.total);
    CHECK_EQ(size, p.persons + p.person_index + p.families + p.institutions + p.regions + p.rids +
                       p.rids_ahead + p.holds + p.other);
    CHECK_EQ(p.persons, 10 * 128);
    CHECK_EQ(p.families, 4 * 192);
    CHECK_EQ(p.institutions, 3 * (64 + GJ_INSTITUTION_DAYS * 64) + index_size(3));
    CHECK_EQ(p.holds, 5 * 128 + 64 + 64); /* entries, 8 buckets, heap of 5 */
    CHECK_EQ(size % 64, 0);
}

TEST(configurations_out_of_range_have_no_size)
{
    struct state_memory p;
    struct state_config config = small();
    config.persons_max = 0;
    CHECK_EQ(state_size(&config, &p), 0);
    config.persons_max = UINT32_MAX;
    CHECK_EQ(state_size(&config, &p), 0);
    config.persons_max = UINT32_MAX - 1;
    CHECK(state_size(&config, &p) > (uint64_t)UINT32_MAX * 128);
    config = small();
    config.families_max = 0;
    CHECK_EQ(state_size(&config, &p), 0);
    config = small();
    config.institutions_max = 0;
    CHECK_EQ(state_size(&config, &p), 0);
    config = small();
    config.rids_max = 0;
    CHECK_EQ(state_size(&config, &p), 0);
    config.rids_max = UINT64_MAX;
    CHECK_EQ(state_size(&config, &p), 0);
    config.rids_max = RIDS_MAX;
    CHECK(state_size(&config, &p) > RIDS_MAX * 8);
    config = small();
    config.rids_ahead_max = 0;
    CHECK_EQ(state_size(&config, &p), 0);
    config.rids_ahead_max = RIDS_AHEAD_MAX + 1;
    CHECK_EQ(state_size(&config, &p), 0);
    config.rids_ahead_max = RIDS_AHEAD_MAX;
    CHECK(state_size(&config, &p) > RIDS_AHEAD_MAX * 56u);
}

/* Bytes per unit, so that a summary printed at start cannot drift from what is documented. */
TEST(memory_per_person_rid_and_hold)
{
    struct state_config config = small();
    struct state_memory p;
    config.persons_max = 1000000;
    config.rids_max = 1000000;
    config.holds_max = 1000000;
    CHECK(state_size(&config, &p) > 0);
    CHECK_EQ(p.holds, 1000000 * (128 + 4) + 4 * (UINT64_C(1) << 20)); /* 136 bytes each */
    CHECK(p.person_index < 9 * UINT64_C(1000000));
    CHECK(p.rids >= 12 * UINT64_C(1000000));
    CHECK(p.rids < 13 * UINT64_C(1000000));
}

TEST(parts_do_not_overlap_and_fill_the_block)
{
    struct state_config config = small();
    struct state_memory parts;
    uint64_t size = state_size(&config, &parts);
    struct state *s = build(&config);
    const struct {
        const void *start;
        uint64_t size;
    } piece[] = {
        {s->persons, 10 * sizeof(struct person)},
        {s->persons_cold, 10 * sizeof(struct person_cold)},
        {s->families, 4 * sizeof(struct family)},
        {s->institutions, 3 * sizeof(struct institution)},
        {s->days, 3 * GJ_INSTITUTION_DAYS * sizeof(struct institution_day)},
        {s->regions, GJ_REGIONS_MAX * sizeof(struct region)},
        {s->books, GJ_REGIONS_MAX * sizeof(struct book)},
        {s->gross, GJ_REGIONS_MAX * GJ_REGIONS_MAX * sizeof(i128)},
        {s->premium_payable, GJ_REGIONS_MAX * PREMIUM_YEARS * sizeof(i128)},
        {s->persons_index.buckets, index_size(10)},
        {s->institutions_index.buckets, index_size(3)},
        {s->rids.slices[0].entries, rid_window_size(100, 8)},
        {s->holds.entries, holds_size(5)},
        {s->walk, walk_size(&config)},
    };
    const uint8_t *end = (const uint8_t *)s + sizeof(*s);
    for (size_t i = 0; i < ARRAY_COUNT(piece); i++) {
        const uint8_t *start = piece[i].start;
        CHECK(start >= end && start < end + 64);
        CHECK_EQ((uintptr_t)start % 64, 0);
        end = start + piece[i].size;
    }
    CHECK(end <= (const uint8_t *)s + size && end + 64 > (const uint8_t *)s + size);
    free(s);
}

/* The table is all there is: parts follow each other without a gap, and fill the block. */
TEST(layout_is_the_size_and_the_pointers)
{
    struct state_config config = small();
    struct state_memory sizes;
    struct layout_part parts[LAYOUT_PARTS];
    struct state *s = build(&config);
    CHECK_EQ(layout_of(&config, parts), state_size(&config, &sizes));
    const void *const pointers[LAYOUT_PARTS] = {
        [LAYOUT_header] = s,
        [LAYOUT_persons] = s->persons,
        [LAYOUT_persons_cold] = s->persons_cold,
        [LAYOUT_families] = s->families,
        [LAYOUT_institutions] = s->institutions,
        [LAYOUT_days] = s->days,
        [LAYOUT_regions] = s->regions,
        [LAYOUT_books] = s->books,
        [LAYOUT_gross] = s->gross,
        [LAYOUT_premium_payable] = s->premium_payable,
        [LAYOUT_persons_index] = s->persons_index.buckets,
        [LAYOUT_institutions_index] = s->institutions_index.buckets,
        [LAYOUT_rids] = s->rids.slices[0].entries,
        [LAYOUT_rids_ahead] = s->rids.ahead.entries,
        [LAYOUT_holds] = s->holds.entries,
        [LAYOUT_walk] = s->walk,
    };
    uint64_t end = 0;
    for (unsigned i = 0; i < LAYOUT_PARTS; i++) {
        CHECK(pointers[i] == (const uint8_t *)s + parts[i].offset);
        CHECK(parts[i].offset >= end && parts[i].offset < end + 64);
        CHECK(parts[i].name[0] != '\0' && parts[i].guard[0] != '\0' && parts[i].writer[0] != '\0');
        end = parts[i].offset + parts[i].element * parts[i].count;
    }
    free(s);
}

/* Runs are all bytes but those of regions that are not named. */
static void count_run(void *context, uint64_t offset, uint64_t size)
{
    (void)offset;
    *(uint64_t *)context += size;
}
TEST(layout_runs_leave_out_other_regions)
{
    struct state_config config = small();
    struct layout_part parts[LAYOUT_PARTS];
    (void)layout_of(&config, parts);
    uint64_t none = 0, two = 0, whole = 0;
    const uint16_t regions[] = {3, 7};
    layout_runs(&config, regions, 0, count_run, &none);
    layout_runs(&config, regions, 2, count_run, &two);
    for (unsigned i = 0; i < LAYOUT_PARTS; i++) {
        bool by_region = parts[i].unit == LAYOUT_REGION || parts[i].unit == LAYOUT_PAIR;
        if (!by_region) whole += parts[i].element * parts[i].count;
    }
    CHECK_EQ(none, whole);
    CHECK_EQ(two - none, 2 * (sizeof(struct region) + sizeof(struct book) +
                              PREMIUM_YEARS * sizeof(i128) + 2 * sizeof(i128)));
}

TEST(empty_state)
{
    struct state_config config = small();
    struct state *s = build(&config);
    struct state_counts counts;
    state_counts(s, &counts);
    CHECK_EQ(counts.persons, 0);
    CHECK_EQ(counts.rids, 0);
    CHECK_EQ(counts.holds, 0);
    CHECK(state_due_ms(s) == UINT64_MAX);
    CHECK_EQ(state_seq(s), 0);
    CHECK_EQ(state_time_ms(s), 0);
    CHECK_EQ(state_rid_low_water_ms(s), 0);
    CHECK_EQ(person_find(s, 1), SLOT_NONE);
    CHECK(state_audit(s) == NULL);
    uint64_t digest[2];
    state_digest(s, digest);
    CHECK_EQ(digest[0], 0);
    CHECK_EQ(digest[1], 0);
    free(s);
}

TEST(floor_only_rises)
{
    struct state_config config = small();
    struct state *s = build(&config);
    state_raise_rid_low_water(s, 100);
    CHECK_EQ(state_rid_low_water_ms(s), 100);
    state_raise_rid_low_water(s, 50);
    CHECK_EQ(state_rid_low_water_ms(s), 100);
    free(s);
}

/* A record of `op` with the given slots, all else zero. */
struct record_lines {
    struct gj_op op;
    struct gj_effect effect;
    struct gj_effect_sources sources;
};
static struct record_lines record_of(uint8_t type, uint32_t first, uint32_t other, uint32_t family)
{
    struct record_lines r = {.op = {.type = type}};
    r.effect.slot_first = first;
    r.effect.slot_other = other;
    r.effect.family = family;
    r.sources.slot_relative = SLOT_NONE;
    r.sources.family_relative = SLOT_NONE;
    return r;
}

TEST(records_must_fit_the_capacities)
{
    struct state_config config = small();
    struct state *s = build(&config);
    struct record_lines r = record_of(GJ_OP_TRANSFER, 9, 9, SLOT_NONE);
    CHECK_EQ(record_fits(s, &r), RECORD_FITS);
    r = record_of(GJ_OP_TRANSFER, 10, 0, SLOT_NONE);
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_PERSONS);
    r = record_of(GJ_OP_TRANSFER, 0, 10, SLOT_NONE);
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_PERSONS);
    r = record_of(GJ_OP_SET_INSTITUTION, SLOT_NONE, 2, SLOT_NONE);
    CHECK_EQ(record_fits(s, &r), RECORD_FITS);
    r = record_of(GJ_OP_SET_INSTITUTION, SLOT_NONE, 3, SLOT_NONE);
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_INSTITUTIONS);
    r = record_of(GJ_OP_BIND, 0, 1, 3);
    CHECK_EQ(record_fits(s, &r), RECORD_FITS);
    r = record_of(GJ_OP_BIND, 0, 1, 4);
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_FAMILIES);
    r = record_of(GJ_OP_PAY, 0, 0, SLOT_NONE);
    r.effect.flags = EFFECT_SOURCES;
    CHECK_EQ(record_fits(s, &r), RECORD_FITS);
    r.sources.slot_relative = 10;
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_PERSONS);
    r.sources.slot_relative = 1;
    r.sources.family_relative = 4;
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_FAMILIES);
    free(s);
}

/* What undoes something says what it is of in its last line; the days of undoing stand where others
 * have a family. */
TEST(records_of_holds_and_originals_must_fit)
{
    struct state_config config = small();
    struct state *s = build(&config);
    struct {
        struct gj_op op;
        struct gj_original_ext ext;
        struct gj_effect effect;
        struct gj_effect_sources sources;
        union {
            struct gj_effect_hold hold;
            struct gj_effect_original original;
        };
    } r = {.op = {.type = GJ_OP_CAPTURE, .ext_count = 1},
           .effect = {.flags = EFFECT_SOURCES | EFFECT_HOLD, .slot_other = 2},
           .sources = {.slot_relative = SLOT_NONE},
           .hold = {.entry = 4}};
    r.effect.undo.refund_days = 365;
    r.effect.undo.reversal_days = 31;
    CHECK_EQ(record_fits(s, &r), RECORD_FITS);
    prefetch_redo(s, &r);
    r.hold.entry = 5;
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_HOLDS);
    r.hold.entry = 0;
    r.effect.slot_other = 3;
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_INSTITUTIONS);
    r.op.type = GJ_OP_REVERSE;
    r.effect.flags = EFFECT_SOURCES | EFFECT_ORIGINAL;
    r.original = (struct gj_effect_original){.type = GJ_OP_TRANSFER};
    CHECK_EQ(record_fits(s, &r), RECORD_FITS);
    r.effect.slot_other = 10;
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_PERSONS);
    r.original.type = GJ_OP_PAY;
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_INSTITUTIONS);
    /* A relation that has ended leaves the relative; the family need not be named. */
    r.effect.slot_other = 0;
    r.sources = (struct gj_effect_sources){
        .slot_relative = 9, .family_relative = SLOT_NONE, .member_index = MEMBER_NONE};
    CHECK_EQ(record_fits(s, &r), RECORD_FITS);
    r.sources.member_index = 0;
    CHECK_EQ(record_fits(s, &r), RECORD_NEEDS_FAMILIES);
    free(s);
}

TEST(quota_bases_and_rounding)
{
    struct state_config config = small();
    struct state *s = world(&config, false);
    struct gj_policy *policy = &s->regions[1].data.policy;
    s->persons_cold[0] =
        (struct person_cold){.year = 2025, .opening = 1001, .credits = 500, .used = 200};
    policy->quota_bp = 6000;
    CHECK_EQ(person_quota(s, 0, 2025, policy), 900); /* 1501 * 0.6 = 900.6 */
    policy->quota_base = GJ_QUOTA_OPENING;
    CHECK_EQ(person_quota(s, 0, 2025, policy), 600); /* 1001 * 0.6 = 600.6 */
    policy->quota_base = GJ_QUOTA_CURRENT;
    CHECK_EQ(person_quota(s, 0, 2025, policy), 720); /* (1000 + 200) * 0.6 */
    policy->quota_bp = 10000;
    CHECK_EQ(person_quota(s, 0, 2025, policy), -1);
    policy->quota_bp = 0;
    CHECK_EQ(person_quota(s, 0, 2025, policy), 0);
    free(s);
}

/* A year nobody touched yet: opening is the posted balance, nothing deposited or used. */
TEST(quota_of_a_new_year)
{
    struct state_config config = small();
    struct state *s = world(&config, false);
    struct gj_policy *policy = &s->regions[1].data.policy;
    s->persons_cold[0] =
        (struct person_cold){.year = 2025, .opening = 5, .credits = 500, .used = 200};
    policy->quota_bp = 7000;
    CHECK_EQ(person_quota(s, 0, 2026, policy), 700);
    policy->quota_base = GJ_QUOTA_CURRENT;
    CHECK_EQ(person_quota(s, 0, 2026, policy), 700);
    free(s);
}

TEST(quota_does_not_overflow)
{
    struct state_config config = small();
    struct state *s = world(&config, false);
    struct gj_policy *policy = &s->regions[1].data.policy;
    policy->quota_bp = 9999;
    s->persons_cold[0] = (struct person_cold){
        .year = 2025, .opening = GJ_AMOUNT_MAX, .credits = INT64_MAX, .used = 0};
    CHECK_EQ(person_quota(s, 0, 2025, policy), INT64_MAX - 0);
    s->persons_cold[0].credits = 0;
    CHECK_EQ(person_quota(s, 0, 2025, policy), INT64_C(9998999999999999));
    free(s);
}

/* The count of a day's transfers must not begin again at 65536: a limit would be open again. */
TEST(transfers_of_a_day_are_counted_to_the_end)
{
    struct state_config config = small();
    struct state *s = world(&config, false);
    struct person *payer = &s->persons[0];
    payer->transfer_day = 20412;
    payer->transfer_count = UINT16_MAX - 1;
    struct gj_op op = {.type = GJ_OP_TRANSFER, .amount = 1, .kind = GJ_SOURCE_PERSONAL};
    struct gj_effect effect = {.slot_first = 0,
                               .slot_other = 1,
                               .region_source = 1,
                               .region_target = 2,
                               .day = 20412,
                               .year = 2025};
    const struct applied applied = {.op = &op, .effect = &effect};
    for (unsigned i = 0; i < 3; i++) {
        effect.balance = payer->personal - 1;
        commit_transfer(s, &applied);
        CHECK_EQ(payer->transfer_count, UINT16_MAX);
    }
    effect.day++;
    effect.balance = payer->personal - 1;
    commit_transfer(s, &applied);
    CHECK_EQ(payer->transfer_count, 1);
    CHECK(state_audit(s) != NULL); /* a day to come */
    s->time_ms += CALENDAR_DAY_MS;
    CHECK(state_audit(s) == NULL);
    free(s);
}

TEST_MAIN(T(size_is_the_sum_of_its_parts), T(configurations_out_of_range_have_no_size),
          T(memory_per_person_rid_and_hold), T(parts_do_not_overlap_and_fill_the_block),
          T(layout_is_the_size_and_the_pointers), T(layout_runs_leave_out_other_regions),
          T(empty_state), T(floor_only_rises), T(records_must_fit_the_capacities),
          T(records_of_holds_and_originals_must_fit), T(quota_bases_and_rounding),
          T(quota_of_a_new_year), T(quota_does_not_overflow),
          T(transfers_of_a_day_are_counted_to_the_end))
