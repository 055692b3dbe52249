/* tests/blackbox/sweep_flips.h -- one flipped bit, anywhere in a log, millions of times.
 *
 * A whole recovery for each would take days, and is not needed: what a recovery does with a block
 * rests on four questions alone (core/format/log_format.h: is it zero, does a group verify here, is
 * it a newer format's, another log's), and a flip changes the answers of one group at most. So each
 * flip is put to the four questions, and flips of one group with the same answers share one whole
 * recovery, judged by sweep_place_judge(). Besides, one flip in `recover_every` is recovered
 * whole, and must come out as the answers said. */
#ifndef TESTS_BLACKBOX_SWEEP_FLIPS_H
#define TESTS_BLACKBOX_SWEEP_FLIPS_H

#include "tests/blackbox/sweep_place.h"

struct sweep_flips {
    uint64_t seed;          /* of the bits chosen */
    uint64_t every;         /* every header byte, and of the others one in so many */
    uint64_t bits;          /* different ones of each byte, 1 .. 8 */
    uint64_t recover_every; /* flips from one whole recovery to the next */

    uint64_t flips;    /* done */
    uint64_t refused;  /* detected, and refused */
    uint64_t harmless; /* in padding or where nothing is: the state is what it was */
    uint64_t cut;      /* detected in what nobody was told of, and cut as a torn tail */
    uint64_t wrong;    /* neither */
    uint64_t wrong_at; /* the first of them */
    uint32_t wrong_bit;
};

/* All of it. The place is as it was afterwards. */
void sweep_flips_run(struct sweep_flips *flips, struct sweep_place *place);
/* One flip, recovered whole; false if it comes out wrong. */
bool sweep_flips_one(struct sweep_place *place, uint64_t at, uint32_t bit);

#endif
