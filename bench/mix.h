/* bench/mix.h -- which operations a load test sends, and how often each.
 *
 * A mix file holds one `WORD WEIGHT` a line, weights whole numbers 0..1000000, `#` starts a
 * comment: transfer      wallet of a random person to the wallet of a relative pay           a
 * payment of a random person at an institution of its region, from the wallet pay-personal  the
 * same from wallet and personal account (employees) premium       the premium of a resident from
 * the personal account of the family's payer deposit       a deposit to an employee's personal
 * account Every premium can be paid once: when all are, `premium` sends transfers. */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include "world.h"

enum mix_kind { MIX_TRANSFER, MIX_PAY, MIX_PAY_PERSONAL, MIX_PREMIUM, MIX_DEPOSIT, MIX_KINDS };

struct mix {
    uint32_t upto[MIX_KINDS]; /* cumulative share of 2^32; the last kind in use has 2^32-1 */
};

/* Reads the mix `transfer`, `premium-season` or a file. 0, or -1 with one line in `why`. */
#define MIX_WHY_SIZE 256
int mix_load(struct mix *mix, const char *name, char why[MIX_WHY_SIZE]);

/* A stream of operations; deterministic by its start. */
struct mix_stream {
    const struct world *world;
    const struct mix *mix;
    uint64_t state;      /* of the random numbers */
    uint64_t premium_at; /* next premium of the permutation, 0 .. premium_count */
    uint64_t premium_count, premium_step, premium_start;
    struct gj_rid_source rids;
};

void mix_start(struct mix_stream *stream, const struct world *world, const struct mix *mix,
               uint64_t seed);

/* Writes the next operation (64 bytes). now_ms: its rid's time. */
void mix_next(struct mix_stream *stream, uint64_t now_ms, struct gj_op *op);

#endif
