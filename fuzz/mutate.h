/* fuzz/mutate.h -- changes programs (fuzz/program.h) by whole steps, so that what stands before and
 * behind a change still means what it meant. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* Changes the program in `data` in place, one to four times: steps inserted, deleted, repeated,
 * swapped, moved; a field or an amount changed. Returns its new size, at most `size_max`. */
size_t mutate_program(uint8_t *data, size_t size, size_t size_max, uint64_t seed);
/* Some first steps of one program and some last ones of another, in `out`. */
size_t mutate_join(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b, uint8_t *out,
                   size_t size_max, uint64_t seed);

#endif
