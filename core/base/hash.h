/* core/base/hash.h -- hashes of bytes, by xxhash. All of it is inline: no symbol of the library is
 * linked. The other files of core/ take xxhash from here.
 *
 * Short keys of fixed length compile to a handful of instructions. The seed is the log's secret
 * random number, so clients cannot choose ids that collide. */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stdint.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/base.h"

/* Of a person or institution id. */
static inline uint64_t hash_id(uint64_t id, uint64_t seed)
{
    return XXH3_64bits_withSeed(&id, sizeof(id), seed);
}

/* Of an idempotency key: the first person and the 16 bytes of its rid. */
static inline uint64_t hash_rid(uint64_t person, const void *rid, uint64_t seed)
{
    uint8_t key[24];
    memcpy(key, &person, 8);
    memcpy(key + 8, rid, 16);
    return XXH3_64bits_withSeed(key, sizeof(key), seed);
}

/* Of any bytes, unseeded: a term of the state's digest. */
static inline u128 hash_128(const void *bytes, size_t size)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, size);
    return (u128)hash.high64 << 64 | hash.low64;
}

#endif
