/* bench/histogram.h -- latencies as counts in log-linear buckets: 3 significant digits,
 * percentiles.
 *
 * Debian 12 packages no C HDR histogram, and the generator needs nothing of one but recording with
 * a weight, merging and percentiles, so it is here. Values are nanoseconds, 0 .. about 73 minutes
 * (larger ones count as the largest). A value is kept to within 1/1024 of itself; percentiles
 * answer the upper end of the bucket, so they never flatter. Recording costs a few
 * nanoseconds and never allocates. Not thread-safe. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 11u /* 2^11 linear buckets at first: 3 digits need 2 * 10^3 */
#define HISTOGRAM_MAX_BITS 42u
#define HISTOGRAM_HALF     (1u << (HISTOGRAM_SUB_BITS - 1))
#define HISTOGRAM_BUCKETS  ((HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 2) * HISTOGRAM_HALF)

struct histogram {
    uint64_t total; /* weight recorded */
    uint64_t max;   /* exact */
    uint64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *h);

/* Counts `value` `weight` times. */
void histogram_record(struct histogram *h, uint64_t value, uint64_t weight);

/* Adds all of `from` to `h`. */
void histogram_merge(struct histogram *h, const struct histogram *from);

/* The smallest recorded value (rounded up to its bucket's end, at most `max`) that at least
 * `per_million` of a million of the weight does not exceed; 0 if nothing is recorded. */
uint64_t histogram_at(const struct histogram *h, uint32_t per_million);

#endif
