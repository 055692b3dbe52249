/* cli/scenario/local.h -- between the two targets in this process: of scenario files, which take a
 * new shard each, and of `gongji fuzz`, which empties one again and again. */
#ifndef CLI_SCENARIO_LOCAL_H
#define CLI_SCENARIO_LOCAL_H

#include "cli/scenario/target.h"
#include "io/engine/shard_memory.h"

struct scenario_local {
    struct scenario_target target; /* first: the functions of the target find the rest by it */
    struct shard_memory *shard;
};

/* All functions of the target but these two, which make the shard and end with it. */
void scenario_local_init(struct scenario_local *local,
                         bool (*start)(struct scenario_target *, const struct scenario_limits *),
                         void (*stop)(struct scenario_target *));
/* Keeps `what` as the target's error; false. */
bool scenario_local_fail(struct scenario_local *local, const char *what);

#endif
