/* tests/unit/test_rid_window.c -- remembered requests: found, forgotten by the low-water mark,
 * never in between. */
#include <stdlib.h>

#include "core/base/hash.h"
#include "core/state/rid_window.h"
#include "tests/test.h"

#define AHEAD_MAX 16u

struct fixture {
    struct rid_window w;
    void *memory;
};

static struct fixture build(uint64_t rids_max)
{
    struct fixture f;
    uint64_t size = rid_window_size(rids_max, AHEAD_MAX);
    f.memory = aligned_alloc(64, size);
    memset(f.memory, 0, size);
    rid_window_init(&f.w, f.memory, rids_max, AHEAD_MAX, 12345);
    return f;
}

static struct gj_rid rid_at(uint64_t ms, uint64_t n)
{
    struct gj_rid rid;
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    rid.bytes[6] = 0x70;
    rid.bytes[7] = 0;
    for (unsigned i = 0; i < 8; i++) rid.bytes[8 + i] = (uint8_t)(n >> (56 - 8 * i));
    return rid;
}

/* At the log time of its rid. */
static void insert(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                   uint64_t position)
{
    rid_window_insert(w, person, rid, position, rid_time_ms(rid));
}

/* The entry of (person, rid) itself: the key of a key is the person again. */
static void move(struct rid_window *w, uint64_t person, const struct gj_rid *rid, uint64_t from,
                 uint64_t to)
{
    rid_window_amend(w, amended_key(person), rid, from, to);
}

static bool finds(const struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                  uint64_t position)
{
    uint64_t positions[RID_CANDIDATES_MAX];
    uint32_t count = rid_window_find(w, person, rid, positions);
    for (uint32_t i = 0; i < count; i++) {
        if (positions[i] == position) return true;
    }
    return false;
}

static uint32_t candidates(const struct rid_window *w, uint64_t person, const struct gj_rid *rid)
{
    uint64_t positions[RID_CANDIDATES_MAX];
    return rid_window_find(w, person, rid, positions);
}

TEST(time_is_the_first_six_bytes)
{
    struct gj_rid rid = rid_at(UINT64_C(0x0123456789AB), 1);
    CHECK_EQ(rid_time_ms(&rid), UINT64_C(0x0123456789AB));
}

TEST(empty_knows_nothing)
{
    struct fixture f = build(100);
    struct gj_rid rid = rid_at(1000, 1), oldest = rid_at(0, 1);
    CHECK_EQ(candidates(&f.w, 1, &rid), 0);
    CHECK_EQ(candidates(&f.w, 1, &oldest), 0);
    CHECK_EQ(f.w.low_water_ms, 0);
    free(f.memory);
}

TEST(person_is_part_of_the_key)
{
    struct fixture f = build(100);
    struct gj_rid rid = rid_at(1000, 1);
    insert(&f.w, 1, &rid, 10);
    CHECK(finds(&f.w, 1, &rid, 10));
    CHECK_EQ(candidates(&f.w, 2, &rid), 0);
    free(f.memory);
}

/* The promise: every rid inserted is found, or its time is below the low-water mark; and at least
 * rids_max of the latest are found. Times repeat so that seams fall inside one millisecond. */
static void run_through(uint64_t rids_max, uint64_t inserts, uint64_t per_ms)
{
    struct fixture f = build(rids_max);
    uint64_t lost = 0, forgotten = 0, floor = 0, falls = 0, late_lost = 0;
    for (uint64_t n = 0; n < inserts; n++) {
        struct gj_rid rid = rid_at(1000 + n / per_ms, n);
        insert(&f.w, n % 7, &rid, n + 1);
        falls += f.w.low_water_ms < floor;
        floor = f.w.low_water_ms;
        if (n % 61 != 0 && n + 1 != inserts) continue;
        for (uint64_t k = 0; k <= n; k += n + 1 == inserts ? 1 : 13) {
            struct gj_rid old = rid_at(1000 + k / per_ms, k);
            if (finds(&f.w, k % 7, &old, k + 1)) continue;
            forgotten++;
            lost += rid_time_ms(&old) >= f.w.low_water_ms;
            late_lost += k + rids_max > n;
        }
    }
    CHECK_EQ(lost, 0);
    CHECK_EQ(late_lost, 0);
    CHECK_EQ(falls, 0);
    CHECK(f.w.count >= rids_max || inserts < rids_max);
    if (inserts > 3 * rids_max + 200) CHECK(forgotten > 0);
    free(f.memory);
}

