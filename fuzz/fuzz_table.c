/* fuzz/fuzz_table.c -- the tables of the state, each beside an array that is searched from the
 * front: the index of ids, the window of request ids, the table of open holds with its heap.
 *
 * Input: a program (fuzz/program.h), each input from empty tables. */
#include <stdlib.h>
#include <string.h>

#include "core/format/record.h"
#include "core/state/holds.h"
#include "core/state/index.h"
#include "core/state/rid_window.h"
#include "fuzz/fuzz.h"
#include "fuzz/program.h"

#define MUST(holds)                                                                                \
    do {                                                                                           \
        if (!(holds)) abort();                                                                     \
    } while (0)

/* ---- index ---- */

#define IDS_MAX 40u /* six buckets of twelve: some spill */

static struct {
    struct index ix;
    uint64_t ids[IDS_MAX]; /* what the slots hold, and what the index reads them from */
    _Alignas(64) uint8_t memory[6 * sizeof(struct index_bucket)];
} ids;

static void ids_begin(void)
{
    MUST(index_size(IDS_MAX) == sizeof(ids.memory));
    memset(&ids, 0, sizeof(ids));
    index_init(&ids.ix, ids.memory, IDS_MAX, ids.ids, sizeof(ids.ids[0]), 7);
}

static uint32_t ids_naive(uint64_t id)
{
    for (uint32_t slot = 0; slot < ids.ix.count; slot++) {
        if (ids.ids[slot] == id) return slot;
    }
    return UINT32_MAX;
}

static void ids_step(const struct step *s)
{
    uint64_t id = 1 + (uint64_t)s->arg + ((uint64_t)s->edge << 32);
    uint32_t slot = ids_naive(id);
    MUST(index_find(&ids.ix, id) == slot);
    (void)index_prefetch_record(&ids.ix, index_prefetch_bucket(&ids.ix, id));
    if (slot != UINT32_MAX || ids.ix.count == IDS_MAX) return;
    slot = (uint32_t)ids.ix.count;
    ids.ids[slot] = id;
    index_insert(&ids.ix, id, slot);
    MUST(index_find(&ids.ix, id) == slot && ids.ix.count == slot + 1);
}

static void ids_end(void)
{
    for (uint32_t slot = 0; slot < ids.ix.count; slot++) {
        MUST(index_find(&ids.ix, ids.ids[slot]) == slot);
    }
}

/* ---- window of request ids ---- */

#define RIDS_KEPT  83u /* one bucket for each slice */
#define RIDS_AHEAD 8u
#define RIDS_ALL   2048u
#define RUN_MAX    8u

struct remembered {
    uint64_t person, ms, position, amended;
    struct gj_rid rid;
    bool ahead; /* when it came */
};

static struct {
    struct rid_window w;
    struct remembered all[RIDS_ALL]; /* in the order of arrival */
    uint32_t count;
    uint64_t time_ms, position, low_water_ms;
    _Alignas(64) uint8_t memory[RID_SLICES * 64 + 512];
} rids;

static void rids_begin(void)
{
    MUST(rid_window_size(RIDS_KEPT, RIDS_AHEAD) == sizeof(rids.memory));
    memset(rids.memory, 0, sizeof(rids.memory));
    rids.count = 0;
    rids.position = rids.low_water_ms = 0;
    rids.time_ms = 1000000;
    rid_window_init(&rids.w, rids.memory, RIDS_KEPT, RIDS_AHEAD, 11);
}

static struct gj_rid rid_at(uint64_t ms, uint16_t number)
{
    struct gj_rid rid = {.bytes = {0}};
    for (unsigned i = 0; i < 6; i++) rid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(rid.bytes + 14, &number, sizeof(number));
    return rid;
}

static struct remembered *rids_naive(uint64_t person, const struct gj_rid *rid)
{
    for (uint32_t i = 0; i < rids.count; i++) {
        struct remembered *r = &rids.all[i];
        if (r->person == person && gj_rid_equal(&r->rid, rid)) return r;
    }
    return NULL;
}

