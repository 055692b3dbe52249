/* fuzz/mutate_libfuzzer.c -- the names libFuzzer looks for. */
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    return mutate_program(data, size, size_max, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t size_a, const uint8_t *b, size_t size_b,
                                 uint8_t *out, size_t size_max, unsigned seed)
{
    return mutate_join(a, size_a, b, size_b, out, size_max, seed);
}
