/* core/base/hash.h -- the one place that takes in xxhash: all of it inline, no symbol of it is
 * linked. Short keys of fixed length compile to a handful of instructions. The seed is the log's
 * secret random number, so ids chosen by clients cannot be made to collide. */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stdint.h>
#include <string.h>

#include "core/format/op.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Of a person or institution id. */
static inline uint64_t hash_id(uint64_t id, uint64_t seed)
{
    return XXH3_64bits_withSeed(&id, sizeof(id), seed);
}

/* Of an idempotency key. */
static inline uint64_t hash_rid(uint64_t person, const struct gj_rid *rid, uint64_t seed)
{
    uint8_t key[24];
    memcpy(key, &person, 8);
    memcpy(key + 8, rid->bytes, 16);
    return XXH3_64bits_withSeed(key, sizeof(key), seed);
}

#endif
