/* core/state/rid_window.c -- the window of remembered requests: probing, rotation, the low-water
 * mark. */
#include "core/state/rid_window.h"

#include "core/base/hash.h"

/* A test counts what a look-up asks (tests/unit/test_rid_probes.c). */
#ifndef RID_SLICE_PROBED
#define RID_SLICE_PROBED() ((void)0)
#define RID_AHEAD_PROBED() ((void)0)
#endif

#define BUCKET_ENTRIES 8u
/* 6 of 8 entries are used when a slice is full. More than 1: the retired slice is cleared one
 * bucket per insert, and must be clean before the newest one is full. */
#define LOAD_PER_BUCKET 6u
/* Slices that are full at any time: all but the one that fills and the one that is cleared. */
#define SLICES_KEPT (RID_SLICES - 2u)

#define POSITION_BITS 36u
#define POSITION_MAX  ((UINT64_C(1) << POSITION_BITS) - 1)

/* An entry is fingerprint << 36 | position; position 0 never occurs, so 0 is an empty entry. */
static uint64_t entry_of(uint64_t hash, uint64_t position)
{
    return hash << POSITION_BITS | position;
}

static bool same_fingerprint(uint64_t entry, uint64_t hash)
{
    return (entry ^ hash << POSITION_BITS) <= POSITION_MAX;
}

static uint64_t buckets_for(uint64_t rids_max)
{
    return rids_max / (SLICES_KEPT * LOAD_PER_BUCKET) + 1;
}

/* First entry of the home bucket: from the high bits of the hash, the fingerprint from the low. */
static uint64_t home_of(const struct rid_window *w, uint64_t hash)
{
    return (uint64_t)((u128)hash * w->bucket_count >> 64) * BUCKET_ENTRIES;
}

static uint32_t slice_after(uint32_t slice)
{
    return (slice + 1) % RID_SLICES;
}

static bool covers(const struct rid_slice *slice, uint64_t ms)
{
    return slice->count > 0 && slice->time_min <= ms && ms <= slice->time_max;
}

static uint64_t slices_size(uint64_t rids_max)
{
    return buckets_for(rids_max) * RID_SLICES * BUCKET_ENTRIES * sizeof(uint64_t);
}

uint64_t rid_window_size(uint64_t rids_max, uint32_t ahead_max)
{
    return slices_size(rids_max) + rid_ahead_size(ahead_max);
}

void rid_window_init(struct rid_window *w, void *memory, uint64_t rids_max, uint32_t ahead_max,
                     uint64_t seed)
{
    ASSERT((uintptr_t)memory % 64 == 0);
    *w = (struct rid_window){
        .bucket_count = buckets_for(rids_max),
        .slice_max = buckets_for(rids_max) * LOAD_PER_BUCKET,
        .seed = seed,
    };
    for (uint32_t i = 0; i < RID_SLICES; i++) {
        w->slices[i].entries = (uint64_t *)memory + i * w->bucket_count * BUCKET_ENTRIES;
    }
    rid_ahead_init(&w->ahead, (uint8_t *)memory + slices_size(rids_max), ahead_max, seed);
}

/* Keeps `positions` in falling order: positions only grow, so that is newest first. */
static void add_candidate(uint64_t positions[RID_CANDIDATES_MAX], uint32_t *count,
                          uint64_t position)
{
    ASSERT(*count < RID_CANDIDATES_MAX);
    uint32_t at = (*count)++;
    for (; at > 0 && positions[at - 1] < position; at--) positions[at] = positions[at - 1];
    positions[at] = position;
}

static void find_in(const struct rid_window *w, const struct rid_slice *slice, uint64_t hash,
                    uint64_t positions[RID_CANDIDATES_MAX], uint32_t *count)
{
    RID_SLICE_PROBED();
    uint64_t end = w->bucket_count * BUCKET_ENTRIES;
    uint64_t at = home_of(w, hash);
    /* Ends: a slice is never more than 3/4 full, and nothing is ever taken out of one. */
    for (uint64_t entry; (entry = slice->entries[at]) != 0; at = at + 1 == end ? 0 : at + 1) {
        if (same_fingerprint(entry, hash)) add_candidate(positions, count, entry & POSITION_MAX);
    }
}

