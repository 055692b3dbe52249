/* core/state/rid_ahead.c -- the table of requests ahead of their time: a hash and a heap. */
#include "core/state/rid_ahead.h"

#include "core/base/hash.h"

#define LINE 64u

static uint64_t lines(uint64_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

static uint64_t entries_size(uint32_t max)
{
    return lines(max * (uint64_t)sizeof(struct rid_ahead_entry));
}

static uint64_t places_size(uint32_t max)
{
    return lines(max * (uint64_t)sizeof(uint32_t));
}

uint64_t rid_ahead_size(uint32_t max)
{
    return entries_size(max) + 2 * places_size(max);
}

void rid_ahead_init(struct rid_ahead *a, void *memory, uint32_t max, uint64_t seed)
{
    ASSERT(max >= 1 && max < UINT32_MAX);
    uint8_t *next = memory;
    *a = (struct rid_ahead){
        .entries = (struct rid_ahead_entry *)(void *)next,
        .heap = (uint32_t *)(void *)(next + entries_size(max)),
        .buckets = (uint32_t *)(void *)(next + entries_size(max) + places_size(max)),
        .first_ms = UINT64_MAX,
        .seed = seed,
        .max = max,
    };
}

static uint32_t *bucket_of(const struct rid_ahead *a, uint64_t person, const struct gj_rid *rid)
{
    uint64_t hash = hash_rid(person, rid, a->seed);
    return &a->buckets[(uint64_t)((u128)hash * a->max >> 64)];
}

struct rid_ahead_entry *rid_ahead_find(const struct rid_ahead *a, uint64_t person,
                                       const struct gj_rid *rid,
                                       const struct rid_ahead_entry *after)
{
    uint32_t at = after != NULL ? after->next : *bucket_of(a, person, rid);
    for (; at != 0; at = a->entries[at - 1].next) {
        struct rid_ahead_entry *entry = &a->entries[at - 1];
        if (entry->person == person && gj_rid_equal(&entry->rid, rid)) return entry;
    }
    return NULL;
}

/* ---- the heap ---- */

static uint64_t time_at(const struct rid_ahead *a, uint32_t place)
{
    return rid_time_ms(&a->entries[a->heap[place]].rid);
}

static void set_first(struct rid_ahead *a)
{
    a->first_ms = a->count == 0 ? UINT64_MAX : time_at(a, 0);
}

static void swap(struct rid_ahead *a, uint32_t one, uint32_t other)
{
    uint32_t entry = a->heap[one];
    a->heap[one] = a->heap[other];
    a->heap[other] = entry;
}

static void rise(struct rid_ahead *a, uint32_t place)
{
    while (place > 0 && time_at(a, place) < time_at(a, (place - 1) / 2)) {
        swap(a, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
}

static void sink(struct rid_ahead *a)
{
    for (uint64_t place = 0, child; (child = 2 * place + 1) < a->count; place = child) {
        if (child + 1 < a->count && time_at(a, (uint32_t)child + 1) < time_at(a, (uint32_t)child)) {
            child++;
        }
        if (time_at(a, (uint32_t)place) <= time_at(a, (uint32_t)child)) return;
        swap(a, (uint32_t)place, (uint32_t)child);
    }
}

/* ---- in and out ---- */

static uint32_t take_free(struct rid_ahead *a)
{
    if (a->free == 0) return a->used++;
    uint32_t index = a->free - 1;
    a->free = a->entries[index].next;
    return index;
}

bool rid_ahead_add(struct rid_ahead *a, uint64_t person, const struct gj_rid *rid,
                   uint64_t position)
{
    if (a->count == a->max) return false;
    uint32_t *bucket = bucket_of(a, person, rid), index = take_free(a);
    ASSERT(index < a->max);
    a->entries[index] = (struct rid_ahead_entry){
        .rid = *rid,
        .person = person,
        .position = position,
        .next = *bucket,
    };
    *bucket = index + 1;
    a->heap[a->count] = index;
    a->count++;
    rise(a, a->count - 1);
    set_first(a);
    return true;
}

static void unchain(struct rid_ahead *a, uint32_t index)
{
    const struct rid_ahead_entry *entry = &a->entries[index];
    uint32_t *link = bucket_of(a, entry->person, &entry->rid);
    while (*link != index + 1) {
        ASSERT(*link != 0);
        link = &a->entries[*link - 1].next;
    }
    *link = entry->next;
}

bool rid_ahead_take(struct rid_ahead *a, uint64_t time_ms, struct rid_ahead_entry *ret)
{
    if (LIKELY(a->first_ms > time_ms)) return false;
    uint32_t index = a->heap[0];
    *ret = a->entries[index];
    unchain(a, index);
    a->entries[index] = (struct rid_ahead_entry){.next = a->free};
    a->free = index + 1;
    a->count--;
    a->heap[0] = a->heap[a->count];
    sink(a);
    set_first(a);
    return true;
}

/* Whether the times of `places` of the earliest have come: the second earliest is a child of the
 * first. */
static bool leave(const struct rid_ahead *a, uint64_t time_ms, uint32_t places)
{
    uint32_t below = 0;
    for (uint32_t place = 0; place < 3 && place < a->count; place++) {
        below += time_at(a, place) <= time_ms;
    }
    return below >= places;
}

bool rid_ahead_room(const struct rid_ahead *a, uint64_t time_ms, uint32_t places)
{
    ASSERT(places <= 2);
    if (places <= a->max - a->count) return true;
    uint32_t wanted = places - (a->max - a->count);
    return leave(a, time_ms, wanted);
}

/* ---- audit ---- */

static bool found_once(const struct rid_ahead *a, uint32_t index)
{
    const struct rid_ahead_entry *want = &a->entries[index], *entry = NULL;
    uint32_t times = 0;
    while ((entry = rid_ahead_find(a, want->person, &want->rid, entry)) != NULL) {
        times += entry == want;
    }
    return times == 1 && want->position != 0;
}

static uint32_t count_free(const struct rid_ahead *a)
{
    uint32_t count = 0;
    for (uint32_t at = a->free; at != 0 && count <= a->used; at = a->entries[at - 1].next) count++;
    return count;
}

bool rid_ahead_sound(const struct rid_ahead *a)
{
    if (a->count > a->max || a->used > a->max || a->count + count_free(a) != a->used) return false;
    for (uint32_t place = 0; place < a->count; place++) {
        if (a->heap[place] >= a->used || !found_once(a, a->heap[place])) return false;
        if (place > 0 && time_at(a, place) < time_at(a, (place - 1) / 2)) return false;
    }
    return a->first_ms == (a->count == 0 ? UINT64_MAX : time_at(a, 0));
}