TEST(found_or_below_the_floor_smallest)
{
    run_through(1, 2000, 5);
}

TEST(found_or_below_the_floor_all_in_one_ms_each)
{
    run_through(500, 5000, 1);
}

TEST(found_or_below_the_floor_wraps_twice)
{
    run_through(1000, 6000, 17);
}

/* Rids inside the window arrive in any order: old ones widen the newest slice. */
TEST(out_of_order_within_the_window)
{
    struct fixture f = build(2000);
    uint64_t random = 88172645463325252u, lost = 0;
    const uint64_t inserts = 12000;
    struct gj_rid *rids = calloc(inserts, sizeof(*rids));
    for (uint64_t n = 0; n < inserts; n++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint64_t now = 100000 + n * 10, ms = now - random % 5000;
        if (ms < f.w.low_water_ms)
            ms = f.w.low_water_ms; /* older ones are refused before the insert */
        rids[n] = rid_at(ms, n);
        insert(&f.w, 3, &rids[n], n + 1);
    }
    for (uint64_t n = 0; n < inserts; n++) {
        lost += !finds(&f.w, 3, &rids[n], n + 1) && rid_time_ms(&rids[n]) >= f.w.low_water_ms;
    }
    CHECK_EQ(lost, 0);
    CHECK(f.w.low_water_ms > 0);
    free(rids);
    free(f.memory);
}

TEST(seam_inside_one_millisecond)
{
    struct fixture f = build(1);
    uint64_t total = f.w.slice_max * 3;
    for (uint64_t n = 0; n < total; n++) {
        struct gj_rid rid = rid_at(5000, n);
        insert(&f.w, 1, &rid, n + 1);
    }
    unsigned missing = 0;
    for (uint64_t n = 0; n < total; n++) {
        struct gj_rid rid = rid_at(5000, n);
        missing += !finds(&f.w, 1, &rid, n + 1);
    }
    CHECK_EQ(missing, 0);
    CHECK_EQ(f.w.newest, 2);
    free(f.memory);
}

TEST(low_water_is_just_above_what_was_forgotten)
{
    struct fixture f = build(1);
    uint64_t n = 0;
    while (f.w.low_water_ms == 0) {
        struct gj_rid rid = rid_at(1000 + n, n);
        insert(&f.w, 1, &rid, n + 1);
        n++;
    }
    /* The first slice held the rids 0 .. slice_max-1. */
    CHECK_EQ(f.w.low_water_ms, 1000 + f.w.slice_max);
    CHECK_EQ(n, f.w.slice_max * (RID_SLICES - 1) + 1);
    struct gj_rid last_forgotten = rid_at(1000 + f.w.slice_max - 1, f.w.slice_max - 1);
    struct gj_rid first_known = rid_at(1000 + f.w.slice_max, f.w.slice_max);
    CHECK_EQ(candidates(&f.w, 1, &last_forgotten), 0);
    CHECK(finds(&f.w, 1, &first_known, f.w.slice_max + 1));
    CHECK_EQ(f.w.count, n - f.w.slice_max);
    free(f.memory);
}

