/* fuzz/program.h -- inputs that are programs: steps of 16 bytes, one behind the other; bytes behind
 * the last whole step are ignored. What a step means is each target's own. fuzz/mutate.c changes
 * such inputs step by step, for libFuzzer and for AFL++. */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

struct step {
    uint8_t verb;
    uint8_t person, other; /* whom */
    uint8_t kind, detail, flags, auth;
    uint8_t back;   /* which of the earlier ones, counted backwards */
    int32_t amount; /* how much: changed by halves, doubles and small differences */
    uint8_t edge;   /* of what limit `amount` is near */
    uint8_t age;
    uint16_t arg;
};
static_assert(sizeof(struct step) == 16, "steps of one size");

#define STEPS_MAX 256u /* of one input; what follows is ignored */

static inline size_t program_steps(size_t size)
{
    size_t steps = size / sizeof(struct step);
    return steps < STEPS_MAX ? steps : STEPS_MAX;
}

#endif
