/* io/gongjid/memory_plan.h -- all memory of the server, taken once at start: one block for the
 * state, one for the connection table, the log's own; buffers of connections are bounded by
 * --buffers-max. Prints the formula and the sum, and refuses what does not fit this machine or its
 * control group. */
#ifndef IO_GONGJID_MEMORY_PLAN_H
#define IO_GONGJID_MEMORY_PLAN_H

#include "core/core.h"
#include "io/gongjid/config.h"

/* The capacities that the flags ask for; without the hash seed. */
struct state_config memory_state_config(const struct config *config);

/* Prints what each part takes to stderr; false, with a line that says what to lower, if the sum
 * does not fit. `other` is what the log and the connection table take, in bytes. */
NODISCARD bool memory_plan(const struct config *config, uint64_t other);

#endif