/* One rid ahead of time in a slice raises the low-water mark to it when the slice goes. */
TEST(low_water_follows_the_newest_time_of_the_slice)
{
    struct fixture f = build(1);
    struct gj_rid ahead = rid_at(90000, 0);
    insert(&f.w, 1, &ahead, 1);
    for (uint64_t n = 1; f.w.low_water_ms == 0; n++) {
        struct gj_rid rid = rid_at(1000 + n, n);
        insert(&f.w, 1, &rid, n + 1);
    }
    CHECK_EQ(f.w.low_water_ms, 90001);
    free(f.memory);
}

/* A slice must be clean when its turn comes, however often the ring went round. */
TEST(retired_slices_are_clean_in_time)
{
    struct fixture f = build(300);
    uint64_t bad = 0;
    for (uint64_t n = 0; n < f.w.slice_max * RID_SLICES * 5; n++) {
        struct gj_rid rid = rid_at(1000 + n, n);
        insert(&f.w, 1, &rid, n + 1);
        const struct rid_slice *newest = &f.w.slices[f.w.newest];
        if (newest->count != 1) continue;
        uint64_t used = 0;
        for (uint64_t i = 0; i < f.w.bucket_count * 8; i++) used += newest->entries[i] != 0;
        bad += used != 1;
    }
    CHECK_EQ(bad, 0);
    free(f.memory);
}

/* Two rids with one fingerprint in one chain: both positions are given, newest first. */
TEST(equal_fingerprints_give_both)
{
    struct fixture f = build(1); /* one bucket per slice: any two rids of a slice share it */
    struct gj_rid a = rid_at(1000, 1), b = rid_at(1001, 2);
    insert(&f.w, 1, &a, 100);
    insert(&f.w, 1, &b, 200);
    struct rid_slice *slice = &f.w.slices[0];
    const uint64_t low = (UINT64_C(1) << 36) - 1;
    for (unsigned i = 0; i < 8; i++) {
        if ((slice->entries[i] & low) == 200) {
            slice->entries[i] = hash_rid(1, &a, f.w.seed) << 36 | 200;
        }
    }
    uint64_t positions[RID_CANDIDATES_MAX];
    CHECK_EQ(rid_window_find(&f.w, 1, &a, positions), 2);
    CHECK_EQ(positions[0], 200);
    CHECK_EQ(positions[1], 100);
    free(f.memory);
}

TEST(largest_position)
{
    struct fixture f = build(10);
    struct gj_rid rid = rid_at(1000, 1);
    uint64_t largest = (UINT64_C(1) << 36) - 1;
    insert(&f.w, 1, &rid, largest);
    CHECK(finds(&f.w, 1, &rid, largest));
    free(f.memory);
}

TEST(moved_entry_means_the_later_record)
{
    struct fixture f = build(100);
    struct gj_rid rid = rid_at(1000, 1), other = rid_at(1000, 2);
    insert(&f.w, 1, &rid, 10);
    insert(&f.w, 1, &other, 20);
    move(&f.w, 1, &rid, 10, 30);
    CHECK_EQ(f.w.count, 2);
    CHECK_EQ(candidates(&f.w, 1, &rid), 1);
    CHECK(finds(&f.w, 1, &rid, 30));
    CHECK(finds(&f.w, 1, &other, 20));
    free(f.memory);
}

TEST(moved_from_nothing_is_inserted)
{
    struct fixture f = build(100);
    struct gj_rid rid = rid_at(1000, 1);
    move(&f.w, 1, &rid, 0, 30);
    CHECK_EQ(f.w.count, 1);
    CHECK(finds(&f.w, 1, &rid, 30));
    move(&f.w, 1, &rid, 30, 40);
    CHECK_EQ(f.w.count, 1);
    CHECK(!finds(&f.w, 1, &rid, 30));
    CHECK(finds(&f.w, 1, &rid, 40));
    free(f.memory);
}

