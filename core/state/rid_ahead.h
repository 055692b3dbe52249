/* core/state/rid_ahead.h -- requests whose rid is ahead of its time: they are remembered here,
 * apart from the rid window, until their time has come.
 *
 * The window forgets by slices and its low-water mark follows the newest rid that is forgotten. One
 * rid from the future would therefore lift the mark over the clock and shut everybody out. So a rid
 * that is GJ_RID_NEAR_MS or more ahead of log time does not enter the window. It waits here, with
 * its whole key, and goes into the window with the first commits after its own time.
 *
 * Entries are found by (person, rid) through a hash, and by time through a heap. The table has a
 * fixed size. decide() asks rid_ahead_room() and answers RID_IN_FUTURE when there is none.
 *
 * A request that is amended while it is here (refunded, captured, ...) keeps the position of the
 * latest amending record in its own entry. So amending never needs room.
 *
 * Everything depends on the order of commits and their log times only: redo builds the same table.
 */
#ifndef CORE_STATE_RID_AHEAD_H
#define CORE_STATE_RID_AHEAD_H

#include "core/base/base.h"
#include "core/format/op.h"

/* Milliseconds in a rid: its first six bytes, big-endian. */
static inline uint64_t rid_time_ms(const struct gj_rid *rid)
{
    uint64_t ms = 0;
    for (unsigned i = 0; i < 6; i++) ms = ms << 8 | rid->bytes[i];
    return ms;
}

struct rid_ahead_entry {
    struct gj_rid rid;
    uint64_t person;
    uint64_t position; /* of its record, or of the REVERSE that made a tombstone of it */
    uint64_t amended;  /* position of the latest record that amended it, 0 = none */
    uint32_t next;     /* of its bucket, or of the free entries; + 1, 0 = none */
    uint32_t reserved;
};
static_assert(sizeof(struct rid_ahead_entry) == 48, "no padding");

struct rid_ahead {
    struct rid_ahead_entry *entries; /* max of them */
    uint32_t *heap;                  /* count of them: the earliest time is on top */
    uint32_t *buckets;               /* max of them: first entry + 1, 0 = none */
    uint64_t first_ms;               /* earliest time in it; UINT64_MAX = it is empty */
    uint64_t seed;
    uint32_t max, count;
    uint32_t used; /* entries[0 .. used) were taken at some time */
    uint32_t free; /* first of those that are free again + 1, 0 = none */
};

/* Bytes for `max` (1 .. 2^32-2) entries, a multiple of 64. The memory must be all zero at init. */
NODISCARD uint64_t rid_ahead_size(uint32_t max);
void rid_ahead_init(struct rid_ahead *a, void *memory, uint32_t max, uint64_t seed);
/* The entry of (person, rid) behind `after`, of which NULL is the first; NULL = no more. A request
 * and a tombstone of one key would be two. */
struct rid_ahead_entry *rid_ahead_find(const struct rid_ahead *a, uint64_t person,
                                       const struct gj_rid *rid,
                                       const struct rid_ahead_entry *after);
/* False, and nothing is added, if the table is full. */
NODISCARD bool rid_ahead_add(struct rid_ahead *a, uint64_t person, const struct gj_rid *rid,
                             uint64_t position);
/* Takes out the entry with the earliest time if it is not after log time, `time_ms`. */
NODISCARD bool rid_ahead_take(struct rid_ahead *a, uint64_t time_ms, struct rid_ahead_entry *ret);
/* True if `places` (0 .. 2) more fit once those are gone that may be taken at `time_ms`. */
NODISCARD bool rid_ahead_room(const struct rid_ahead *a, uint64_t time_ms, uint32_t places);
/* True if hash, heap, counts and first_ms agree. O(count). */
NODISCARD bool rid_ahead_sound(const struct rid_ahead *a);

#endif
