/* tests/sim/checks.h -- what must hold after every recovery.
 *
 * Each returns false with one line in `fault` (CHECK_FAULT_SIZE bytes). */
#ifndef TESTS_SIM_CHECKS_H
#define TESTS_SIM_CHECKS_H

#include "io/engine/shard_memory.h"
#include "tests/sim/auditor.h"
#include "tests/sim/history.h"

#define CHECK_FAULT_SIZE 256u

/* Every group of `before`, which the disk had confirmed, is in `after`, byte for byte. */
bool check_kept(const struct log_bytes *before, const struct log_bytes *after, char *fault);

/* The live state is that which the records of the log make of an empty one. `shard` is where they
 * do: it is cleared first. */
bool check_replay(const struct log_bytes *log, struct shard_memory *shard, const struct state *live,
                  char *fault);

/* Everything that can be read of the live state at `time_ms` is what the auditor's model has. All
 * records of the log must be audited. */
bool check_everything(struct auditor *a, const struct history *h, const struct state *live,
                      uint64_t time_ms);

#endif
