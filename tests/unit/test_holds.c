/* tests/unit/test_holds.c -- the table of open holds beside a naive one: found by rid, earliest
 * first, numbers given out the same whatever the capacity. */
#include <stdlib.h>

#include "core/format/record.h"
#include "core/state/holds.h"
#include "tests/test.h"

struct fixture {
    struct holds h;
    void *memory;
};

static struct fixture build(uint32_t max, uint64_t seed)
{
    struct fixture f;
    uint64_t size = holds_size(max);
    f.memory = aligned_alloc(64, size);
    memset(f.memory, 0, size);
    holds_init(&f.h, f.memory, max, seed);
    return f;
}

static struct gj_rid rid_of(uint64_t n)
{
    struct gj_rid rid = {.bytes = {0}};
    memcpy(rid.bytes + 8, &n, sizeof(n));
    return rid;
}

static struct hold hold_due(uint64_t rid, uint64_t due_ms, uint64_t seq, uint32_t first)
{
    return (struct hold){.rid = rid_of(rid),
                         .left = {5},
                         .amount = 5,
                         .due_ms = due_ms,
                         .seq = seq,
                         .first = first,
                         .other = SLOT_NONE,
                         .institution = 3,
                         .heap_at = 77, /* what the table fills in itself is not believed */
                         .next_bucket = 78,
                         .next = {79, 80},
                         .person = 81,
                         .type = GJ_OP_HOLD};
}

static uint32_t add(struct holds *h, uint64_t rid, uint64_t due_ms, uint64_t seq, uint32_t first)
{
    struct hold hold = hold_due(rid, due_ms, seq, first);
    return holds_add(h, &hold, 1000 + first);
}

TEST(empty_table)
{
    struct fixture f = build(4, 1);
    struct gj_rid rid = rid_of(1);
    CHECK_EQ(holds_find(&f.h, 1000, &rid), HOLD_NONE);
    CHECK_EQ(holds_first(&f.h), HOLD_NONE);
    CHECK_EQ(holds_next(&f.h), 0);
    CHECK(f.h.due_ms == UINT64_MAX);
    CHECK(holds_audit(&f.h) == NULL);
    free(f.memory);
}

TEST(sizes)
{
    CHECK_EQ(holds_size(1), 128 + 64 + 64);
    CHECK_EQ(holds_size(16), 16 * 128 + 64 + 64);
    CHECK_EQ(holds_size(17), 17 * 128 + 128 + 128); /* 32 buckets */
    CHECK_EQ(holds_size(UINT32_C(1) << 31), (UINT64_C(1) << 31) * (128 + 4 + 4));
}

TEST(entry_is_what_was_given)
{
    struct fixture f = build(4, 1);
    struct hold given = hold_due(9, 500, 3, 7);
    uint32_t entry = holds_add(&f.h, &given, 1007);
    const struct hold *hold = &f.h.entries[entry];
    CHECK(memcmp(&hold->rid, &given.rid, sizeof(hold->rid)) == 0);
    CHECK_EQ(hold->left[0], 5);
    CHECK_EQ(hold->institution, 3);
    CHECK_EQ(hold->person, 1007);
    CHECK_EQ(hold->next[0], 0);
    CHECK_EQ(hold->next[1], 0);
    CHECK_EQ(hold->next_bucket, 0);
    CHECK_EQ(f.h.due_ms, 500);
    CHECK(holds_audit(&f.h) == NULL);
    free(f.memory);
}

TEST(person_and_rid_are_the_key)
{
    struct fixture f = build(8, 1);
    struct gj_rid one = rid_of(1), two = rid_of(2);
    for (uint32_t p = 0; p < 8; p++) CHECK_EQ(add(&f.h, 1, 10, p + 1, p), p);
    for (uint32_t p = 0; p < 8; p++) {
        CHECK_EQ(holds_find(&f.h, 1000 + p, &one), p);
        CHECK_EQ(holds_find(&f.h, 1000 + p, &two), HOLD_NONE);
    }
    CHECK_EQ(holds_find(&f.h, 1008, &one), HOLD_NONE);
    free(f.memory);
}

