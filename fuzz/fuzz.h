/* fuzz/fuzz.h -- the one function every fuzz target defines. libFuzzer calls it with its inputs;
 * fuzz/corpus_main.c calls it with files, so that corpora run as ordinary tests. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Must return 0 for every input, or end the process. `data` is borrowed for the call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What libFuzzer asks of a target whose inputs are programs: fuzz/mutate_libfuzzer.c. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b,
                                 uint8_t *out, size_t size_max, unsigned seed);
/* And AFL++: fuzz/mutate_afl.c. */
void *afl_custom_init(void *afl, unsigned seed);
void afl_custom_deinit(void *mutator);
size_t afl_custom_fuzz(void *mutator, uint8_t *data, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t size_max);

#endif
