/* fuzz/mutate_afl.c -- the names AFL++ looks for in AFL_CUSTOM_MUTATOR_LIBRARY. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/program.h"

#define OUT_MAX (STEPS_MAX * sizeof(struct step))

struct mutator {
    uint64_t seed;
    uint8_t out[OUT_MAX];
};

void *afl_custom_init(void *afl, unsigned seed)
{
    (void)afl;
    struct mutator *m = calloc(1, sizeof(*m));
    if (m != NULL) m->seed = seed;
    return m;
}

void afl_custom_deinit(void *mutator)
{
    free(mutator);
}

/* Half of them are joined with another input first. */
size_t afl_custom_fuzz(void *mutator, uint8_t *data, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t size_max)
{
    struct mutator *m = mutator;
    size_t max = size_max < OUT_MAX ? size_max : OUT_MAX;
    m->seed++;
    if (other != NULL && m->seed % 2 == 0) {
        size = mutate_join(data, size, other, other_size, m->out, max, m->seed);
    } else {
        if (size > max) size = max;
        memcpy(m->out, data, size);
    }
    *out = m->out;
    return mutate_program(m->out, size, max, m->seed);
}
