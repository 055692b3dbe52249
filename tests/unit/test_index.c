/* tests/unit/test_index.c -- the id index: everything found, nothing else, up to the last entry. */
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/state/index.h"
#include "tests/test.h"

struct thing {
    uint64_t id;
    uint64_t other;
};

struct fixture {
    struct index ix;
    struct thing *things;
    void *memory;
};

static struct fixture build(uint64_t count_max, uint64_t seed)
{
    struct fixture f;
    f.things = calloc(count_max, sizeof(struct thing));
    f.memory = aligned_alloc(64, index_size(count_max));
    memset(f.memory, 0, index_size(count_max));
    index_init(&f.ix, f.memory, count_max, f.things, sizeof(struct thing), seed);
    return f;
}

static void add(struct fixture *f, uint32_t slot, uint64_t id)
{
    f->things[slot].id = id;
    index_insert(&f->ix, id, slot);
}

static void drop(struct fixture *f)
{
    free(f->things);
    free(f->memory);
}

/* Fills to the brim with ids `first + n * step`, then looks up every id and as many strangers. */
static void fill_and_look(uint32_t count_max, uint64_t first, uint64_t step, uint64_t seed)
{
    struct fixture f = build(count_max, seed);
    unsigned wrong = 0;
    for (uint32_t n = 0; n < count_max; n++) {
        uint64_t id = first + n * step;
        wrong += index_find(&f.ix, id) != UINT32_MAX;
        add(&f, n, id);
    }
    CHECK_EQ(f.ix.count, count_max);
    for (uint32_t n = 0; n < count_max; n++) {
        wrong += index_find(&f.ix, first + n * step) != n;
        wrong += index_find(&f.ix, first + (count_max + n) * step) != UINT32_MAX;
    }
    CHECK_EQ(wrong, 0);
    drop(&f);
}

TEST(full_with_dense_ids)
{
    fill_and_look(100000, 1, 1, 7);
}

TEST(full_with_sparse_ids)
{
    fill_and_look(100000, UINT64_C(110101199001010000), 4096, 99);
}

TEST(full_at_every_small_size)
{
    for (uint32_t count = 1; count <= 120; count++) fill_and_look(count, 5, 3, count);
}

TEST(extreme_ids)
{
    struct fixture f = build(4, 1);
    add(&f, 0, UINT64_MAX);
    add(&f, 1, 1);
    add(&f, 2, UINT64_C(1) << 63);
    CHECK_EQ(index_find(&f.ix, UINT64_MAX), 0);
    CHECK_EQ(index_find(&f.ix, 1), 1);
    CHECK_EQ(index_find(&f.ix, UINT64_C(1) << 63), 2);
    CHECK_EQ(index_find(&f.ix, 0), UINT32_MAX);
    drop(&f);
}

/* A full index is 2/3 full and few of its buckets have spilled. */
TEST(spill_is_short)
{
    const uint32_t count = 200000;
    struct fixture f = build(count, 3);
    for (uint32_t n = 0; n < count; n++) add(&f, n, n * UINT64_C(2654435761) + 1);
    uint64_t spilled = 0;
    for (uint64_t b = 0; b < f.ix.bucket_count; b++) spilled += f.ix.buckets[b].spilled;
    CHECK(spilled * 12 < f.ix.bucket_count);
    CHECK(count * UINT64_C(3) <= f.ix.bucket_count * INDEX_BUCKET_SLOTS * 2);
    drop(&f);
}

/* What a hint says about an id in its home bucket is its slot or one with the same tag. */
TEST(prefetch_hint_is_mostly_the_slot)
{
    const uint32_t count = 10000;
    struct fixture f = build(count, 3);
    for (uint32_t n = 0; n < count; n++) add(&f, n, n + 1);
    unsigned right = 0;
    for (uint32_t n = 0; n < count; n++) {
        uint64_t hash = index_prefetch_bucket(&f.ix, n + 1);
        right += index_prefetch_record(&f.ix, hash) == n;
    }
    CHECK(right > count * 9 / 10);
    drop(&f);
}

/* Ids that would all meet in one bucket, chosen by somebody who knows the seed; the next id from
 * `from` on. */
static uint64_t colliding_id(uint64_t from, uint64_t bucket_count, uint64_t seed)
{
    while ((uint64_t)((u128)hash_id(from, seed) * bucket_count >> 64) != 0) from++;
    return from;
}

/* The most buckets a lookup goes through. */
static uint64_t longest_way(const struct index *ix)
{
    uint64_t way = 0, ret = 0;
    for (uint64_t b = 0; b < 2 * ix->bucket_count; b++) {
        way = ix->buckets[b % ix->bucket_count].spilled ? way + 1 : 0;
        if (way > ret) ret = way;
    }
    return ret + 1;
}

/* With the seed such ids make every lookup long; the seed is the log's secret, and without it they
 * are like any others. */
TEST(ids_that_collide_under_another_seed)
{
    const uint32_t count = 2000;
    struct fixture guessed = build(count, 1), ours = build(count, 2), others = build(count, 2);
    unsigned wrong = 0;
    for (uint64_t n = 0, id = 1; n < count; n++, id++) {
        id = colliding_id(id, guessed.ix.bucket_count, 1);
        add(&guessed, (uint32_t)n, id);
        add(&ours, (uint32_t)n, id);
        add(&others, (uint32_t)n, n + 1);
    }
    for (uint32_t n = 0; n < count; n++) {
        wrong += index_find(&guessed.ix, guessed.things[n].id) != n;
        wrong += index_find(&ours.ix, ours.things[n].id) != n;
    }
    CHECK_EQ(wrong, 0);
    CHECK(longest_way(&guessed.ix) >= count / INDEX_BUCKET_SLOTS);
    CHECK(longest_way(&others.ix) <= 5);
    CHECK(longest_way(&ours.ix) <= 5);
    drop(&guessed);
    drop(&ours);
    drop(&others);
}

TEST_MAIN(T(full_with_dense_ids), T(full_with_sparse_ids), T(full_at_every_small_size),
          T(extreme_ids), T(spill_is_short), T(prefetch_hint_is_mostly_the_slot),
          T(ids_that_collide_under_another_seed))