/* In the slices; `count` were found before. */
static uint32_t find_in_slices(const struct rid_window *w, uint64_t person,
                               const struct gj_rid *rid, uint64_t positions[RID_CANDIDATES_MAX],
                               uint32_t count)
{
    uint64_t ms = rid_time_ms(rid);
    const struct rid_slice *newest = &w->slices[w->newest];
    if (ms > w->older_max_ms && !covers(newest, ms)) return count;

    uint64_t hash = hash_rid(person, rid, w->seed);
    if (covers(newest, ms)) find_in(w, newest, hash, positions, &count);
    if (LIKELY(ms > w->older_max_ms)) return count;
    for (uint32_t i = 0; i < RID_SLICES; i++) {
        if (i != w->newest && covers(&w->slices[i], ms)) {
            find_in(w, &w->slices[i], hash, positions, &count);
        }
    }
    return count;
}

/* True if the rid may be among those ahead of their time. */
static bool may_be_ahead(const struct rid_window *w, const struct gj_rid *rid)
{
    return UNLIKELY(rid_time_ms(rid) >= w->ahead.first_ms);
}

uint32_t rid_window_find(const struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                         uint64_t positions[RID_CANDIDATES_MAX])
{
    uint32_t count = 0;
    if (may_be_ahead(w, rid)) {
        RID_AHEAD_PROBED();
        const struct rid_ahead_entry *entry = NULL;
        while ((entry = rid_ahead_find(&w->ahead, person, rid, entry)) != NULL) {
            add_candidate(positions, &count, entry->position);
        }
    }
    return find_in_slices(w, person, rid, positions, count);
}

uint32_t rid_window_find_amended(const struct rid_window *w, uint64_t person,
                                 const struct gj_rid *rid, uint64_t positions[RID_CANDIDATES_MAX])
{
    uint32_t count = 0;
    if (may_be_ahead(w, rid)) {
        const struct rid_ahead_entry *entry = NULL;
        while ((entry = rid_ahead_find(&w->ahead, person, rid, entry)) != NULL) {
            if (entry->amended != 0) add_candidate(positions, &count, entry->amended);
        }
    }
    return find_in_slices(w, amended_key(person), rid, positions, count);
}

/* Begins the next slice, which is clean, and retires the one after it. */
static void rotate(struct rid_window *w)
{
    w->newest = slice_after(w->newest);
    ASSERT(w->slices[w->newest].count == 0);

    struct rid_slice *oldest = &w->slices[slice_after(w->newest)];
    w->clearing = oldest->count > 0;
    if (oldest->count > 0 && oldest->time_max >= w->low_water_ms)
        w->low_water_ms = oldest->time_max + 1;
    w->count -= oldest->count;
    oldest->count = 0;

    w->older_max_ms = 0;
    for (uint32_t i = 0; i < RID_SLICES; i++) {
        const struct rid_slice *slice = &w->slices[i];
        if (slice->count > 0 && slice->time_max > w->older_max_ms)
            w->older_max_ms = slice->time_max;
    }
}

/* The n-th insert into the newest slice clears the n-th bucket of the retired one. */
static void clear_ahead(struct rid_window *w)
{
    uint64_t bucket = w->slices[w->newest].count;
    if (!w->clearing || bucket >= w->bucket_count) return;
    uint64_t *entries = w->slices[slice_after(w->newest)].entries;
    memset(entries + bucket * BUCKET_ENTRIES, 0, BUCKET_ENTRIES * sizeof(uint64_t));
}

