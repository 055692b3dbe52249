/* core/state/rid_window.h -- which requests were seen, and what became of them: (first person, rid)
 * -> log position, 8 bytes each. Beside each request's own entry there is one for each operation
 * that was amended or ended (core/decide/originals.h) and one for each tombstone: a hold that ended
 * takes two, a payment and its reversal three.
 *
 * An entry is a 28-bit fingerprint and a 36-bit position (64-byte lines: 4 TiB of log). The log is
 * the store: a fingerprint that matches is confirmed by the record itself, which the shell fetches.
 *
 * Entries live in RID_SLICES slices in the order of arrival; each slice knows the oldest and newest
 * rid time in it, and a lookup looks only into slices whose range covers the rid's time: with rids
 * minted near log time that is one, at a seam two. An old rid that is still above the low-water
 * mark, say of an original that is refunded, goes into the newest slice like any other and widens
 * its range: looking for originals may take more slices, looking for fresh rids never does.
 *
 * When the newest slice is full the next one of the ring begins, and the one after that, the
 * oldest, is retired: it is forgotten and the low-water mark rises to its newest time + 1. A rid
 * older than the low-water mark is RID_EXPIRED, so forgetting never makes a second execution
 * possible. The retired slice is cleared one bucket per insert while the newest one fills, so it is
 * clean when its turn comes and no commit ever stalls for a whole slice; the price is one slice of
 * 16 that remembers nothing. At least rids_max entries are remembered at any time. Memory is fixed
 * and the window is never full.
 *
 * The low-water mark never passes log time + GJ_RID_NEAR_MS. Rids may be minted up to
 * GJ_RID_AHEAD_MS ahead of log time, but one that is GJ_RID_NEAR_MS ahead or more is remembered
 * apart (core/state/rid_ahead.h) and enters a slice only when its time has come: the first commits
 * after it move it, RID_DRAIN each. A lookup compares the rid's time with the earliest one that
 * is apart: for a fresh rid that is all they cost.
 *
 * The one exception is redo of a log that had more rids ahead at once than the table holds: such a
 * log was written with a larger table, or before there was one. What does not fit goes into the
 * newest slice, where it is found, and may lift the mark up to GJ_RID_AHEAD_MS over log time.
 *
 * Everything depends on the order of commits and their log times only, so redo rebuilds the same
 * window. */
#ifndef CORE_STATE_RID_WINDOW_H
#define CORE_STATE_RID_WINDOW_H

#include "core/base/base.h"
#include "core/format/limits.h"
#include "core/format/op.h"
#include "core/state/rid_ahead.h"

#define RID_SLICES         16u
#define RID_CANDIDATES_MAX 4u
#define RID_DRAIN          4u /* rids whose time has come that one commit moves into the window */
#define RIDS_MAX           (UINT64_C(1) << 36) /* positions are 36 bits */
#define RIDS_AHEAD_MAX     (UINT32_C(1) << 24)

struct rid_slice {
    uint64_t *entries; /* buckets of 8: one cache line */
    uint64_t count;
    uint64_t time_min, time_max; /* ms, of the rids in it; count = 0: meaningless */
};

struct rid_window {
    struct rid_slice slices[RID_SLICES];
    uint32_t newest;       /* slice that takes inserts */
    uint32_t clearing;     /* 1: the slice after the newest still holds forgotten entries */
    uint64_t bucket_count; /* of each slice */
    uint64_t slice_max;    /* entries of a slice before the next one is begun */
    uint64_t older_max_ms; /* newest rid time outside the newest slice: most rids are newer */
    uint64_t low_water_ms; /* rids older than this are not known any more */
    uint64_t seed;
    uint64_t count; /* remembered, in all slices */
    struct rid_ahead ahead;
};

/* The key under which the latest record that amended (person, rid) is remembered. It shares the
 * window with the requests; a person who really has this number costs a comparison. */
static inline uint64_t amended_key(uint64_t person)
{
    return person ^ UINT64_C(0x9e3779b97f4a7c15);
}

/* Bytes to remember at least `rids_max` (1 .. 2^36) entries, and `ahead_max` (1 .. 2^32-2) of rids
 * ahead of their time; a multiple of 64. The memory must be all zero at init. */
NODISCARD uint64_t rid_window_size(uint64_t rids_max, uint32_t ahead_max);
void rid_window_init(struct rid_window *w, void *memory, uint64_t rids_max, uint32_t ahead_max,
                     uint64_t seed);
/* Positions that may be this rid's (equal fingerprints), newest first; returns their number,
 * at most RID_CANDIDATES_MAX. */
NODISCARD uint32_t rid_window_find(const struct rid_window *w, uint64_t person,
                                   const struct gj_rid *rid,
                                   uint64_t positions[RID_CANDIDATES_MAX]);
/* The same for the latest record that amended (person, rid). */
NODISCARD uint32_t rid_window_find_amended(const struct rid_window *w, uint64_t person,
                                           const struct gj_rid *rid,
                                           uint64_t positions[RID_CANDIDATES_MAX]);
/* Log time is now time_ms: some of those whose time has come enter the window. Once per commit,
 * before it inserts or amends. */
void rid_window_advance(struct rid_window *w, uint64_t time_ms);
/* True if at log time time_ms there is room for `places` (0 .. 2) more rids ahead of their time. */
NODISCARD bool rid_window_room(const struct rid_window *w, uint64_t time_ms, uint32_t places);
/* `position` is 1 .. 2^36-1 (asserted); `time_ms` is log time. */
void rid_window_insert(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                       uint64_t position, uint64_t time_ms);
/* (person, rid) was amended by the record at `to`, before that by the one at `from` (0 = by none):
 * the entry that says `from` is changed in place, or, if its slice was forgotten or `from` is 0, a
 * new one is inserted. */
void rid_window_amend(struct rid_window *w, uint64_t person, const struct gj_rid *rid,
                      uint64_t from, uint64_t to);
/* Hint: the lines a lookup and then an insert of this rid will touch. */
void rid_window_prefetch(const struct rid_window *w, uint64_t person, const struct gj_rid *rid);

#endif