static bool rids_among(const uint64_t *positions, uint32_t count, uint64_t position)
{
    bool found = false;
    MUST(count <= RID_CANDIDATES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        MUST(i == 0 || positions[i] < positions[i - 1]);
        found |= positions[i] == position;
    }
    return found;
}

static bool rids_found(const struct remembered *r)
{
    uint64_t positions[RID_CANDIDATES_MAX];
    uint32_t count = rid_window_find(&rids.w, r->person, &r->rid, positions);
    if (!rids_among(positions, count, r->position)) return false;
    if (r->amended == 0) return true;
    count = rid_window_find_amended(&rids.w, r->person, &r->rid, positions);
    return rids_among(positions, count, r->amended);
}

static uint32_t rids_ahead(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rids.count; i++) {
        count += rids.all[i].ahead && rids.all[i].ms > rids.time_ms;
    }
    return count;
}

/* What may never be: forgotten and not below the low-water mark, or a mark ahead of time. */
static void rids_check(void)
{
    MUST(rids.w.low_water_ms >= rids.low_water_ms);
    MUST(rids.w.low_water_ms <= rids.time_ms + GJ_RID_NEAR_MS);
    MUST(rid_ahead_sound(&rids.w.ahead));
    rids.low_water_ms = rids.w.low_water_ms;
    for (uint32_t i = 0; i < rids.count; i++) {
        if (rids.all[i].ms >= rids.low_water_ms) MUST(rids_found(&rids.all[i]));
    }
}

/* As decide and commit do. */
static void rids_insert(uint64_t person, uint64_t ms, uint16_t number)
{
    struct remembered new = {.person = person, .ms = ms, .rid = rid_at(ms, number)};
    if (rids.count == RIDS_ALL || ms < rids.w.low_water_ms) return;
    struct remembered *old = rids_naive(person, &new.rid);
    rid_window_prefetch(&rids.w, person, &new.rid);
    new.position = ++rids.position;
    if (old != NULL) {
        rid_window_advance(&rids.w, rids.time_ms);
        rid_window_amend(&rids.w, person, &new.rid, old->amended, new.position);
        old->amended = new.position;
        MUST(rids_found(old));
        return;
    }
    new.ahead = ms >= rids.time_ms + GJ_RID_NEAR_MS;
    bool room = rid_window_room(&rids.w, rids.time_ms, new.ahead);
    MUST(room == (!new.ahead || rids_ahead() < RIDS_AHEAD));
    MUST(!rids_found(&new));
    if (!room) return;
    rid_window_advance(&rids.w, rids.time_ms);
    rid_window_insert(&rids.w, person, &new.rid, new.position, rids.time_ms);
    rids.all[rids.count++] = new;
    MUST(rids_found(&new));
}

/* A run of requests, near each other in time or all at once, of now, of before or ahead. */
static void rids_step(const struct step *s)
{
    unsigned count = 1 + s->kind % RUN_MAX;
    rids.time_ms += s->amount % 2 == 0 ? 0 : (uint64_t)s->kind << 4;
    for (unsigned i = 0; i < count; i++) {
        uint64_t ms = rids.time_ms - 30000 + ((uint64_t)s->age << 8) + s->edge;
        rids_insert(1 + s->person % 4, ms + (s->detail % 2 ? i : 0), (uint16_t)(s->arg + i));
    }
    if (s->flags % 16 == 15) rids_check();
}

/* ---- open holds ---- */

#define HOLDS_MAX 24u

struct table {
    struct holds h;
    _Alignas(64) uint8_t memory[(HOLDS_MAX + 8) * (sizeof(struct hold) + 16)];
};

struct open_hold {
    struct gj_rid rid;
    uint64_t person, due_ms, seq;
    uint32_t entry;
};

/* The second table has room for more and another seed: it must give out the same numbers. */
static struct table holds, wider;
static struct open_hold open_holds[HOLDS_MAX];
static uint32_t open_count;
static uint64_t hold_seq;

