/* core/rid_window.h -- which requests were seen: (first person, rid) -> log position, 8 bytes each.
 *
 * An entry is a 28-bit fingerprint and a 36-bit position (64-byte lines: 4 TiB of log). The log is
 * the store: a fingerprint that matches is confirmed by the record itself, which the shell fetches.
 *
 * Entries live in RID_SLICES slices in the order of arrival; each slice knows the oldest and newest
 * rid time in it, and a lookup looks only into slices whose range covers the rid's time: with rids
 * minted near log time that is one, at a seam two. When the newest slice is full the oldest is
 * emptied and reused, and the floor rises to its newest time + 1: a rid older than the floor is
 * RID_EXPIRED, so forgetting never makes a second execution possible. Memory is fixed and the
 * window is never full. Everything depends on the order of commits only, so redo rebuilds the same
 * window. */
#ifndef CORE_RID_WINDOW_H
#define CORE_RID_WINDOW_H

#include "base.h"
#include "op.h"

#define RID_SLICES         16u
#define RID_CANDIDATES_MAX 4u

struct rid_slice {
    uint64_t *entries; /* buckets of 8: one cache line */
    uint64_t count;
    uint64_t time_min, time_max; /* ms, of the rids in it; count = 0: meaningless */
};

struct rid_window {
    struct rid_slice slices[RID_SLICES];
    uint32_t newest; /* slice that takes inserts */
    uint32_t reserved;
    uint64_t bucket_count; /* of each slice */
    uint64_t slice_max;    /* entries of a slice before the next one is begun */
    uint64_t floor_ms;
    uint64_t seed;
    uint64_t count;
};

/* Milliseconds in a rid: its first six bytes, big-endian. */
static inline uint64_t rid_time_ms(const struct gj_rid *rid)
{
    uint64_t ms = 0;
    for (unsigned i = 0; i < 6; i++) ms = ms << 8 | rid->bytes[i];
    return ms;
}

NODISCARD uint64_t rid_window_size(uint64_t rids_max);
void rid_window_init(struct rid_window *w, void *memory, uint64_t rids_max, uint64_t seed);
/* Positions that may be this rid's (equal fingerprints), newest first; returns their number,
 * at most RID_CANDIDATES_MAX. */
NODISCARD uint32_t rid_window_find(const struct rid_window *w, uint64_t person,
                                   const struct gj_rid *rid,
                                   uint64_t positions[RID_CANDIDATES_MAX]);
void rid_window_insert(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                       uint64_t position);
void rid_window_prefetch(const struct rid_window *w, uint64_t person, const struct gj_rid *rid);

#endif
