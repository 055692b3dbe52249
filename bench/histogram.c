/* bench/histogram.c -- buckets: the first 2^11 values one each, then 2^10 for every power of two.
 */
#include "bench/histogram.h"

#include <string.h>

#define VALUE_MAX ((UINT64_C(1) << HISTOGRAM_MAX_BITS) - 1)

static uint32_t bucket_of(uint64_t value)
{
    if (value > VALUE_MAX) value = VALUE_MAX;
    uint32_t width = 64u - (uint32_t)__builtin_clzll(value | 1);
    uint32_t shift = width > HISTOGRAM_SUB_BITS ? width - HISTOGRAM_SUB_BITS : 0;
    return shift * HISTOGRAM_HALF + (uint32_t)(value >> shift);
}

/* The largest value of a bucket. */
static uint64_t bucket_end(uint32_t bucket)
{
    uint32_t shift = bucket < 2 * HISTOGRAM_HALF ? 0 : bucket / HISTOGRAM_HALF - 1;
    uint64_t within = bucket - shift * HISTOGRAM_HALF;
    return ((within + 1) << shift) - 1;
}

void histogram_clear(struct histogram *h)
{
    memset(h, 0, sizeof(*h));
}

void histogram_record(struct histogram *h, uint64_t value, uint64_t weight)
{
    h->counts[bucket_of(value)] += weight;
    h->total += weight;
    if (weight > 0 && value > h->max) h->max = value;
}

void histogram_merge(struct histogram *h, const struct histogram *from)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) h->counts[i] += from->counts[i];
    h->total += from->total;
    if (from->max > h->max) h->max = from->max;
}

uint64_t histogram_at(const struct histogram *h, uint32_t per_million)
{
    if (h->total == 0) return 0;
    /* ceil(total * share), at least 1; split so that the product cannot overflow */
    uint64_t whole = h->total / 1000000 * per_million;
    uint64_t part = (h->total % 1000000 * per_million + 999999) / 1000000;
    uint64_t want = whole + part > 0 ? whole + part : 1;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen < want) continue;
        uint64_t end = bucket_end(i);
        return end < h->max && i + 1 < HISTOGRAM_BUCKETS ? end : h->max;
    }
    return h->max;
}
