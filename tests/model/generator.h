/* tests/model/generator.h -- random operations for a small world: mostly sensible, often at the
 * edge of a rule, sometimes nonsense. It looks at the model to know where the edges are. */
#ifndef TESTS_MODEL_GENERATOR_H
#define TESTS_MODEL_GENERATOR_H

#include <stdio.h>

#include "model.h"

#define WORLD_REGIONS          6u  /* ids 1..6; 7 is never set */
#define WORLD_PERSONS          14u /* ids 100..113, and 99 which is never opened */
#define WORLD_PERSONS_MAX      12u
#define WORLD_INSTITUTIONS     6u /* ids 10..15, and 9 which is never set */
#define WORLD_INSTITUTIONS_MAX 5u
#define WORLD_FAMILIES_MAX     8u

/* An operation with room for its extension lines behind it. */
struct generated {
    struct gj_op op;
    uint8_t ext[GJ_EXT_MAX * GJ_RECORD_UNIT];
    bool read_only;
};

struct generator {
    uint64_t random;
    uint64_t time_ms;  /* log time of the operation generated last */
    uint64_t rid_next; /* makes rids unique */
    uint32_t made;
    unsigned strictness; /* percent: how often a policy field differs from the lenient one */
    bool rich;           /* balances near the maximum */
};

void generator_init(struct generator *g, uint64_t seed);
uint64_t generator_random(struct generator *g);
/* The next operation, and the step of log time before it. */
void generator_next(struct generator *g, const struct model *m, struct generated *ret);
/* In the words of scenario files, with every field that matters. */
void generated_print(FILE *out, const struct gj_op *op, uint64_t time_ms);

#endif
