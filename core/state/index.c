/* core/state/index.c -- the id index: one line of tags and slots per lookup, the id in the record.
 */
#include "core/state/index.h"

#include <emmintrin.h>

#include "core/base/hash.h"

/* 8 of 12 slots are used when the index is full: then one bucket in sixteen has spilled, and a
 * lookup rarely needs a second line, which no hint has fetched. */
#define LOAD_PER_BUCKET 8u
#define TAGS_MASK       ((1u << INDEX_BUCKET_SLOTS) - 1)

static uint64_t buckets_for(uint64_t count_max)
{
    return count_max / LOAD_PER_BUCKET + 1;
}

/* The bucket comes from the high bits, the tag from the low ones: they are independent. */
static uint64_t home_of(const struct index *ix, uint64_t hash)
{
    return (uint64_t)((u128)hash * ix->bucket_count >> 64);
}

static uint8_t tag_of(uint64_t hash)
{
    uint8_t tag = (uint8_t)hash;
    return tag != 0 ? tag : 1;
}

/* Bit n is set if tag n equals `tag`. The load also takes in the 4 bytes behind the tags. */
static unsigned matches(const struct index_bucket *bucket, uint8_t tag)
{
    __m128i tags = _mm_load_si128((const __m128i *)(const void *)bucket);
    __m128i equal = _mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag));
    return (unsigned)_mm_movemask_epi8(equal) & TAGS_MASK;
}

static const uint8_t *record_at(const struct index *ix, uint32_t slot)
{
    return ix->records + slot * ix->stride;
}

static uint64_t next_bucket(const struct index *ix, uint64_t bucket)
{
    return bucket + 1 == ix->bucket_count ? 0 : bucket + 1;
}

uint64_t index_size(uint64_t count_max)
{
    return buckets_for(count_max) * sizeof(struct index_bucket);
}

void index_init(struct index *ix, void *memory, uint64_t count_max, const void *records,
                uint64_t stride, uint64_t seed)
{
    ASSERT((uintptr_t)memory % sizeof(struct index_bucket) == 0);
    *ix = (struct index){
        .buckets = memory,
        .bucket_count = buckets_for(count_max),
        .records = records,
        .stride = stride,
        .seed = seed,
        .count = 0,
        .count_max = count_max,
    };
}

uint32_t index_find(const struct index *ix, uint64_t id)
{
    uint64_t hash = hash_id(id, ix->seed);
    uint8_t tag = tag_of(hash);
    /* Ends: there are more slots than entries, so some bucket is not full and has not spilled. */
    for (uint64_t b = home_of(ix, hash);; b = next_bucket(ix, b)) {
        const struct index_bucket *bucket = &ix->buckets[b];
        for (unsigned found = matches(bucket, tag); found != 0; found &= found - 1) {
            uint32_t slot = bucket->slot[__builtin_ctz(found)];
            uint64_t there;
            memcpy(&there, record_at(ix, slot), sizeof(there));
            if (LIKELY(there == id)) return slot;
        }
        if (LIKELY(!bucket->spilled)) return UINT32_MAX;
    }
}

void index_insert(struct index *ix, uint64_t id, uint32_t slot)
{
    ASSERT(ix->count < ix->count_max);
    ASSERT(index_find(ix, id) == UINT32_MAX);
    uint64_t hash = hash_id(id, ix->seed);
    uint64_t b = home_of(ix, hash);
    unsigned empty;
    while ((empty = matches(&ix->buckets[b], 0)) == 0) {
        ix->buckets[b].spilled = 1;
        b = next_bucket(ix, b);
    }
    unsigned n = (unsigned)__builtin_ctz(empty);
    ix->buckets[b].slot[n] = slot;
    ix->buckets[b].tag[n] = tag_of(hash);
    ix->count++;
}

uint64_t index_prefetch_bucket(const struct index *ix, uint64_t id)
{
    uint64_t hash = hash_id(id, ix->seed);
    PREFETCH(&ix->buckets[home_of(ix, hash)]);
    return hash;
}

uint32_t index_prefetch_record(const struct index *ix, uint64_t hash)
{
    const struct index_bucket *bucket = &ix->buckets[home_of(ix, hash)];
    unsigned found = matches(bucket, tag_of(hash));
    if (found == 0) return UINT32_MAX;
    uint32_t first = bucket->slot[__builtin_ctz(found)];
    for (; found != 0; found &= found - 1) {
        PREFETCH_WRITE(record_at(ix, bucket->slot[__builtin_ctz(found)]));
    }
    return first;
}