static void holds_begin(void)
{
    MUST(holds_size(HOLDS_MAX + 8) <= sizeof(holds.memory));
    memset(holds.memory, 0, sizeof(holds.memory));
    memset(wider.memory, 0, sizeof(wider.memory));
    holds_init(&holds.h, holds.memory, HOLDS_MAX, 3);
    holds_init(&wider.h, wider.memory, HOLDS_MAX + 8, 99);
    open_count = 0;
    hold_seq = 0;
}

static uint32_t holds_naive(uint64_t person, const struct gj_rid *rid)
{
    for (uint32_t i = 0; i < open_count; i++) {
        if (open_holds[i].person == person && gj_rid_equal(&open_holds[i].rid, rid)) {
            return open_holds[i].entry;
        }
    }
    return HOLD_NONE;
}

static uint32_t earliest(void)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < open_count; i++) {
        const struct open_hold *a = &open_holds[i], *b = &open_holds[first];
        if (a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->seq < b->seq)) first = i;
    }
    return open_count == 0 ? HOLD_NONE : open_holds[first].entry;
}

static void hold_add(const struct step *s)
{
    struct open_hold new = {.rid = rid_at(s->age % 4, s->arg),
                            .person = 1 + s->person % 4,
                            .due_ms = 1 + s->edge,
                            .seq = ++hold_seq};
    uint32_t there = holds_naive(new.person, &new.rid);
    MUST(holds_find(&holds.h, new.person, &new.rid) == there);
    MUST((holds_next(&holds.h) == HOLD_NONE) == (open_count == HOLDS_MAX));
    if (there != HOLD_NONE || open_count == HOLDS_MAX) return;
    struct hold hold = {.rid = new.rid,
                        .left = {s->amount},
                        .due_ms = new.due_ms,
                        .seq = new.seq,
                        .first = s->person % 4u,
                        .other = SLOT_NONE,
                        .institution = SLOT_NONE,
                        .type = s->kind % 2 ? GJ_OP_HOLD : GJ_OP_TRANSFER};
    new.entry = holds_next(&holds.h);
    MUST(holds_add(&holds.h, &hold, new.person) == new.entry);
    MUST(holds_add(&wider.h, &hold, new.person) == new.entry);
    open_holds[open_count++] = new;
}

/* One of those that are open, or the earliest. */
static void hold_remove(const struct step *s)
{
    if (open_count == 0) return;
    uint32_t at = s->back % open_count;
    if (s->flags % 2 == 1) {
        while (open_holds[at].entry != holds_first(&holds.h)) at = (at + 1) % open_count;
    }
    struct open_hold gone = open_holds[at];
    MUST(holds.h.entries[gone.entry].seq == gone.seq);
    holds_remove(&holds.h, gone.entry);
    holds_remove(&wider.h, gone.entry);
    open_holds[at] = open_holds[--open_count];
    MUST(holds_find(&holds.h, gone.person, &gone.rid) == HOLD_NONE);
}

static void holds_check(const struct holds *h)
{
    MUST(h->count == open_count);
    MUST(holds_first(h) == earliest());
    MUST(h->due_ms == (open_count == 0 ? UINT64_MAX : h->entries[holds_first(h)].due_ms));
    for (uint32_t i = 0; i < open_count; i++) {
        MUST(holds_find(h, open_holds[i].person, &open_holds[i].rid) == open_holds[i].entry);
    }
    MUST(holds_audit(h) == NULL);
}

static void holds_step(const struct step *s)
{
    if (s->verb % 8 < 5)
        hold_add(s);
    else
        hold_remove(s);
    MUST(holds_first(&holds.h) == earliest());
    if (s->detail % 16 == 15) holds_check(&holds.h);
}

/* ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ids_begin();
    rids_begin();
    holds_begin();
    for (size_t i = 0; i < program_steps(size); i++) {
        struct step s;
        memcpy(&s, data + i * sizeof(s), sizeof(s));
        if (s.verb % 8 == 0)
            ids_step(&s);
        else if (s.verb % 8 < 3)
            rids_step(&s);
        else
            holds_step(&s);
    }
    ids_end();
    rids_check();
    holds_check(&holds.h);
    holds_check(&wider.h);
    return 0;
}