/* In an older slice the entry is changed where it is: it is forgotten when it would have been. */
TEST(moved_in_an_older_slice_stays_there)
{
    struct fixture f = build(1);
    struct gj_rid rid = rid_at(1000, 1);
    insert(&f.w, 1, &rid, 10);
    uint64_t n = 100;
    while (f.w.newest < 3) {
        struct gj_rid more = rid_at(1000 + n, n);
        insert(&f.w, 2, &more, n);
        n++;
    }
    uint64_t count = f.w.count, newest = f.w.slices[f.w.newest].count;
    move(&f.w, 1, &rid, 10, 5000);
    CHECK_EQ(f.w.count, count);
    CHECK_EQ(f.w.slices[f.w.newest].count, newest);
    CHECK_EQ(candidates(&f.w, 1, &rid), 1);
    CHECK(finds(&f.w, 1, &rid, 5000));
    free(f.memory);
}

/* Its slice was forgotten, whether it is cleared by now or not: a new entry, and the low-water mark
 * stays where it is. */
static void move_forgotten(bool cleared)
{
    struct fixture f = build(1000); /* many buckets: clearing takes a while */
    struct gj_rid rid = rid_at(1000, 1);
    insert(&f.w, 1, &rid, 10);
    uint64_t n = 100, until = UINT64_MAX;
    while (f.w.slices[f.w.newest].count != until) {
        struct gj_rid more = rid_at(1000 + n, n);
        insert(&f.w, 2, &more, n);
        n++;
        if (f.w.low_water_ms > 0) until = cleared ? f.w.slice_max - 1 : 1;
    }
    CHECK(rid_time_ms(&rid) < f.w.low_water_ms);
    CHECK_EQ(candidates(&f.w, 1, &rid), 0);
    uint64_t floor = f.w.low_water_ms, count = f.w.count;
    move(&f.w, 1, &rid, 10, n);
    CHECK_EQ(f.w.count, count + 1);
    CHECK_EQ(f.w.low_water_ms, floor);
    CHECK_EQ(candidates(&f.w, 1, &rid), 1);
    CHECK(finds(&f.w, 1, &rid, n));
    free(f.memory);
}

TEST(moved_after_its_slice_was_forgotten)
{
    move_forgotten(false);
    move_forgotten(true);
}

/* Only the entry of this request at this position: not one with an equal fingerprint, nor another
 * request's at the same position. */
TEST(move_leaves_others_alone)
{
    struct fixture f = build(1);
    struct gj_rid a = rid_at(1000, 1), b = rid_at(1000, 2);
    insert(&f.w, 1, &a, 10);
    insert(&f.w, 1, &b, 10);
    insert(&f.w, 1, &a, 20);
    move(&f.w, 1, &a, 20, 30);
    CHECK(finds(&f.w, 1, &a, 10));
    CHECK(finds(&f.w, 1, &a, 30));
    CHECK(finds(&f.w, 1, &b, 10));
    CHECK_EQ(candidates(&f.w, 1, &a), 2);
    CHECK_EQ(candidates(&f.w, 1, &b), 1);
    free(f.memory);
}

/* Every request is amended again and again at random: the window always knows the latest, or it is
 * below the low-water mark. */
TEST(random_moves_are_found_or_below_the_low_water)
{
    struct fixture f = build(500);
    uint64_t random = 88172645463325252u, lost = 0, position = 0, moved = 0;
    const uint64_t steps = 6000;
    uint64_t *latest = calloc(steps, sizeof(*latest));
    for (uint64_t n = 0; n < steps; n++) {
        struct gj_rid rid = rid_at(1000 + n, n);
        insert(&f.w, 1, &rid, latest[n] = ++position);
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint64_t back = n - random % (n < 700 ? n + 1 : 700);
        rid = rid_at(1000 + back, back);
        if (rid_time_ms(&rid) < f.w.low_water_ms) continue;
        move(&f.w, 1, &rid, latest[back], position + 1);
        latest[back] = ++position;
        moved++;
    }
    for (uint64_t n = 0; n < steps; n++) {
        struct gj_rid rid = rid_at(1000 + n, n);
        if (rid_time_ms(&rid) < f.w.low_water_ms) continue;
        lost += !finds(&f.w, 1, &rid, latest[n]) || candidates(&f.w, 1, &rid) != 1;
    }
    CHECK_EQ(lost, 0);
    CHECK(moved > 4000);
    free(latest);
    free(f.memory);
}

