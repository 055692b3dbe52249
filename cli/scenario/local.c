/* cli/scenario/local.c -- scenario target in this process: a shard with its log in memory
 * (io/engine/shard_memory.h), no sockets. `crash` builds the state again from that log, as recovery
 * does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario/local.h"
#include "cli/scenario/parse.h"
#include "core/format/limits.h"

/* Room for any file: a statement writes one record, and what it began expires with another one. */
#define LOG_LINES_MAX (2u * SCENARIO_STATEMENTS_MAX * (GJ_RECORD_SIZE_MAX / GJ_RECORD_UNIT))

bool scenario_local_fail(struct scenario_local *local, const char *what)
{
    snprintf(local->target.error, sizeof(local->target.error), "%s", what);
    return false;
}

static bool local_start(struct scenario_target *target, const struct scenario_limits *limits)
{
    struct scenario_local *local = (struct scenario_local *)target;
    const struct state_config config = {
        .persons_max = (uint32_t)limits->persons_max,
        .families_max = (uint32_t)limits->persons_max,
        .institutions_max = 1024,
        .holds_max = (uint32_t)limits->holds_max,
        .rids_max = limits->rids_max,
        .rids_ahead_max = (uint32_t)limits->ahead_max,
        .hash_seed = UINT64_C(0x9e3779b97f4a7c15),
    };
    local->shard = shard_memory_new(&config, LOG_LINES_MAX);
    if (local->shard == NULL) return scenario_local_fail(local, "out of memory");
    local->shard->time_ms = limits->start_ms;
    return true;
}

static void local_stop(struct scenario_target *target)
{
    struct scenario_local *local = (struct scenario_local *)target;
    shard_memory_free(local->shard);
    local->shard = NULL;
}

static bool local_execute(struct scenario_target *target, const struct scenario_request *request,
                          struct gj_reply *reply, struct gj_reply_sources *sources)
{
    struct scenario_local *local = (struct scenario_local *)target;
    shard_memory_execute(local->shard, &request->op, reply, sources, NULL);
    return true;
}

static bool local_query(struct scenario_target *target, const struct scenario_request *request,
                        struct gj_answer *answer, void *payload)
{
    struct scenario_local *local = (struct scenario_local *)target;
    _Alignas(8) static uint8_t out[GJ_READ_ANSWER_MAX];
    uint32_t size = shard_memory_query(local->shard, &request->read, out, sizeof(out));
    memcpy(answer, out, sizeof(*answer));
    memcpy(payload, out + sizeof(*answer), size - sizeof(*answer));
    return true;
}

static bool local_set_time(struct scenario_target *target, uint64_t time_ms)
{
    struct scenario_local *local = (struct scenario_local *)target;
    local->shard->time_ms = time_ms;
    shard_memory_expire(local->shard, UINT32_MAX);
    return true;
}

static bool local_crash(struct scenario_target *target)
{
    struct scenario_local *local = (struct scenario_local *)target;
    if (!shard_memory_redo(local->shard)) {
        return scenario_local_fail(local, "the state after redo is not the state before the crash");
    }
    const char *broken = state_audit(local->shard->s);
    return broken == NULL || scenario_local_fail(local, broken);
}

void scenario_local_init(struct scenario_local *local,
                         bool (*start)(struct scenario_target *, const struct scenario_limits *),
                         void (*stop)(struct scenario_target *))
{
    local->target = (struct scenario_target){
        .start = start,
        .execute = local_execute,
        .query = local_query,
        .set_time = local_set_time,
        .crash = local_crash,
        .stop = stop,
        .fresh = true,
    };
}

struct scenario_target *scenario_local_new(void)
{
    struct scenario_local *local = calloc(1, sizeof(*local));
    if (local == NULL) return NULL;
    scenario_local_init(local, local_start, local_stop);
    return &local->target;
}

void scenario_target_free(struct scenario_target *target)
{
    free(target);
}
