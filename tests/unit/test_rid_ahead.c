/* tests/unit/test_rid_ahead.c -- requests whose rid is ahead of its time: they never lift the
 * low-water mark over the clock, are found as long as the mark has not passed them, and leave for
 * the window when their time has come. */
#include <stdlib.h>

#include "core/state/rid_window.h"
#include "tests/test.h"

#define NOW       UINT64_C(1764000000000)
#define AHEAD_MAX 64u

struct fixture {
    struct rid_window w;
    void *memory;
    uint64_t time_ms, position;
};

static struct fixture build(uint64_t rids_max)
{
    struct fixture f = {.time_ms = NOW};
    uint64_t size = rid_window_size(rids_max, AHEAD_MAX);
    f.memory = aligned_alloc(64, size);
    memset(f.memory, 0, size);
    rid_window_init(&f.w, f.memory, rids_max, AHEAD_MAX, 4711);
    return f;
}

static struct gj_rid rid_at(uint64_t ms, uint64_t n)
{
    struct gj_rid rid = {.bytes = {0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; i++) rid.bytes[8 + i] = (uint8_t)(n >> (56 - 8 * i));
    return rid;
}

/* As commit does; the position. */
static uint64_t put(struct fixture *f, uint64_t ms, uint64_t n)
{
    struct gj_rid rid = rid_at(ms, n);
    rid_window_advance(&f->w, f->time_ms);
    rid_window_insert(&f->w, 1, &rid, ++f->position, f->time_ms);
    return f->position;
}

static uint64_t amend(struct fixture *f, uint64_t ms, uint64_t n, uint64_t from)
{
    struct gj_rid rid = rid_at(ms, n);
    rid_window_advance(&f->w, f->time_ms);
    rid_window_amend(&f->w, 1, &rid, from, ++f->position);
    return f->position;
}

static bool among(const uint64_t *positions, uint32_t count, uint64_t position)
{
    for (uint32_t i = 0; i < count; i++) {
        if (positions[i] == position) return true;
    }
    return false;
}

static bool finds(const struct fixture *f, uint64_t ms, uint64_t n, uint64_t position)
{
    uint64_t positions[RID_CANDIDATES_MAX];
    struct gj_rid rid = rid_at(ms, n);
    return among(positions, rid_window_find(&f->w, 1, &rid, positions), position);
}

static bool finds_amended(const struct fixture *f, uint64_t ms, uint64_t n, uint64_t position)
{
    uint64_t positions[RID_CANDIDATES_MAX];
    struct gj_rid rid = rid_at(ms, n);
    return among(positions, rid_window_find_amended(&f->w, 1, &rid, positions), position);
}

/* One request of a clock 299 s ahead, then full load through a small window. The mark may never
 * pass the clock, and the request is known until the mark has passed it by the clock's own pace. */
TEST(one_clock_ahead_shuts_nobody_out)
{
    struct fixture f = build(1000);
    uint64_t ahead_ms = NOW + 299000, position = put(&f, ahead_ms, 0), n = 1;
    uint64_t beyond = 0, lost = 0, refused = 0;
    for (; f.time_ms < NOW + 330000; n++) {
        f.time_ms = NOW + n / 2;
        refused += f.time_ms < f.w.low_water_ms; /* an honest client's fresh rid */
        put(&f, f.time_ms, n);
        beyond += f.w.low_water_ms > f.time_ms + GJ_RID_NEAR_MS;
        lost += !finds(&f, ahead_ms, 0, position) && ahead_ms >= f.w.low_water_ms;
    }
    CHECK_EQ(beyond, 0);
    CHECK_EQ(refused, 0);
    CHECK_EQ(lost, 0);
    CHECK(f.w.low_water_ms > ahead_ms); /* it was forgotten in the end, like any other */
    CHECK(!finds(&f, ahead_ms, 0, position));
    CHECK_EQ(f.w.ahead.count, 0);
    free(f.memory);
}

TEST(the_seam_is_two_seconds)
{
    struct fixture f = build(100);
    uint64_t near = put(&f, NOW + 1999, 1);
    CHECK_EQ(f.w.ahead.count, 0);
    uint64_t far = put(&f, NOW + 2000, 2);
    CHECK_EQ(f.w.ahead.count, 1);
    CHECK_EQ(f.w.ahead.first_ms, NOW + 2000);
    CHECK(finds(&f, NOW + 1999, 1, near) && finds(&f, NOW + 2000, 2, far));
    CHECK(!finds(&f, NOW + 2000, 1, far));
    f.time_ms = NOW + 1999;
    put(&f, NOW, 3);
    CHECK_EQ(f.w.ahead.count, 1);
    f.time_ms = NOW + 2000; /* its time has come */
    put(&f, NOW, 4);
    CHECK_EQ(f.w.ahead.count, 0);
    CHECK_EQ(f.w.ahead.first_ms, UINT64_MAX);
    CHECK_EQ(f.w.count, 4);
    CHECK(finds(&f, NOW + 2000, 2, far));
    free(f.memory);
}

/* However many have come of age at once, a commit moves a few, earliest first; all stay found. */
TEST(a_commit_moves_a_few)
{
    struct fixture f = build(1000);
    for (uint64_t n = 0; n < AHEAD_MAX; n++) put(&f, NOW + 5000 + n * 7919 % 1000, n);
    CHECK_EQ(f.w.ahead.count, AHEAD_MAX);
    f.time_ms = NOW + 10000;
    uint64_t first_ms = 0, falls = 0, lost = 0;
    for (uint64_t left = AHEAD_MAX; left > 0; left -= RID_DRAIN) {
        CHECK_EQ(f.w.ahead.count, left);
        falls += f.w.ahead.first_ms < first_ms;
        first_ms = f.w.ahead.first_ms;
        put(&f, f.time_ms, 1000 + left);
        for (uint64_t n = 0; n < AHEAD_MAX; n++) {
            lost += !finds(&f, NOW + 5000 + n * 7919 % 1000, n, n + 1);
        }
        CHECK(rid_ahead_sound(&f.w.ahead));
    }
    CHECK_EQ(falls, 0);
    CHECK_EQ(lost, 0);
    CHECK_EQ(f.w.ahead.count, 0);
    free(f.memory);
}

TEST(what_amended_it_waits_and_leaves_with_it)
{
    struct fixture f = build(100);
    uint64_t ms = NOW + 3000, position = put(&f, ms, 1);
    CHECK(!finds_amended(&f, ms, 1, position));
    uint64_t first = amend(&f, ms, 1, 0);
    CHECK(finds_amended(&f, ms, 1, first) && finds(&f, ms, 1, position));
    uint64_t second = amend(&f, ms, 1, first);
    CHECK(finds_amended(&f, ms, 1, second) && !finds_amended(&f, ms, 1, first));
    CHECK_EQ(f.w.ahead.count, 1); /* amending takes no place */
    f.time_ms = NOW + 3000;
    put(&f, f.time_ms, 2);
    CHECK_EQ(f.w.ahead.count, 0);
    CHECK_EQ(f.w.count, 3);
    CHECK(finds_amended(&f, ms, 1, second) && finds(&f, ms, 1, position));
    uint64_t third = amend(&f, ms, 1, second);
    CHECK(finds_amended(&f, ms, 1, third) && !finds_amended(&f, ms, 1, second));
    CHECK_EQ(f.w.count, 3);
    free(f.memory);
}

/* A table in which some have come of age is not full: the commit that adds takes those out first.
 */
TEST(room_is_what_will_be_free)
{
    struct fixture f = build(1000);
    for (uint64_t n = 0; n < AHEAD_MAX - 1; n++) put(&f, NOW + 60000 + n, n);
    CHECK(rid_window_room(&f.w, NOW, 1) && !rid_window_room(&f.w, NOW, 2));
    put(&f, NOW + 60001, 100);
    CHECK(rid_window_room(&f.w, NOW, 0));
    CHECK(!rid_window_room(&f.w, NOW, 1));
    CHECK(!rid_window_room(&f.w, NOW + 59999, 1));
    CHECK(rid_window_room(&f.w, NOW + 60000, 1)); /* the time of the earliest */
    CHECK(!rid_window_room(&f.w, NOW + 60000, 2));
    CHECK(rid_window_room(&f.w, NOW + 60001, 2)); /* two have that time */
    f.time_ms = NOW + 60001;
    put(&f, NOW + 100000, 101);
    put(&f, NOW + 100000, 102);
    CHECK(f.w.ahead.count <= AHEAD_MAX);
    CHECK(rid_ahead_sound(&f.w.ahead));
    free(f.memory);
}

/* Only redo of a log that was written with a larger table: what does not fit is not forgotten. */
TEST(what_does_not_fit_goes_into_the_window)
{
    struct fixture f = build(1000);
    uint64_t lost = 0;
    const uint64_t all = 3 * AHEAD_MAX;
    for (uint64_t n = 0; n < all; n++) put(&f, NOW + 60000 + n, n);
    CHECK_EQ(f.w.ahead.count, AHEAD_MAX);
    CHECK_EQ(f.w.count, all - AHEAD_MAX);
    for (uint64_t n = 0; n < all; n++) lost += !finds(&f, NOW + 60000 + n, n, n + 1);
    CHECK_EQ(lost, 0);
    uint64_t amended = amend(&f, NOW + 60000 + all - 1, all - 1, 0);
    CHECK(finds_amended(&f, NOW + 60000 + all - 1, all - 1, amended));
    free(f.memory);
}

/* A long history of clocks that are right, behind and ahead, of retries that amend, and pauses. */
TEST(random_history_keeps_the_law)
{
    const uint64_t steps = 20000;
    struct fixture f = build(400);
    struct {
        uint64_t ms, position, amended;
    } *all = calloc(steps, sizeof(*all));
    uint64_t random = 88172645463325252u, lost = 0, beyond = 0, full = 0, aheads = 0;
    for (uint64_t n = 0; n < steps; n++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        f.time_ms += random % 5 == 0 ? random / 7 % 3000 : random / 7 % 20;
        uint64_t ms = f.time_ms - random / 11 % 50;
        if (random / 13 % 4 == 0) ms = f.time_ms + random / 17 % 300000;
        bool ahead = ms >= f.time_ms + GJ_RID_NEAR_MS;
        if (!rid_window_room(&f.w, f.time_ms, ahead)) {
            full++;
            ms = f.time_ms;
        }
        if (ms < f.w.low_water_ms) ms = f.w.low_water_ms;
        aheads += ms >= f.time_ms + GJ_RID_NEAR_MS;
        all[n].ms = ms;
        all[n].position = put(&f, ms, n);
        uint64_t k = n - random / 19 % (n < 300 ? n + 1 : 300);
        if (all[k].ms >= f.w.low_water_ms) all[k].amended = amend(&f, all[k].ms, k, all[k].amended);
        beyond += f.w.low_water_ms > f.time_ms + GJ_RID_NEAR_MS;
        for (uint64_t i = n < 900 ? 0 : n - 900; n % 37 == 0 && i <= n; i++) {
            if (all[i].ms < f.w.low_water_ms) continue;
            lost += !finds(&f, all[i].ms, i, all[i].position);
            if (all[i].amended != 0) lost += !finds_amended(&f, all[i].ms, i, all[i].amended);
        }
        if (n % 500 == 0) CHECK(rid_ahead_sound(&f.w.ahead));
    }
    CHECK_EQ(lost, 0);
    CHECK_EQ(beyond, 0);
    CHECK(full > 100 && aheads > 500);
    CHECK(f.w.low_water_ms > NOW);
    free(all);
    free(f.memory);
}

/* Two fed the same are the same, byte for byte: redo is. */
TEST(same_commits_same_table)
{
    struct fixture a = build(200), b = build(200);
    for (uint64_t n = 0; n < 3000; n++) {
        a.time_ms = b.time_ms = NOW + n * 50;
        uint64_t ms = a.time_ms + (n % 40 == 0 ? n * 37 % 300000 : 0);
        put(&a, ms, n);
        put(&b, ms, n);
        if (n % 7 == 0) {
            amend(&a, ms, n, 0);
            amend(&b, ms, n, 0);
        }
    }
    CHECK(memcmp(a.memory, b.memory, rid_window_size(200, AHEAD_MAX)) == 0);
    CHECK_EQ(a.w.low_water_ms, b.w.low_water_ms);
    CHECK(a.w.ahead.count > 0);
    CHECK_EQ(a.w.ahead.count, b.w.ahead.count);
    CHECK_EQ(a.w.ahead.first_ms, b.w.ahead.first_ms);
    free(a.memory);
    free(b.memory);
}

#define BROKEN(change)                                                                             \
    do {                                                                                           \
        struct fixture f = build(100);                                                             \
        for (uint64_t n = 0; n < 20; n++) put(&f, NOW + 9000 + n % 5, n);                          \
        for (uint64_t n = 0; n < 3; n++, f.time_ms = NOW + 9001) put(&f, NOW, 50 + n);             \
        struct rid_ahead *a = &f.w.ahead;                                                          \
        CHECK(rid_ahead_sound(a) && a->count < 20);                                                \
        change;                                                                                    \
        CHECK(!rid_ahead_sound(a));                                                                \
        free(f.memory);                                                                            \
    } while (0)

TEST(a_broken_table_is_named)
{
    BROKEN(a->count--);
    BROKEN(a->count++);
    BROKEN(a->first_ms++);
    BROKEN(a->free = 0);
    BROKEN(a->used++);
    BROKEN(a->heap[1] = a->heap[0]; a->heap[0] = a->heap[a->count - 1]);
    BROKEN(a->heap[a->count - 1] = a->used);
    BROKEN(a->entries[a->heap[3]].person++);
    BROKEN(a->entries[a->heap[3]].rid.bytes[15]++);
    BROKEN(a->entries[a->heap[3]].position = 0);
    BROKEN(for (uint32_t i = 0; i < a->max; i++) a->buckets[i] = 0);
}

TEST_MAIN(T(one_clock_ahead_shuts_nobody_out), T(the_seam_is_two_seconds), T(a_commit_moves_a_few),
          T(what_amended_it_waits_and_leaves_with_it), T(room_is_what_will_be_free),
          T(what_does_not_fit_goes_into_the_window), T(random_history_keeps_the_law),
          T(same_commits_same_table), T(a_broken_table_is_named))
