/* core/state/digest.c -- one number for all domain state: equal states give equal digests whatever
 * their slots, positions, capacities or order of creation. core/core.h says what is left out. */
#include "core/state/digest.h"

#include "core/base/hash.h"
#include "core/state/layout.h"
#include "core/state/tables.h"

/* Every object is hashed as one of these, all bytes set; `tag` keeps the kinds apart. */
enum tag {
    TAG_PERSON = 1,
    TAG_RELATION,
    TAG_INSTITUTION,
    TAG_REGION,
    TAG_BOOK,
    TAG_GROSS,
    TAG_PREMIUM,
    TAG_HOLD,
    TAG_DAY,
    TAG_KEPT,
    TAG_CHANGES
};

struct person_image {
    uint64_t tag, id;
    int64_t personal, personal_held, wallet, wallet_held, opening, credits, used;
    uint64_t phone_hash, wallet_phone_hash;
    uint32_t flags;
    uint16_t insured_region, use_region, year, changed_on, premium_year;
    uint16_t transfer_day, transfer_count;
    uint8_t premium_paid[3];
    uint8_t zero[3];
};
struct relation_image {
    uint64_t tag, payer, member, kind, year;
    int64_t cap, used;
};
struct institution_image {
    uint64_t tag, id;
    char code[16];
    i128 payable;
    uint64_t region, type, scenarios, flags;
};
struct region_image {
    uint64_t tag, id;
    struct gj_region_ext data;
    struct gj_policy next;
    uint64_t next_from_ms, current_from_ms, version, next_version;
};
struct book_image {
    uint64_t tag, region;
    struct book book;
};
struct hold_image {
    uint64_t tag;
    struct gj_rid rid;
    uint64_t person, other, institution, due_ms;
    int64_t left[GJ_SOURCES_MAX], amount;
    uint16_t quota_year, refund_days, reversal_days;
    uint8_t type, sources, scenario, quota;
    uint8_t zero[6];
};
struct day_image {
    uint64_t tag, institution;
    i128 credits, debits;
    uint64_t credit_count, debit_count, day, zero;
};
struct amount_image {
    uint64_t tag, row, column, zero;
    i128 amount;
};

/* No padding, else its bytes would be hashed. */
static_assert(sizeof(struct person_image) == 9 * 8 + 2 * 8 + 4 + 7 * 2 + 3 + 3, "packed");
static_assert(sizeof(struct relation_image) == 56, "packed");
static_assert(sizeof(struct institution_image) == 80, "packed");
static_assert(sizeof(struct region_image) == 16 + 384 + 256 + 32, "packed");
static_assert(sizeof(struct book_image) == 16 + 6 * 16 + 16, "packed");
static_assert(sizeof(struct hold_image) == 8 + 16 + 4 * 8 + 4 * 8 + 6 + 4 + 6, "packed");
static_assert(sizeof(struct day_image) == 16 + 2 * 16 + 4 * 8, "packed");
static_assert(sizeof(struct amount_image) == 48, "packed");

static void add(u128 *sum, const void *image, size_t size)
{
    *sum += hash_128(image, size);
}

void digest_person(const struct state *s, uint32_t slot, u128 *sum)
{
    const struct person *person = &s->persons[slot];
    const struct person_cold *cold = &s->persons_cold[slot];
    struct person_image image = {
        .tag = TAG_PERSON,
        .id = person->id,
        .personal = person->personal,
        .personal_held = person->personal_held,
        .wallet = person->wallet,
        .wallet_held = person->wallet_held,
        .opening = cold->opening,
        .credits = cold->credits,
        .used = cold->used,
        .phone_hash = cold->phone_hash,
        .wallet_phone_hash = cold->wallet_phone_hash,
        .flags = person->flags,
        .insured_region = person->insured_region,
        .use_region = person->use_region,
        .year = cold->year,
        .changed_on = cold->changed_on,
        .premium_year = cold->premium_year,
        .transfer_day = person->transfer_day,
        .transfer_count = person->transfer_count,
    };
    memcpy(image.premium_paid, cold->premium_paid, sizeof(image.premium_paid));
    add(sum, &image, sizeof(image));
}

static void add_changes(const struct state *s, const struct family *family, u128 *sum)
{
    if (family->new_members == 0) return;
    struct relation_image image = {
        .tag = TAG_CHANGES,
        .payer = s->persons[family->payer].id,
        .kind = family->new_members,
        .year = family->changes_year,
    };
    add(sum, &image, sizeof(image));
}

/* An emptied family adds nothing: it is a slot, not an object of the domain. */
void digest_family(const struct state *s, uint32_t slot, u128 *sum)
{
    const struct family *family = &s->families[slot];
    add_changes(s, family, sum);
    for (unsigned i = 0; i < family->count + family->kept; i++) {
        struct relation_image image = {
            .tag = i < family->count ? TAG_RELATION : TAG_KEPT,
            .payer = s->persons[family->payer].id,
            .member = s->persons[family->member[i]].id,
            .kind = family->kind[i],
            .year = family->year,
            .cap = family->cap[i],
            .used = family->used[i],
        };
        add(sum, &image, sizeof(image));
    }
}

static void add_institution(const struct state *s, uint32_t slot, u128 *sum)
{
    const struct institution *institution = &s->institutions[slot];
    struct institution_image image = {
        .tag = TAG_INSTITUTION,
        .id = institution->id,
        .payable = institution->payable,
        .region = institution->region,
        .type = institution->type,
        .scenarios = institution->scenarios,
        .flags = institution->flags,
    };
    memcpy(image.code, institution->code, sizeof(image.code));
    add(sum, &image, sizeof(image));
}