TEST(full_and_free_again)
{
    struct fixture f = build(3, 1);
    for (uint32_t i = 0; i < 3; i++) CHECK_EQ(add(&f.h, i, 100 - i, i + 1, 0), i);
    CHECK_EQ(holds_next(&f.h), HOLD_NONE);
    CHECK(holds_audit(&f.h) == NULL);
    holds_remove(&f.h, 1);
    CHECK_EQ(holds_next(&f.h), 1);
    struct gj_rid rid = rid_of(1);
    CHECK_EQ(holds_find(&f.h, 1000, &rid), HOLD_NONE);
    holds_remove(&f.h, 0);
    CHECK_EQ(holds_next(&f.h), 0); /* the last one freed is the first one used */
    CHECK_EQ(add(&f.h, 7, 1, 9, 2), 0);
    CHECK_EQ(add(&f.h, 8, 2, 10, 2), 1);
    CHECK_EQ(holds_next(&f.h), HOLD_NONE);
    CHECK_EQ(f.h.high, 3);
    CHECK(holds_audit(&f.h) == NULL);
    free(f.memory);
}

TEST(table_of_one)
{
    struct fixture f = build(1, 1);
    for (uint64_t n = 0; n < 5; n++) {
        CHECK_EQ(add(&f.h, n, 10 + n, n + 1, 0), 0);
        CHECK_EQ(f.h.due_ms, 10 + n);
        CHECK_EQ(holds_next(&f.h), HOLD_NONE);
        CHECK(holds_audit(&f.h) == NULL);
        holds_remove(&f.h, 0);
        CHECK(f.h.due_ms == UINT64_MAX);
        CHECK(holds_audit(&f.h) == NULL);
    }
    free(f.memory);
}

/* Equal due times come in the order of seq, however they went in. */
TEST(ties_come_in_the_order_of_seq)
{
    static const uint64_t seqs[] = {5, 2, 9, 1, 7, 3, 8, 4, 6};
    struct fixture f = build(16, 1);
    for (uint32_t i = 0; i < 9; i++) (void)add(&f.h, seqs[i], 100, seqs[i], 0);
    for (uint64_t seq = 1; seq <= 9; seq++) {
        uint32_t first = holds_first(&f.h);
        CHECK_EQ(f.h.entries[first].seq, seq);
        holds_remove(&f.h, first);
        CHECK(holds_audit(&f.h) == NULL);
    }
    CHECK_EQ(holds_first(&f.h), HOLD_NONE);
    free(f.memory);
}

/* A list of what is open, looked through from the beginning every time. */
#define NAIVE_MAX 400u
struct naive {
    struct {
        uint64_t rid, due_ms, seq;
        uint32_t first, entry;
    } open[NAIVE_MAX];
    uint32_t count;
};

static uint64_t draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void check_same(const struct holds *h, const struct naive *n)
{
    uint32_t first = 0;
    unsigned missing = 0;
    for (uint32_t i = 0; i < n->count; i++) {
        struct gj_rid rid = rid_of(n->open[i].rid);
        missing += holds_find(h, 1000 + n->open[i].first, &rid) != n->open[i].entry;
        bool earlier =
            n->open[i].due_ms < n->open[first].due_ms ||
            (n->open[i].due_ms == n->open[first].due_ms && n->open[i].seq < n->open[first].seq);
        if (earlier) first = i;
    }
    CHECK_EQ(missing, 0);
    CHECK_EQ(h->count, n->count);
    CHECK_EQ(holds_first(h), n->count == 0 ? HOLD_NONE : n->open[first].entry);
    CHECK(h->due_ms == (n->count == 0 ? UINT64_MAX : n->open[first].due_ms));
    CHECK_STR(holds_audit(h) == NULL ? "sound" : holds_audit(h), "sound");
}

/* Thousands of steps that add more than they remove, then the other way round; few persons and
 * few due times, so that rids repeat among persons and ties are common. A second table with
 * another capacity and seed must name the same numbers. */
