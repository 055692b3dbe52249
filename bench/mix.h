/* bench/mix.h -- which operations a load test sends, and how often each.
 *
 * A mix file holds one `WORD WEIGHT` a line, each word at most once, weights whole numbers
 * 0..1000000; `#` starts a comment. The words:
 *
 *  - transfer: from the wallet of a random person to the wallet of a relative.
 *  - pay: a random person at an institution of its region, from the wallet.
 *  - pay-personal: the same of an employee, from the wallet and then the personal account.
 *  - premium: a resident's premium, paid by the family's payer. Every premium can be paid once:
 *    those that are paid already are left out, and when all are paid it sends transfers.
 *  - deposit: to an employee's personal account.
 */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include "bench/world.h"

enum mix_kind { MIX_TRANSFER, MIX_PAY, MIX_PAY_PERSONAL, MIX_PREMIUM, MIX_DEPOSIT, MIX_KINDS };

struct mix {
    uint32_t upto[MIX_KINDS]; /* cumulative share of 2^32; the last kind in use has 2^32-1 */
};

/* Reads the mix `transfer`, `premium-season` or a file. 0; else one line in `why`, and -1 if the
 * file cannot be read, -2 if what it says is wrong. */
#define MIX_WHY_SIZE 256
int mix_load(struct mix *mix, const char *name, char why[MIX_WHY_SIZE]);

bool mix_pays_premiums(const struct mix *mix);

/* The premiums of a world: a bit for each that was paid before the load began. */
struct premiums {
    uint8_t *paid; /* NULL = nobody looked */
    uint64_t count, left;
};

/* A stream of operations, the same for the same start but for the rids: those are always new, so
 * that two loads at once never send the same request. */
struct mix_stream {
    const struct world *world;
    const struct mix *mix;
    const struct premiums *premiums; /* NULL = none is paid */
    uint64_t state;                  /* of the random numbers */
    uint64_t premium_at;             /* next premium of the permutation, 0 .. premium_count */
    uint64_t premium_count, premium_step, premium_start;
    struct gj_rid_source rids;
};

void mix_start(struct mix_stream *stream, const struct world *world, const struct mix *mix,
               const struct premiums *premiums, uint64_t seed);

/* Writes the next operation (64 bytes). now_ms: its rid's time. */
void mix_next(struct mix_stream *stream, uint64_t now_ms, struct gj_op *op);

#endif