/* Totals of days long past stay in their place until another day takes it: they count too. */
static void add_days(const struct state *s, uint32_t slot, u128 *sum)
{
    const struct institution_day *days = &s->days[slot * (uint64_t)GJ_INSTITUTION_DAYS];
    for (unsigned i = 0; i < GJ_INSTITUTION_DAYS; i++) {
        if (days[i].credit_count == 0 && days[i].debit_count == 0) continue;
        struct day_image image = {
            .tag = TAG_DAY,
            .institution = s->institutions[slot].id,
            .credits = days[i].credits,
            .debits = days[i].debits,
            .credit_count = days[i].credit_count,
            .debit_count = days[i].debit_count,
            .day = days[i].day,
        };
        add(sum, &image, sizeof(image));
    }
}

void digest_hold(const struct state *s, uint32_t entry, u128 *sum)
{
    const struct hold *hold = &s->holds.entries[entry];
    if (hold->type == 0) return;
    struct hold_image image = {
        .tag = TAG_HOLD,
        .rid = hold->rid,
        .person = hold->person,
        .other = hold->other == SLOT_NONE ? 0 : s->persons[hold->other].id,
        .institution = hold->institution == SLOT_NONE ? 0 : s->institutions[hold->institution].id,
        .due_ms = hold->due_ms,
        .amount = hold->amount,
        .quota_year = hold->quota_year,
        .refund_days = hold->refund_days,
        .reversal_days = hold->reversal_days,
        .type = hold->type,
        .sources = hold->sources,
        .scenario = hold->scenario,
        .quota = hold->quota,
    };
    memcpy(image.left, hold->left, sizeof(image.left));
    add(sum, &image, sizeof(image));
}

static void add_amount(enum tag tag, uint64_t row, uint64_t column, i128 amount, u128 *sum)
{
    if (amount == 0) return;
    struct amount_image image = {.tag = tag, .row = row, .column = column, .amount = amount};
    add(sum, &image, sizeof(image));
}

void digest_gross(const struct state *s, uint64_t cell, u128 *sum)
{
    add_amount(TAG_GROSS, cell / GJ_REGIONS_MAX, cell % GJ_REGIONS_MAX, s->gross[cell], sum);
}

void digest_premium(const struct state *s, uint64_t cell, u128 *sum)
{
    add_amount(TAG_PREMIUM, cell / PREMIUM_YEARS, cell % PREMIUM_YEARS, s->premium_payable[cell],
               sum);
}

void digest_region(const struct state *s, uint32_t id, const struct book *book, u128 *sum)
{
    const struct region *region = &s->regions[id];
    if (region->version == 0) return;
    struct region_image image = {
        .tag = TAG_REGION,
        .id = id,
        .data = region->data,
        .next_from_ms = region->next_from_ms,
        .current_from_ms = region->current_from_ms,
        .version = region->version,
        .next_version = region->next_version,
    };
    /* What is left of a policy that took effect is no part of the state. */
    if (region->next_version != 0)
        image.next = region->next;
    else
        image.next_from_ms = 0;
    add(sum, &image, sizeof(image));

    struct book_image of = {.tag = TAG_BOOK, .region = id, .book = *book};
    add(sum, &of, sizeof(of));
}

static void add_region(const struct state *s, uint32_t id, u128 *sum)
{
    if (s->regions[id].version == 0) return;
    digest_region(s, id, &s->books[id], sum);
    for (uint64_t i = 0; i < GJ_REGIONS_MAX; i++) digest_gross(s, id * GJ_REGIONS_MAX + i, sum);
    for (uint64_t i = 0; i < PREMIUM_YEARS; i++) digest_premium(s, id * PREMIUM_YEARS + i, sum);
}

void digest_institution(const struct state *s, uint32_t slot, u128 *sum)
{
    add_institution(s, slot, sum);
    add_days(s, slot, sum);
}

/* One function for each word in the column of core/state/layout.h. */

static void digest_nothing(const struct state *s, u128 *sum)
{
    (void)s;
    (void)sum;
}
static void digest_header(const struct state *s, u128 *sum)
{
    *sum += s->amended; /* is such a sum already */
}
static void digest_persons(const struct state *s, u128 *sum)
{
    for (uint32_t i = 0; i < s->persons_count; i++) digest_person(s, i, sum);
}
static void digest_families(const struct state *s, u128 *sum)
{
    for (uint32_t i = 0; i < s->families_count; i++) digest_family(s, i, sum);
}
static void digest_institutions(const struct state *s, u128 *sum)
{
    for (uint32_t i = 0; i < s->institutions_count; i++) add_institution(s, i, sum);
}
static void digest_days(const struct state *s, u128 *sum)
{
    for (uint32_t i = 0; i < s->institutions_count; i++) add_days(s, i, sum);
}
static void digest_regions(const struct state *s, u128 *sum)
{
    for (uint32_t i = 0; i < GJ_REGIONS_MAX; i++) add_region(s, i, sum);
}
static void digest_holds(const struct state *s, u128 *sum)
{
    for (uint32_t i = 0; i < s->holds.count; i++) {
        digest_hold(s, s->holds.heap[i], sum);
    }
}

void state_digest(const struct state *s, uint64_t ret[2])
{
    u128 sum = 0;
#define X(name, bytes, number, memory, kind, unit, digest, ...) digest_##digest(s, &sum);
    LAYOUT_MAP(X)
#undef X
    ret[0] = (uint64_t)sum;
    ret[1] = (uint64_t)(sum >> 64);
}
