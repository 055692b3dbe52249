/* cli/fuzz_local.c -- the target of sequences in this process: a shard with its log in memory that
 * is emptied, not made anew, for each of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_run.h"
#include "limits.h"
#include "shard_memory.h"

/* Room for any sequence: an operation writes a record, and what it began expires with another. */
#define LINES_EACH (2u * GJ_RECORD_SIZE_MAX / GJ_RECORD_UNIT)

struct fuzz_local {
    struct scenario_target target;
    struct shard_memory *shard;
    size_t steps_max;
};

static bool fail(struct fuzz_local *local, const char *what)
{
    snprintf(local->target.error, sizeof(local->target.error), "%s", what);
    return false;
}

/* Answers are those of cli/scenario_local.c: tables that no sequence can fill are smaller here. */
static bool local_start(struct scenario_target *target, const struct scenario_limits *limits)
{
    struct fuzz_local *local = (struct fuzz_local *)target;
    uint64_t rids = 4 * (uint64_t)local->steps_max + 64;
    uint64_t persons = limits->persons_max, holds = limits->holds_max;
    if (persons > MODEL_PERSONS_MAX) persons = MODEL_PERSONS_MAX;
    if (holds > local->steps_max) holds = local->steps_max;
    const struct state_config config = {
        .persons_max = (uint32_t)persons,
        .families_max = (uint32_t)persons,
        .institutions_max = MODEL_INSTITUTIONS_MAX,
        .holds_max = (uint32_t)holds,
        .rids_max = limits->rids_max < rids ? limits->rids_max : rids,
        .hash_seed = UINT64_C(0x9e3779b97f4a7c15),
    };
    if (local->shard == NULL || !shard_memory_clear(local->shard, &config, MODEL_REGIONS_MAX)) {
        shard_memory_free(local->shard);
        local->shard = shard_memory_new(&config, (local->steps_max + 64) * LINES_EACH);
    }
    if (local->shard == NULL) return fail(local, "out of memory");
    local->shard->time_ms = SCENARIO_START_MS;
    return true;
}

static void local_stop(struct scenario_target *target)
{
    (void)target;
}

static bool local_execute(struct scenario_target *target, const struct scenario_request *request,
                          struct gj_reply *reply, struct gj_reply_sources *sources)
{
    struct fuzz_local *local = (struct fuzz_local *)target;
    shard_memory_execute(local->shard, &request->op, reply, sources, NULL);
    return true;
}

static bool local_query(struct scenario_target *target, const struct scenario_request *request,
                        struct gj_answer *answer, void *payload)
{
    struct fuzz_local *local = (struct fuzz_local *)target;
    _Alignas(8) static uint8_t out[GJ_READ_ANSWER_MAX];
    uint32_t size = shard_memory_query(local->shard, &request->read, out, sizeof(out));
    memcpy(answer, out, sizeof(*answer));
    memcpy(payload, out + sizeof(*answer), size - sizeof(*answer));
    return true;
}

static bool local_set_time(struct scenario_target *target, uint64_t time_ms)
{
    struct fuzz_local *local = (struct fuzz_local *)target;
    local->shard->time_ms = time_ms;
    shard_memory_expire(local->shard, UINT32_MAX);
    return true;
}

static bool local_crash(struct scenario_target *target)
{
    struct fuzz_local *local = (struct fuzz_local *)target;
    if (!shard_memory_redo(local->shard)) {
        return fail(local, "the state after redo is not the state before the crash");
    }
    const char *broken = state_audit(local->shard->s);
    return broken == NULL || fail(local, broken);
}

struct scenario_target *fuzz_local_new(size_t steps_max)
{
    struct fuzz_local *local = calloc(1, sizeof(*local));
    if (local == NULL) return NULL;
    local->steps_max = steps_max;
    local->target = (struct scenario_target){
        .start = local_start,
        .execute = local_execute,
        .query = local_query,
        .set_time = local_set_time,
        .crash = local_crash,
        .stop = local_stop,
        .fresh = true,
    };
    return &local->target;
}

void fuzz_local_free(struct scenario_target *target)
{
    struct fuzz_local *local = (struct fuzz_local *)target;
    if (local == NULL) return;
    shard_memory_free(local->shard);
    free(local);
}
