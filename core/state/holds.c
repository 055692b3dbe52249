/* core/state/holds.c -- the table of open holds and pending transfers: entries, hash, heap. */
#include "core/state/holds.h"

#include <string.h>

#include "core/base/hash.h"

#define LINE 64u

static uint64_t lines(uint64_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

/* At most one entry for each bucket on average. */
static uint64_t buckets_for(uint32_t max)
{
    uint64_t count = 1;
    while (count < max) count *= 2;
    return count;
}

uint64_t holds_size(uint32_t max)
{
    return lines(max * (uint64_t)sizeof(struct hold)) + lines(buckets_for(max) * sizeof(uint32_t)) +
           lines(max * (uint64_t)sizeof(uint32_t));
}

void holds_init(struct holds *h, void *memory, uint32_t max, uint64_t seed)
{
    ASSERT((uintptr_t)memory % LINE == 0);
    uint8_t *next = memory;
    *h = (struct holds){
        .bucket_count = buckets_for(max),
        .seed = seed,
        .max = max,
        .due_ms = UINT64_MAX,
    };
    h->entries = (struct hold *)(void *)next;
    next += lines(max * (uint64_t)sizeof(struct hold));
    h->buckets = (uint32_t *)(void *)next;
    next += lines(h->bucket_count * sizeof(uint32_t));
    h->heap = (uint32_t *)(void *)next;
}

/* --- hash: (person, rid) -> entry --------------------------------------------------------- */

static uint32_t *bucket_of(const struct holds *h, uint64_t person, const struct gj_rid *rid)
{
    return &h->buckets[hash_rid(person, rid, h->seed) & (h->bucket_count - 1)];
}

uint32_t holds_find(const struct holds *h, uint64_t person, const struct gj_rid *rid)
{
    /* Nearly always there is none at all: a payment that is refunded need not touch the table. */
    if (h->count == 0) return HOLD_NONE;
    uint32_t next = *bucket_of(h, person, rid);
    while (next != 0) {
        const struct hold *hold = &h->entries[next - 1];
        if (hold->person == person && memcmp(&hold->rid, rid, sizeof(*rid)) == 0) return next - 1;
        next = hold->next_bucket;
    }
    return HOLD_NONE;
}

static void hash_remove(struct holds *h, uint32_t entry)
{
    struct hold *hold = &h->entries[entry];
    uint32_t *link = bucket_of(h, hold->person, &hold->rid);
    while (*link != entry + 1) {
        ASSERT(*link != 0);
        link = &h->entries[*link - 1].next_bucket;
    }
    *link = hold->next_bucket;
}

/* --- heap: earliest (due_ms, seq) first ------------------------------------------------------ */

static void heap_put(struct holds *h, uint32_t at, uint32_t entry)
{
    h->heap[at] = entry;
    h->entries[entry].heap_at = at;
}

static bool before(const struct holds *h, uint32_t a, uint32_t b)
{
    return hold_before(&h->entries[a], &h->entries[b]);
}

/* Places `entry` at `at` or above it. */
static void heap_up(struct holds *h, uint32_t at, uint32_t entry)
{
    while (at > 0 && before(h, entry, h->heap[(at - 1) / 2])) {
        heap_put(h, at, h->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(h, at, entry);
}

/* Places `entry` at `at` or below it, among the first h->count. */
static void heap_down(struct holds *h, uint32_t at, uint32_t entry)
{
    for (;;) {
        uint64_t child = 2 * (uint64_t)at + 1;
        if (child >= h->count) break;
        if (child + 1 < h->count && before(h, h->heap[child + 1], h->heap[child])) child++;
        if (!before(h, h->heap[child], entry)) break;
        heap_put(h, at, h->heap[child]);
        at = (uint32_t)child;
    }
    heap_put(h, at, entry);
}

/* The place `at` knows its entry, and stands where it belongs among its parents and children. */
static inline bool heap_sound_at(const struct holds *h, uint32_t at)
{
    uint32_t entry = h->heap[at];
    if (h->entries[entry].heap_at != at) return false;
    for (uint64_t child = 2 * (uint64_t)at + 1; child <= 2 * (uint64_t)at + 2; child++) {
        if (child < h->count && before(h, h->heap[child], entry)) return false;
    }
    for (uint32_t i = at; i > 0; i = (i - 1) / 2) {
        if (before(h, h->heap[i], h->heap[(i - 1) / 2])) return false;
    }
    return true;
}

static void note_earliest(struct holds *h)
{
    h->due_ms = h->count == 0 ? UINT64_MAX : h->entries[h->heap[0]].due_ms;
}

/* --- entries --------------------------------------------------------------------------------- */

uint32_t holds_next(const struct holds *h)
{
    if (h->free != 0) return h->free - 1;
    return h->high < h->max ? h->high : HOLD_NONE;
}

uint32_t holds_add(struct holds *h, const struct hold *hold, uint64_t person)
{
    uint32_t entry = holds_next(h);
    ASSERT(entry != HOLD_NONE);
    ASSERT(hold->type != 0);
    struct hold *added = &h->entries[entry];
    if (h->free != 0) {
        h->free = added->next_bucket;
    } else {
        h->high++;
    }
    *added = *hold;
    added->person = person;
    added->next[0] = added->next[1] = 0;
    uint32_t *bucket = bucket_of(h, person, &added->rid);
    added->next_bucket = *bucket;
    *bucket = entry + 1;
    heap_up(h, h->count++, entry);
    VERIFY(heap_sound_at(h, added->heap_at));
    note_earliest(h);
    return entry;
}

void holds_remove(struct holds *h, uint32_t entry)
{
    ASSERT(entry < h->high);
    struct hold *hold = &h->entries[entry];
    ASSERT(hold->type != 0);
    hash_remove(h, entry);

    uint32_t at = hold->heap_at;
    ASSERT(at < h->count && h->heap[at] == entry);
    uint32_t last = h->heap[--h->count];
    if (at < h->count) {
        /* The last one takes the place and goes where it belongs, up or down. */
        heap_down(h, at, last);
        heap_up(h, h->entries[last].heap_at, last);
        VERIFY(heap_sound_at(h, h->entries[last].heap_at));
    }
    note_earliest(h);

    memset(hold, 0, sizeof(*hold));
    hold->next_bucket = h->free;
    h->free = entry + 1;
}

/* --- what an entry holds of whom ---------------------------------------------------------------
 */

unsigned hold_relative_index(const struct hold *hold)
{
    if (hold->type != GJ_OP_HOLD) return GJ_SOURCES_MAX;
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (gj_sources_at(hold->sources, i) == GJ_SOURCE_RELATIVE) return i;
    }
    return GJ_SOURCES_MAX;
}

int64_t hold_of(const struct hold *hold, uint32_t slot, enum gj_source source)
{
    if (slot != hold->first) {
        unsigned i = hold_relative_index(hold);
        bool relative = i < GJ_SOURCES_MAX && slot == hold->other;
        return relative && source == GJ_SOURCE_PERSONAL ? hold->left[i] : 0;
    }
    for (unsigned i = 0; i < GJ_SOURCES_MAX; i++) {
        if (gj_sources_at(hold->sources, i) == source) return hold->left[i];
    }
    return 0;
}

int64_t hold_quota(const struct hold *hold, uint32_t slot)
{
    if (hold->quota == 0) return 0;
    if (hold->type == GJ_OP_TRANSFER) return slot == hold->first ? hold->left[0] : 0;
    return slot == hold->other ? hold_of(hold, slot, GJ_SOURCE_PERSONAL) : 0;
}

/* --- audit ----------------------------------------------------------------------------------- */

static const char *audit_heap(const struct holds *h)
{
    for (uint32_t i = 0; i < h->count; i++) {
        uint32_t entry = h->heap[i];
        if (entry >= h->high || h->entries[entry].type == 0) return "hold in the heap is open";
        if (h->entries[entry].heap_at != i) return "hold knows its place in the heap";
        if (i > 0 && before(h, entry, h->heap[(i - 1) / 2])) return "heap of due holds in order";
    }
    return NULL;
}

/* Adds to `seen` what the chain of the bucket has. */
static const char *audit_bucket(const struct holds *h, uint64_t bucket, uint32_t *seen)
{
    for (uint32_t next = h->buckets[bucket]; next != 0;) {
        /* More than there are: a chain runs in a circle. */
        if (next > h->high || (*seen)++ == h->count) return "hash chain of holds";
        const struct hold *hold = &h->entries[next - 1];
        if (hold->type == 0 || bucket_of(h, hold->person, &hold->rid) != &h->buckets[bucket]) {
            return "hash chain of holds";
        }
        next = hold->next_bucket;
    }
    return NULL;
}

static const char *audit_hash(const struct holds *h)
{
    uint32_t seen = 0;
    const char *broken = NULL;
    for (uint64_t b = 0; broken == NULL && b < h->bucket_count; b++) {
        broken = audit_bucket(h, b, &seen);
    }
    if (broken != NULL) return broken;
    return seen == h->count ? NULL : "every open hold is found by its rid";
}

const char *holds_audit_bucket(const struct holds *h, uint64_t bucket)
{
    uint32_t seen = 0;
    return audit_bucket(h, bucket, &seen);
}

/* As holds_find(), in a chain that may run in a circle. */
static bool found(const struct holds *h, uint32_t entry)
{
    const struct hold *hold = &h->entries[entry];
    uint32_t next = *bucket_of(h, hold->person, &hold->rid);
    for (uint32_t seen = 0; next != 0 && next <= h->high && seen < h->count; seen++) {
        if (next == entry + 1) return true;
        next = h->entries[next - 1].next_bucket;
    }
    return false;
}

const char *holds_audit_entry(const struct holds *h, uint32_t entry)
{
    uint32_t at = h->entries[entry].heap_at;
    if (at >= h->count || h->heap[at] != entry) return "hold knows its place in the heap";
    if (at > 0 && before(h, entry, h->heap[(at - 1) / 2])) return "heap of due holds in order";
    return found(h, entry) ? NULL : "every open hold is found by its rid";
}

const char *holds_audit_counts(const struct holds *h)
{
    if (h->count > h->high || h->high > h->max) return "number of open holds";
    if (h->count != 0 && h->heap[0] >= h->high) return "hold in the heap is open";
    uint64_t due_ms = h->count == 0 ? UINT64_MAX : h->entries[h->heap[0]].due_ms;
    return h->due_ms == due_ms ? NULL : "earliest due hold";
}

static const char *audit_free(const struct holds *h)
{
    uint32_t unused = 0;
    for (uint32_t next = h->free; next != 0; next = h->entries[next - 1].next_bucket) {
        if (next > h->high || h->entries[next - 1].type != 0) return "free list of holds";
        if (unused++ == h->high - h->count) return "free list of holds";
    }
    return unused == h->high - h->count ? NULL : "free list of holds";
}

const char *holds_audit(const struct holds *h)
{
    const char *broken = holds_audit_counts(h);
    if (broken == NULL) broken = audit_heap(h);
    if (broken == NULL) broken = audit_hash(h);
    if (broken == NULL) broken = audit_free(h);
    return broken;
}