TEST(random_steps_beside_a_naive_table)
{
    struct fixture a = build(300, 1), b = build(NAIVE_MAX, 99);
    struct naive *n = calloc(1, sizeof(*n));
    uint64_t random = 88172645463325252u, gone = 0;
    for (uint64_t step = 1; step <= 12000; step++) {
        bool grow = step / 1000 % 2 == 0;
        bool wants = draw(&random) % 10 < (grow ? 7u : 3u);
        if (wants && n->count < 300) {
            uint32_t at = n->count++;
            uint32_t person = (uint32_t)(draw(&random) % 8);
            n->open[at].rid = step / 2; /* two steps in a row share a rid */
            n->open[at].due_ms = 1 + draw(&random) % 50;
            n->open[at].seq = step;
            n->open[at].first = person | (uint32_t)(step % 2) << 3;
            uint32_t next = holds_next(&a.h);
            n->open[at].entry = add(&a.h, step / 2, n->open[at].due_ms, step, n->open[at].first);
            CHECK_EQ(n->open[at].entry, next);
            CHECK_EQ(add(&b.h, step / 2, n->open[at].due_ms, step, n->open[at].first), next);
        } else if (n->count > 0) {
            uint32_t at = (uint32_t)(draw(&random) % n->count);
            struct gj_rid rid = rid_of(n->open[at].rid);
            uint64_t person = 1000 + n->open[at].first;
            holds_remove(&a.h, n->open[at].entry);
            holds_remove(&b.h, n->open[at].entry);
            gone += holds_find(&a.h, person, &rid) != HOLD_NONE;
            n->open[at] = n->open[--n->count];
        }
        if (step % 7 == 0) check_same(&a.h, n);
        if (step % 35 == 0) check_same(&b.h, n);
    }
    CHECK_EQ(gone, 0);
    CHECK_EQ(a.h.high, b.h.high);
    CHECK(a.h.high > 200);
    free(n);
    free(a.memory);
    free(b.memory);
}

/* Emptied from the front, as the background does: the order is that of a sort. */
TEST(heap_sorts)
{
    struct fixture f = build(1000, 5);
    uint64_t random = 4101842887655102017u, before = 0, wrong = 0;
    for (uint64_t i = 0; i < 1000; i++) (void)add(&f.h, i, 1 + draw(&random) % 300, i + 1, 0);
    CHECK(holds_audit(&f.h) == NULL);
    while (f.h.count > 0) {
        uint32_t first = holds_first(&f.h);
        uint64_t key = f.h.entries[first].due_ms * 10000 + f.h.entries[first].seq;
        wrong += key <= before;
        before = key;
        holds_remove(&f.h, first);
    }
    CHECK_EQ(wrong, 0);
    CHECK(holds_audit(&f.h) == NULL);
    free(f.memory);
}

/* Six open entries, two places that are free again; one thing is broken. */
#define BROKEN(change, name)                                                                       \
    do {                                                                                           \
        struct fixture f = build(16, 3);                                                           \
        struct holds *h = &f.h;                                                                    \
        for (uint32_t i = 0; i < 8; i++) (void)add(h, i, 100 + i, i + 1, i);                       \
        holds_remove(h, 2);                                                                        \
        holds_remove(h, 5);                                                                        \
        CHECK(holds_audit(h) == NULL);                                                             \
        change;                                                                                    \
        CHECK_STR(holds_audit(h), name);                                                           \
        free(f.memory);                                                                            \
    } while (0)

/* The bucket that entry 3 is in, from the end of its chain or from its middle. */
static uint32_t *link_to(struct holds *h, uint32_t entry)
{
    for (uint64_t b = 0; b < h->bucket_count; b++) {
        for (uint32_t *link = &h->buckets[b]; *link != 0;
             link = &h->entries[*link - 1].next_bucket) {
            if (*link == entry + 1) return link;
        }
    }
    return NULL;
}

TEST(audit_names_what_is_broken)
{
    BROKEN(h->count = 9, "number of open holds");
    BROKEN(h->high = 17, "number of open holds");
    BROKEN(h->heap[3] = 2, "hold in the heap is open");
    BROKEN(h->heap[3] = 12, "hold in the heap is open");
    BROKEN(h->entries[3].heap_at++, "hold knows its place in the heap");
    BROKEN(h->entries[7].due_ms = 1, "heap of due holds in order");
    BROKEN(h->due_ms++, "earliest due hold");
    BROKEN(*link_to(h, 3) = h->entries[3].next_bucket, "every open hold is found by its rid");
    BROKEN(h->entries[3].rid.bytes[15] ^= 1, "hash chain of holds");
    BROKEN(h->entries[3].next_bucket = 4, "hash chain of holds");
    BROKEN(h->entries[3].next_bucket = 17, "hash chain of holds");
    BROKEN(h->entries[3].next_bucket = 3, "hash chain of holds");
    BROKEN(h->free = 0, "free list of holds");
    BROKEN(h->free = 3, "free list of holds");
    BROKEN(h->entries[2].next_bucket = 6, "free list of holds");
    BROKEN(h->free = 4, "free list of holds");
    BROKEN(h->free = 9, "free list of holds");
}

TEST_MAIN(T(empty_table), T(sizes), T(entry_is_what_was_given), T(person_and_rid_are_the_key),
          T(full_and_free_again), T(table_of_one), T(ties_come_in_the_order_of_seq),
          T(random_steps_beside_a_naive_table), T(heap_sorts), T(audit_names_what_is_broken))
