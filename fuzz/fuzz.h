/* fuzz/fuzz.h -- the one function every fuzz target defines. libFuzzer calls it with its inputs;
 * fuzz/corpus_main.c calls it with files, so that corpora run as ordinary tests. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Must return 0 for every input, or end the process. `data` is borrowed for the call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
