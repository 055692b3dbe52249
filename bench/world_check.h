/* bench/world_check.h -- whether the persons of a server are those that `gongji bench --populate`
 * made, before anything of theirs is touched. They are known by their families: persons 4k+1 have
 * bound the three behind them as spouse, child and parent, in this order. Their regions follow from
 * the seed. A few dozen are looked at, not all. */
#ifndef BENCH_WORLD_CHECK_H
#define BENCH_WORLD_CHECK_H

#include "bench/mix.h"

#define WORLD_CHECK_WHY_SIZE 320

/* Before a load: persons 1..N are there and made with this seed. 0, a negative enum gj_error, or 1:
 * `why` says which person is not as it must be. */
int world_check_load(const struct world *world, struct gj_client *client,
                     char why[WORLD_CHECK_WHY_SIZE]);

/* Before populating: the server holds no persons but those of an earlier populate with this seed.
 * Otherwise 1, and `why` says what would be changed. */
int world_check_populate(const struct world *world, struct gj_client *client,
                         char why[WORLD_CHECK_WHY_SIZE]);

/* Which premiums are paid already, so that a load begins with those that are not: a bit each, in
 * the order of mix_stream. NULL is left if the mix pays none. 0, or a negative enum gj_error. */
int world_premiums(const struct world *world, const struct mix *mix, struct gj_client *client,
                   bool progress, struct premiums *ret);

#endif
