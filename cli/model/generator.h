/* cli/model/generator.h -- random operations for a small world: mostly sensible, often at the
 * edge of a rule, sometimes nonsense. It looks at the model to know where the edges are. */
#ifndef CLI_MODEL_GENERATOR_H
#define CLI_MODEL_GENERATOR_H

#include <stdio.h>

#include "cli/model/model.h"

#define WORLD_REGIONS          6u  /* ids 1..6; 7 is never set */
#define WORLD_CENTRES          3u  /* of them, where most persons and all institutions are */
#define WORLD_PERSONS          16u /* ids 100..115, and 99 which is never opened */
#define WORLD_PERSONS_MAX      14u
#define WORLD_INSTITUTIONS     6u /* ids 10..15, and 9 which is never set */
#define WORLD_INSTITUTIONS_MAX 5u
#define WORLD_FAMILIES_MAX     9u
#define WORLD_HOARDER          100u

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
    uint32_t holds_max;  /* open holds and pending transfers that this world has room for */
    uint32_t ahead_max;  /* requests ahead of their time at once */
    uint32_t early;      /* chance in a hundred that a rid is of a clock that is ahead */
    uint32_t rids_max;   /* remembered rids; 0 = more than the sequence has */
    unsigned strictness; /* percent: how often a policy field differs from the lenient one */
    unsigned two_step;   /* percent of policies with receive_mode ACCEPT */
    unsigned closing;    /* how often somebody is to be closed */
    bool rich;           /* balances near the maximum */
    bool hoard;          /* one person begins as many holds as possible */
    /* What may be set after generator_init(): */
    bool plain;              /* only what a line of a scenario file can say */
    unsigned setup;          /* the first so many operations build a world */
    unsigned retries;        /* percent: an earlier request again */
    const uint16_t *weights; /* by operation type, 256 of them; NULL = the usual mix */
    unsigned hot;            /* most operations are about the first so many persons; 0 = no such */
    uint16_t region_ids[8];  /* the regions there are, if they are not 1..WORLD_REGIONS */
    unsigned region_count;
};

/* What kind of world the seed makes, and when it begins. */
void generator_init(struct generator *g, uint64_t seed);
uint64_t generator_random(struct generator *g);
/* A step of log time: seconds, days, to midnight, to the end of a year, to the instant at which
 * something falls due or a policy begins, or one millisecond beside it. */
void generator_step(struct generator *g, const struct model *m);
/* The next operation, for g->time_ms. */
void generator_next(struct generator *g, const struct model *m, struct generated *ret);
/* In the words of scenario files, with every field that matters. */
void generated_print(FILE *out, const struct gj_op *op, uint64_t time_ms);

#endif
