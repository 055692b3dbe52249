/* core/state/index.h -- hash index: u64 id -> u32 slot of a dense array of records. Insert-only, no
 * resize.
 *
 * Buckets of one cache line: 12 x (8-bit tag, 32-bit slot). A lookup compares 12 tags at once and
 * then the id in the record itself (the id is the first 8 bytes of every record), so the index
 * holds no keys. A full bucket spills into the next one. */
#ifndef CORE_STATE_INDEX_H
#define CORE_STATE_INDEX_H

#include "core/base/base.h"

#define INDEX_BUCKET_SLOTS 12u

struct index_bucket {
    uint8_t tag[INDEX_BUCKET_SLOTS]; /* 0 = empty; else 1..255 from the hash */
    uint8_t spilled;                 /* 1: an id of this bucket may be in the next */
    uint8_t reserved[3];
    uint32_t slot[INDEX_BUCKET_SLOTS];
};
static_assert(sizeof(struct index_bucket) == 64, "one line");

struct index {
    struct index_bucket *buckets;
    uint64_t bucket_count;
    const uint8_t *records; /* the id of slot n is the u64 at records + n * stride */
    uint64_t stride;
    uint64_t seed;
    uint64_t count, count_max;
};

/* Bytes for at most `count_max` entries, at most 2/3 full then: inserting never fails. */
NODISCARD uint64_t index_size(uint64_t count_max);
/* `memory` is 64-byte aligned, index_size() bytes, all zero. */
void index_init(struct index *ix, void *memory, uint64_t count_max, const void *records,
                uint64_t stride, uint64_t seed);
/* Slot, or UINT32_MAX. */
NODISCARD uint32_t index_find(const struct index *ix, uint64_t id);
/* The id must not be there yet (asserted) and count < count_max. */
void index_insert(struct index *ix, uint64_t id, uint32_t slot);
/* Hints: the bucket's line; then the records its matching tags point at. The first returns the id's
 * hash for the second, so a look-ahead hashes once; the second returns the first slot whose tag
 * matches, most often the id's own, or UINT32_MAX: also only a hint. */
uint64_t index_prefetch_bucket(const struct index *ix, uint64_t id);
uint32_t index_prefetch_record(const struct index *ix, uint64_t hash);

#endif
