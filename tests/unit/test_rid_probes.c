/* tests/unit/test_rid_probes.c -- what a look-up of a request costs, counted: slices of the window
 * that are looked into, and look-ups among the requests ahead of their time. A fresh rid, as nearly
 * all are, costs one, whatever clients with wrong clocks send beside it. */
#include <stdlib.h>

static unsigned long slices_probed, ahead_probed;
#define RID_SLICE_PROBED() (slices_probed++)
#define RID_AHEAD_PROBED() (ahead_probed++)

#include "core/state/rid_window.c"
#include "tests/test.h"

#define NOW       UINT64_C(1764000000000)
#define RIDS_MAX_ 28000u /* a slice of 2000 */
#define PER_MS    10u    /* requests; 28000 of them are 2.8 s */
#define AHEAD_MAX 65536u

static struct gj_rid rid_at(uint64_t ms, uint64_t n)
{
    struct gj_rid rid = {.bytes = {0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    for (unsigned i = 0; i < 8; i++) rid.bytes[8 + i] = (uint8_t)(n >> (56 - 8 * i));
    return rid;
}

/* Of this many fresh requests, every `every`-th is followed by one that is `ahead_ms` ahead: the
 * slices and look-ups ahead that a hundred fresh look-ups take. */
static void load(const char *what, uint64_t every, uint64_t ahead_ms, unsigned long slices_most,
                 unsigned long ahead_most)
{
    const uint64_t requests = 200000;
    struct rid_window w;
    uint64_t size = rid_window_size(RIDS_MAX_, AHEAD_MAX), position = 0, positions[4];
    void *memory = aligned_alloc(64, size);
    unsigned long slices = 0, aheads = 0, looked = 0;
    memset(memory, 0, size);
    rid_window_init(&w, memory, RIDS_MAX_, AHEAD_MAX, 99);
    for (uint64_t n = 0; n < requests; n++) {
        uint64_t time_ms = NOW + n / PER_MS;
        struct gj_rid fresh = rid_at(time_ms, n), ahead = rid_at(time_ms + ahead_ms, n);
        slices_probed = ahead_probed = 0;
        CHECK_EQ(rid_window_find(&w, 1, &fresh, positions), 0);
        if (n > requests / 2) {
            slices += slices_probed;
            aheads += ahead_probed;
            looked++;
        }
        rid_window_advance(&w, time_ms);
        rid_window_insert(&w, 1, &fresh, ++position, time_ms);
        if (every != 0 && n % every == 0 && rid_window_room(&w, time_ms, 1)) {
            rid_window_advance(&w, time_ms);
            rid_window_insert(&w, 2, &ahead, ++position, time_ms);
        }
    }
    printf("    %-48s %6lu slices, %4lu look-ups ahead for 100 fresh rids\n", what,
           slices * 100 / looked, aheads * 100 / looked);
    CHECK(slices * 100 / looked <= slices_most);
    CHECK(aheads * 100 / looked <= ahead_most);
    free(memory);
}

TEST(fresh_lookups_cost_one_slice)
{
    load("fresh rids only", 0, 0, 105, 0);
    load("one in each slice 299 s ahead", 2000, 299000, 105, 0);
    load("one in each slice 3 s ahead", 2000, 3000, 105, 0);
    load("one in a hundred 60 s ahead", 100, 60000, 105, 0);
    load("every second one 3 s ahead", 2, 3000, 105, 12); /* until the millisecond's first commit */
}

/* What comes of age at one moment is out of the way after a few commits. */
TEST(a_burst_that_comes_of_age_at_once)
{
    struct rid_window w;
    uint64_t size = rid_window_size(1000000, AHEAD_MAX), positions[4], position = 0;
    void *memory = aligned_alloc(64, size);
    memset(memory, 0, size);
    rid_window_init(&w, memory, 1000000, AHEAD_MAX, 99);
    for (uint64_t n = 0; n < AHEAD_MAX; n++) {
        struct gj_rid ahead = rid_at(NOW + 60000, n);
        rid_window_insert(&w, 2, &ahead, ++position, NOW);
    }
    unsigned long with_ahead = 0;
    for (uint64_t n = 0; n < AHEAD_MAX; n++) {
        struct gj_rid fresh = rid_at(NOW + 60000, AHEAD_MAX + n);
        ahead_probed = 0;
        CHECK_EQ(rid_window_find(&w, 1, &fresh, positions), 0);
        with_ahead += ahead_probed;
        rid_window_advance(&w, NOW + 60000);
        rid_window_insert(&w, 1, &fresh, ++position, NOW + 60000);
    }
    printf("    %u at once: %lu fresh look-ups asked among those ahead\n", AHEAD_MAX, with_ahead);
    CHECK_EQ(w.ahead.count, 0);
    CHECK_EQ(with_ahead, AHEAD_MAX / RID_DRAIN);
    free(memory);
}

TEST_MAIN(T(fresh_lookups_cost_one_slice), T(a_burst_that_comes_of_age_at_once))
