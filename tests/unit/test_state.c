/* tests/unit/test_state.c -- sizes and layout of the state's memory, quota, digest and audit on
 * states put together by hand. */
#include <stdlib.h>

#include "calendar.h"
#include "commit.h"
#include "tables.h"
#include "test.h"

static struct state_config small(void)
{
    return (struct state_config){.persons_max = 10,
                                 .families_max = 4,
                                 .institutions_max = 3,
                                 .rids_max = 100,
                                 .hash_seed = 5};
}

static struct state *build(const struct state_config *config)
{
    struct state_memory parts;
    uint64_t size = state_size(config, &parts);
    void *memory = aligned_alloc(64, size);
    memset(memory, 0, size);
    return state_init(config, memory);
}

TEST(size_is_the_sum_of_its_parts)
{
    struct state_config config = small();
    struct state_memory p;
    uint64_t size = state_size(&config, &p);
    CHECK(size > 0);
    CHECK_EQ(size, p.total);
    CHECK_EQ(size, p.persons + p.person_index + p.families + p.institutions + p.regions + p.rids +
                       p.other);
    CHECK_EQ(p.persons, 10 * 128);
    CHECK_EQ(p.families, 4 * 192);
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
}

/* Bytes per unit, so that a summary printed at start cannot drift from what is documented. */
TEST(memory_per_person_and_rid)
{
    struct state_config config = small();
    struct state_memory p;
    config.persons_max = 1000000;
    config.rids_max = 1000000;
    CHECK(state_size(&config, &p) > 0);
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
        {s->regions, GJ_REGIONS_MAX * sizeof(struct region)},
        {s->books, GJ_REGIONS_MAX * sizeof(struct book)},
        {s->gross, GJ_REGIONS_MAX * GJ_REGIONS_MAX * sizeof(i128)},
        {s->premium_payable, GJ_REGIONS_MAX * PREMIUM_YEARS * sizeof(i128)},
        {s->persons_index.buckets, index_size(10)},
        {s->institutions_index.buckets, index_size(3)},
        {s->rids.slices[0].entries, rid_window_size(100)},
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

TEST(empty_state)
{
    struct state_config config = small();
    struct state *s = build(&config);
    struct state_counts counts;
    state_counts(s, &counts);
    CHECK_EQ(counts.persons, 0);
    CHECK_EQ(counts.rids, 0);
    CHECK_EQ(state_seq(s), 0);
    CHECK_EQ(state_time_ms(s), 0);
    CHECK_EQ(state_rid_floor_ms(s), 0);
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
    state_raise_rid_floor(s, 100);
    CHECK_EQ(state_rid_floor_ms(s), 100);
    state_raise_rid_floor(s, 50);
    CHECK_EQ(state_rid_floor_ms(s), 100);
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

static void put_region(struct state *s, uint16_t id)
{
    s->regions[id].version = 1;
    s->regions[id].province = id;
    gj_policy_default(&s->regions[id].data.policy);
    s->regions_count++;
}

static void put_person(struct state *s, uint64_t id, uint16_t region, int64_t personal)
{
    uint32_t slot = s->persons_count++;
    s->persons[slot] = (struct person){.id = id,
                                       .personal = personal,
                                       .insured_region = region,
                                       .flags = PERSON_ACCOUNT,
                                       .family = SLOT_NONE};
    s->persons_cold[slot] =
        (struct person_cold){.year = 2025, .opening = 700, .credits = personal, .used = 700};
    index_insert(&s->persons_index, id, slot);
    s->books[region].personal += personal;
    s->books[region].fund += personal;
    s->books[region].persons++;
}

static void put_wallet(struct state *s, uint32_t slot, uint16_t region, int64_t wallet)
{
    s->persons[slot].flags |= PERSON_WALLET;
    s->persons[slot].use_region = region;
    s->persons[slot].wallet = wallet;
    s->books[region].wallet += wallet;
    s->books[region].fund += wallet;
    s->books[region].wallets++;
}

static void put_institution(struct state *s, uint64_t id, uint16_t region)
{
    uint32_t slot = s->institutions_count++;
    s->institutions[slot] = (struct institution){.id = id, .region = region};
    index_insert(&s->institutions_index, id, slot);
}

static void put_relation(struct state *s, uint32_t payer, uint32_t member)
{
    uint32_t slot = s->families_count++;
    s->families[slot] = (struct family){.payer = payer,
                                        .count = 1,
                                        .member = {member},
                                        .kind = {GJ_CHILD},
                                        .cap = {5000},
                                        .used = {100},
                                        .year = 2025};
    s->persons[payer].family = slot;
}

/* Two regions, two persons of one family, a wallet, and 30 fen owed from region 1 to 2. */
static struct state *world(const struct state_config *config, bool other_order)
{
    struct state *s = build(config);
    s->time_ms = UINT64_C(1763600400000); /* 2025-11-20 */
    put_region(s, 1);
    put_region(s, 2);
    uint32_t first = other_order ? 1 : 0;
    if (other_order) put_person(s, 200, 2, 0);
    put_person(s, 100, 1, 1000);
    if (!other_order) put_person(s, 200, 2, 0);
    put_wallet(s, 1 - first, 2, 30);
    put_relation(s, first, 1 - first);
    s->gross[1 * GJ_REGIONS_MAX + 2] = 30;
    s->books[1].clearing = 30;
    s->books[1].fund += 30;
    s->books[2].clearing = -30;
    s->books[2].fund -= 30;
    return s;
}

TEST(audit_accepts_a_sound_world)
{
    struct state_config config = small();
    struct state *s = world(&config, false);
    CHECK(state_audit(s) == NULL);
    free(s);
}

/* Breaks one thing, expects the audit to name it. */
#define BROKEN(change, name)                                                                       \
    do {                                                                                           \
        struct state *s = world(&config, false);                                                   \
        change;                                                                                    \
        CHECK_STR(state_audit(s), name);                                                           \
        free(s);                                                                                   \
    } while (0)

TEST(audit_names_what_is_broken_in_the_books)
{
    struct state_config config = small();
    BROKEN(s->books[1].fund++, "the region's book balances");
    BROKEN(s->persons[0].personal++, "yearly figures explain the personal account");
    BROKEN(s->persons[0].personal--, "personal accounts add up to the book");
    BROKEN(s->persons[1].wallet++, "wallets add up to the book");
    BROKEN(s->books[1].institution++, "institutions add up to the book");
    BROKEN(s->books[1].premium++, "premiums add up to the book");
    BROKEN(s->premium_payable[1 * PREMIUM_YEARS] = -1, "premium payable below zero");
    BROKEN(s->gross[2 * GJ_REGIONS_MAX + 1] = 5, "clearing equals gross out minus gross in");
    BROKEN(s->gross[2 * GJ_REGIONS_MAX + 1] = -5, "gross below zero");
    BROKEN(s->gross[2 * GJ_REGIONS_MAX + 2] = 5, "gross of a region with itself");
    BROKEN(s->books[2].persons++, "number of persons");
    BROKEN(s->books[2].wallets--, "number of wallets");
    BROKEN(s->regions_count++, "number of regions");
    BROKEN(s->books[7].fund = 5; s->books[7].premium = 5;
           s->premium_payable[7 * PREMIUM_YEARS] = 5, "money in a region not set");
    BROKEN(s->regions[2].province = 1, "one number for each province");
    BROKEN(s->regions[1].data.province[0] = s->regions[2].data.province[0] = 'x',
           "one number for each province");
    BROKEN(s->regions[2].province = 0, "one number for each province");
    BROKEN(s->regions[1].next_version = 1, "scheduled policy is newer");
    BROKEN(s->regions[0].version = 1, "region 0 is set");
    BROKEN(s->institutions_count = 1, "institution index");
    BROKEN(put_institution(s, 5, 2); s->institutions[0].id = 6, "institution index");
    BROKEN(put_institution(s, 5, 3), "institution's region not set");
    BROKEN(put_institution(s, 5, 2);
           s->institutions[0].payable = 1, "institutions add up to the book");
}

TEST(audit_names_what_is_broken_in_the_accounts)
{
    struct state_config config = small();
    BROKEN(s->persons[0].personal = -1, "personal account out of bounds");
    BROKEN(s->persons[0].personal = GJ_AMOUNT_MAX + 1, "personal account out of bounds");
    BROKEN(s->persons[1].wallet = -1, "wallet out of bounds");
    BROKEN(s->persons[0].personal_held = 1001, "held within personal account");
    BROKEN(s->persons[0].personal_held = -1, "held within personal account");
    BROKEN(s->persons[1].wallet_held = 31, "held within wallet");
    BROKEN(s->persons[1].flags &= ~PERSON_WALLET, "money in a wallet not confirmed");
    BROKEN(s->persons[0].flags &= ~PERSON_ACCOUNT, "money without an account");
    BROKEN(s->persons[0].insured_region = 3, "insured region not set");
    BROKEN(s->persons[1].use_region = 0, "region of use");
    BROKEN(s->persons[0].id = 101, "person index");
    BROKEN(s->persons_cold[0].used = -1, "yearly figures below zero");
    BROKEN(s->persons_cold[0].opening = -1, "yearly figures below zero");
    BROKEN(s->persons_cold[0].credits = -1, "yearly figures below zero");
    BROKEN(s->persons_cold[0].used++, "yearly figures explain the personal account");
    BROKEN(s->persons_cold[0].credits--, "yearly figures explain the personal account");
    BROKEN(s->persons_cold[0].year++, "figures of a time to come");
    BROKEN(s->persons_cold[0].premium_year = 2026, "figures of a time to come");
    BROKEN(s->persons[0].transfer_day = UINT16_MAX, "figures of a time to come");
    BROKEN(s->persons_cold[0].premium_paid[2] = 1, "premium marks without a year");
    BROKEN(s->persons[0].personal_held = 1, "money held by nothing");
    BROKEN(s->persons[1].wallet_held = 1, "money held by nothing");
    BROKEN(s->persons[1].wallet_held = -1, "held within wallet");
    BROKEN(s->persons[1].wallet = GJ_AMOUNT_MAX + 1, "wallet out of bounds");
    BROKEN(s->persons[1].flags &= ~PERSON_ACCOUNT, "employee without an account");
    BROKEN(s->persons[1].id = 0, "person index");
    BROKEN(s->persons_count--; s->books[2].persons--, "person index");
    BROKEN(s->persons[1].family = 0, "family of another payer");
    BROKEN(s->persons[1].family = 1, "family out of range");
}

TEST(audit_names_what_is_broken_in_a_family)
{
    struct state_config config = small();
    BROKEN(s->families[0].count = 7, "more members than a family may have");
    BROKEN(s->families[0].member[0] = 2, "member out of range");
    BROKEN(s->families[0].member[0] = 0, "member to oneself");
    BROKEN(s->families[0].count = 2; s->families[0].member[1] = 1;
           s->families[0].kind[1] = 1, "member bound twice");
    BROKEN(s->families[0].kind[0] = 9, "relation kind");
    BROKEN(s->families[0].used[0] = -1, "shared amount below zero");
    BROKEN(s->families[0].cap[0] = -2, "shared amount below zero");
    BROKEN(s->families[0].kind[0] = 0, "relation kind");
    BROKEN(s->persons[0].family = SLOT_NONE; s->families[0].payer = 2, "payer out of range");
    BROKEN(s->persons[0].family = SLOT_NONE, "payer of another family");
    BROKEN(s->families[0].year = 2026, "figures of a time to come");
    BROKEN(s->families[0].used[0] = 701, "members drew no more than their payer used");
}

static bool same_digest(const struct state *a, const struct state *b)
{
    uint64_t x[2], y[2];
    state_digest(a, x);
    state_digest(b, y);
    return x[0] == y[0] && x[1] == y[1];
}

TEST(digest_sees_no_slots_positions_or_capacities)
{
    struct state_config config = small(), larger = small();
    larger.persons_max = 1000;
    larger.rids_max = 5000;
    larger.hash_seed = 6;
    struct state *a = world(&config, false), *b = world(&larger, true);
    CHECK(same_digest(a, b));
    a->persons[0].last_position = 77;
    a->seq = 9;
    a->time_ms = 1000;
    state_raise_rid_floor(a, 500);
    CHECK(same_digest(a, b));
    free(a);
    free(b);
}

#define SEEN(change)                                                                               \
    do {                                                                                           \
        struct state *s = world(&config, false), *was = world(&config, false);                     \
        change;                                                                                    \
        CHECK(!same_digest(s, was));                                                               \
        free(s);                                                                                   \
        free(was);                                                                                 \
    } while (0)

TEST(digest_sees_every_domain_field)
{
    struct state_config config = small();
    SEEN(s->persons[0].personal++);
    SEEN(s->persons[0].personal_held++);
    SEEN(s->persons[1].wallet++);
    SEEN(s->persons[1].wallet_held++);
    SEEN(s->persons[0].insured_region++);
    SEEN(s->persons[0].use_region++);
    SEEN(s->persons[0].flags |= PERSON_SPECIAL);
    SEEN(s->persons_cold[0].opening++);
    SEEN(s->persons_cold[0].credits++);
    SEEN(s->persons_cold[0].used++);
    SEEN(s->persons_cold[0].year++);
    SEEN(s->persons_cold[0].phone_hash++);
    SEEN(s->persons_cold[0].wallet_phone_hash++);
    SEEN(s->persons_cold[0].changed_on++);
    SEEN(s->persons_cold[0].premium_year++);
    SEEN(s->persons_cold[0].premium_paid[2]++);
    SEEN(s->persons[0].transfer_day++);
    SEEN(s->persons[0].transfer_count++);
    SEEN(s->families[0].kind[0]++);
    SEEN(s->families[0].cap[0]++);
    SEEN(s->families[0].used[0]++);
    SEEN(s->families[0].year++);
    SEEN(s->families[0].count = 0);
    SEEN(s->regions[1].version++);
    SEEN(s->regions[1].data.policy.quota_bp++);
    SEEN(s->regions[1].data.name[0]++);
    SEEN(s->regions[1].data.province[0]++);
    SEEN(s->regions[1].data.public_code++);
    SEEN(s->regions[1].current_from_ms++);
    SEEN(s->regions[1].next_version = 2);
    SEEN(s->books[1].fund++);
    SEEN(s->books[2].clearing++);
    SEEN(s->gross[1 * GJ_REGIONS_MAX + 2]++);
    SEEN(s->premium_payable[2 * PREMIUM_YEARS + 26]++);
    SEEN(s->institutions[s->institutions_count++].id = 5);
    SEEN(s->books[1].persons++);
    SEEN(s->books[2].wallets++);
    SEEN(s->premium_payable[2 * PREMIUM_YEARS + 26]--);
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
    for (unsigned i = 0; i < 3; i++) {
        effect.balance = payer->personal - 1;
        commit_transfer(s, &op, &effect);
        CHECK_EQ(payer->transfer_count, UINT16_MAX);
    }
    effect.day++;
    effect.balance = payer->personal - 1;
    commit_transfer(s, &op, &effect);
    CHECK_EQ(payer->transfer_count, 1);
    CHECK(state_audit(s) != NULL); /* a day to come */
    s->time_ms += CALENDAR_DAY_MS;
    CHECK(state_audit(s) == NULL);
    free(s);
}

TEST_MAIN(T(size_is_the_sum_of_its_parts), T(configurations_out_of_range_have_no_size),
          T(memory_per_person_and_rid), T(parts_do_not_overlap_and_fill_the_block), T(empty_state),
          T(floor_only_rises), T(records_must_fit_the_capacities), T(audit_accepts_a_sound_world),
          T(audit_names_what_is_broken_in_the_books), T(audit_names_what_is_broken_in_the_accounts),
          T(audit_names_what_is_broken_in_a_family),
          T(digest_sees_no_slots_positions_or_capacities), T(digest_sees_every_domain_field),
          T(quota_bases_and_rounding), T(quota_of_a_new_year), T(quota_does_not_overflow),
          T(transfers_of_a_day_are_counted_to_the_end))