static void insert(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                   uint64_t position)
{
    ASSERT(position >= 1 && position <= POSITION_MAX);
    if (UNLIKELY(w->slices[w->newest].count == w->slice_max)) rotate(w);
    clear_ahead(w);

    struct rid_slice *slice = &w->slices[w->newest];
    uint64_t hash = hash_rid(person, rid, w->seed);
    uint64_t end = w->bucket_count * BUCKET_ENTRIES;
    uint64_t at = home_of(w, hash);
    while (slice->entries[at] != 0) at = at + 1 == end ? 0 : at + 1;
    slice->entries[at] = entry_of(hash, position);

    uint64_t ms = rid_time_ms(rid);
    if (slice->count == 0 || ms < slice->time_min) slice->time_min = ms;
    if (slice->count == 0 || ms > slice->time_max) slice->time_max = ms;
    slice->count++;
    w->count++;
}

/* The entry of `hash` and `position` in the slice, or NULL. */
static uint64_t *entry_in(const struct rid_window *w, const struct rid_slice *slice, uint64_t hash,
                          uint64_t position)
{
    uint64_t end = w->bucket_count * BUCKET_ENTRIES;
    uint64_t at = home_of(w, hash);
    for (; slice->entries[at] != 0; at = at + 1 == end ? 0 : at + 1) {
        if (slice->entries[at] == entry_of(hash, position)) return &slice->entries[at];
    }
    return NULL;
}

void rid_window_advance(struct rid_window *w, uint64_t time_ms)
{
    struct rid_ahead_entry entry;
    for (unsigned i = 0; i < RID_DRAIN; i++) {
        if (LIKELY(!rid_ahead_take(&w->ahead, time_ms, &entry))) return;
        insert(w, entry.person, &entry.rid, entry.position);
        if (entry.amended != 0) insert(w, amended_key(entry.person), &entry.rid, entry.amended);
    }
}

bool rid_window_room(const struct rid_window *w, uint64_t time_ms, uint32_t places)
{
    static_assert(RID_DRAIN >= 2, "what the next commit takes out makes room for what it adds");
    return rid_ahead_room(&w->ahead, time_ms, places);
}

void rid_window_insert(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                       uint64_t position, uint64_t time_ms)
{
    bool near = LIKELY(rid_time_ms(rid) < time_ms + GJ_RID_NEAR_MS);
    if (near || !rid_ahead_add(&w->ahead, person, rid, position)) insert(w, person, rid, position);
}

/* True if (person, rid) is ahead of its time: its entry says so then. */
static bool amend_ahead(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                        uint64_t to)
{
    if (!may_be_ahead(w, rid)) return false;
    struct rid_ahead_entry *entry = rid_ahead_find(&w->ahead, person, rid, NULL);
    if (entry == NULL) return false;
    entry->amended = to;
    return true;
}

void rid_window_amend(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                      uint64_t from, uint64_t to)
{
    ASSERT(to >= 1 && to <= POSITION_MAX && from < to);
    if (amend_ahead(w, person, rid, to)) return;
    uint64_t hash = hash_rid(amended_key(person), rid, w->seed);
    uint64_t ms = rid_time_ms(rid);
    for (uint32_t i = 0; from != 0 && i < RID_SLICES; i++) {
        if (!covers(&w->slices[i], ms)) continue;
        uint64_t *entry = entry_in(w, &w->slices[i], hash, from);
        if (entry == NULL) continue;
        *entry = entry_of(hash, to);
        return;
    }
    insert(w, amended_key(person), rid, to);
}

void rid_window_prefetch(const struct rid_window *w, uint64_t person, const struct gj_rid *rid)
{
    uint64_t at = home_of(w, hash_rid(person, rid, w->seed));
    PREFETCH_WRITE(&w->slices[w->newest].entries[at]);
    uint64_t ms = rid_time_ms(rid);
    if (LIKELY(ms > w->older_max_ms)) return;
    for (uint32_t i = 0; i < RID_SLICES; i++) {
        if (covers(&w->slices[i], ms)) PREFETCH(&w->slices[i].entries[at]);
    }
}