/* Two windows fed the same are the same, byte for byte. */
TEST(same_inserts_same_window)
{
    struct fixture a = build(200), b = build(200);
    for (uint64_t n = 0; n < 3000; n++) {
        struct gj_rid rid = rid_at(1000 + n / 3, n);
        rid_window_prefetch(&a.w, n, &rid);
        insert(&a.w, n, &rid, n + 1);
        insert(&b.w, n, &rid, n + 1);
    }
    CHECK(memcmp(a.memory, b.memory, rid_window_size(200, AHEAD_MAX)) == 0);
    CHECK_EQ(a.w.low_water_ms, b.w.low_water_ms);
    free(a.memory);
    free(b.memory);
}

/* The most entries a lookup in the newest slice goes through. */
static uint64_t longest_way(const struct rid_window *w)
{
    const uint64_t *entries = w->slices[w->newest].entries;
    uint64_t end = w->bucket_count * 8, way = 0, ret = 0;
    for (uint64_t i = 0; i < 2 * end; i++) {
        way = entries[i % end] != 0 ? way + 1 : 0;
        if (way > ret) ret = way;
    }
    return ret;
}

/* Requests that would all meet in one bucket under a seed that was guessed: without the log's own
 * they are like any others. */
TEST(rids_that_collide_under_another_seed)
{
    const uint64_t guess = 54321;
    struct fixture guessed = build(20000), ours = build(20000), others = build(20000);
    guessed.w.seed = guess;
    uint64_t count = guessed.w.slice_max, lost = 0;
    struct gj_rid *rids = calloc(count, sizeof(*rids));
    for (uint64_t n = 0, tried = 0; n < count; n++) {
        struct gj_rid rid, other = rid_at(1000, n);
        do rid = rid_at(1000, UINT64_C(1) << 32 | tried++);
        while ((uint64_t)((u128)hash_rid(1, &rid, guess) * guessed.w.bucket_count >> 64) != 0);
        rids[n] = rid;
        insert(&guessed.w, 1, &rid, n + 1);
        insert(&ours.w, 1, &rid, n + 1);
        insert(&others.w, 1, &other, n + 1);
    }
    for (uint64_t n = 0; n < count; n++) {
        lost += !finds(&guessed.w, 1, &rids[n], n + 1) || !finds(&ours.w, 1, &rids[n], n + 1);
    }
    CHECK_EQ(lost, 0);
    CHECK(longest_way(&guessed.w) == count);
    CHECK(longest_way(&ours.w) <= 2 * longest_way(&others.w));
    CHECK(longest_way(&ours.w) < count / 10);
    free(rids);
    free(guessed.memory);
    free(ours.memory);
    free(others.memory);
}

TEST_MAIN(T(time_is_the_first_six_bytes), T(empty_knows_nothing), T(person_is_part_of_the_key),
          T(found_or_below_the_floor_smallest), T(found_or_below_the_floor_all_in_one_ms_each),
          T(found_or_below_the_floor_wraps_twice), T(out_of_order_within_the_window),
          T(seam_inside_one_millisecond), T(low_water_is_just_above_what_was_forgotten),
          T(low_water_follows_the_newest_time_of_the_slice), T(retired_slices_are_clean_in_time),
          T(equal_fingerprints_give_both), T(largest_position),
          T(moved_entry_means_the_later_record), T(moved_from_nothing_is_inserted),
          T(moved_in_an_older_slice_stays_there), T(moved_after_its_slice_was_forgotten),
          T(move_leaves_others_alone), T(random_moves_are_found_or_below_the_low_water),
          T(same_inserts_same_window), T(rids_that_collide_under_another_seed))
