/* cli/explore/local.c -- the target of sequences in this process: a shard with its log in memory
 * that is emptied, not made anew, for each of them. */
#include <stdlib.h>

#include "cli/explore/run.h"
#include "cli/scenario/local.h"
#include "core/format/limits.h"

/* Room for any sequence: an operation writes a record, and what it began expires with another. */
#define LINES_EACH (2u * GJ_RECORD_SIZE_MAX / GJ_RECORD_UNIT)

struct fuzz_local {
    struct scenario_local local; /* first */
    size_t steps_max;
};

/* Answers are those of cli/scenario/local.c: tables that no sequence can fill are smaller here. */
static bool local_start(struct scenario_target *target, const struct scenario_limits *limits)
{
    struct fuzz_local *fuzz = (struct fuzz_local *)target;
    uint64_t rids = 4 * (uint64_t)fuzz->steps_max + 64;
    uint64_t persons = limits->persons_max, holds = limits->holds_max;
    if (persons > MODEL_PERSONS_MAX) persons = MODEL_PERSONS_MAX;
    if (holds > fuzz->steps_max) holds = fuzz->steps_max;
    const struct state_config config = {
        .persons_max = (uint32_t)persons,
        .families_max = (uint32_t)persons,
        .institutions_max = MODEL_INSTITUTIONS_MAX,
        .holds_max = (uint32_t)holds,
        .rids_max = limits->rids_max < rids ? limits->rids_max : rids,
        .rids_ahead_max = (uint32_t)limits->ahead_max,
        .hash_seed = UINT64_C(0x9e3779b97f4a7c15),
    };
    struct shard_memory *shard = fuzz->local.shard;
    if (shard == NULL || !shard_memory_clear(shard, &config, MODEL_REGIONS_MAX)) {
        shard_memory_free(shard);
        shard = shard_memory_new(&config, (fuzz->steps_max + 64) * LINES_EACH);
        fuzz->local.shard = shard;
    }
    if (shard == NULL) return scenario_local_fail(&fuzz->local, "out of memory");
    shard->time_ms = limits->start_ms;
    return true;
}

static void local_stop(struct scenario_target *target)
{
    (void)target;
}

struct scenario_target *fuzz_local_new(size_t steps_max)
{
    struct fuzz_local *fuzz = calloc(1, sizeof(*fuzz));
    if (fuzz == NULL) return NULL;
    fuzz->steps_max = steps_max;
    scenario_local_init(&fuzz->local, local_start, local_stop);
    return &fuzz->local.target;
}

void fuzz_local_free(struct scenario_target *target)
{
    struct fuzz_local *fuzz = (struct fuzz_local *)target;
    if (fuzz == NULL) return;
    shard_memory_free(fuzz->local.shard);
    free(fuzz);
}
