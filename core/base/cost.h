/* core/base/cost.h -- what looking at something costs, so that a loop can share out its time by
 * counting, the same on every machine and in every run.
 *
 * One unit is about 10 ns on the machine of README.md's figures. The numbers are upper ones: memory
 * that is in cache already costs a tenth. */
#ifndef CORE_BASE_COST_H
#define CORE_BASE_COST_H

#define COST_LINE 10u /* a line of memory somewhere, not in cache */
#define COST_NEAR 1u  /* the line behind it, or some dozen instructions on what is in cache */
#define COST_HASH 3u  /* XXH3 of an object of one or two lines */
/* An operation whose lines were fetched ahead, from decide() to its reply. */
#define COST_OPERATION 25u
/* One entry of a person's chain of open holds. */
#define COST_CHAIN (COST_LINE + 2 * COST_NEAR)

#endif
