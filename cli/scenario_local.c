/* cli/scenario_local.c -- scenario target in this process: one state, a log in memory, no sockets.
 * `crash` builds a new state from the bytes of that log by commit() alone, as recovery does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_format.h"
#include "record.h"
#include "scenario_target.h"
#include "state.h"

#define LOG_MEMORY_MAX (64u << 20) /* bytes; a scenario file cannot say that much */

struct logged {
    uint64_t position; /* in lines */
    uint64_t time_ms;
};

struct local {
    struct scenario_target target;
    struct state_config config;
    struct state *state;
    uint64_t time_ms;
    uint8_t *log; /* line 0 is no position: it stays empty */
    size_t log_size, log_capacity;
    struct logged *records;
    size_t records_count, records_capacity;
};

static bool fail(struct local *local, const char *what)
{
    snprintf(local->target.error, sizeof(local->target.error), "%s", what);
    return false;
}

static struct state *new_state(const struct state_config *config)
{
    struct state_memory parts;
    uint64_t size = state_size(config, &parts);
    void *memory = NULL;
    if (size == 0 || posix_memalign(&memory, 64, size) != 0) return NULL;
    memset(memory, 0, size);
    return state_init(config, memory);
}

static bool local_start(struct scenario_target *target, const struct scenario_limits *limits)
{
    struct local *local = (struct local *)target;
    local->config = (struct state_config){
        .persons_max = (uint32_t)limits->persons_max,
        .families_max = (uint32_t)limits->persons_max,
        .institutions_max = 1024,
        .rids_max = limits->rids_max,
        .hash_seed = UINT64_C(0x9e3779b97f4a7c15),
    };
    local->state = new_state(&local->config);
    local->log = calloc(1, GJ_RECORD_UNIT);
    local->log_size = local->log_capacity = GJ_RECORD_UNIT;
    local->time_ms = SCENARIO_START_MS;
    return (local->state != NULL && local->log != NULL) || fail(local, "out of memory");
}

static void local_stop(struct scenario_target *target)
{
    struct local *local = (struct local *)target;
    free(local->state);
    free(local->log);
    free(local->records);
    *local = (struct local){.target = local->target};
}

static bool append(struct local *local, const void *record, uint32_t size, uint64_t *position)
{
    if (local->log_size + size > LOG_MEMORY_MAX) return fail(local, "the file is too long");
    if (local->log_size + size > local->log_capacity) {
        size_t more = (local->log_size + size) * 2;
        uint8_t *grown = realloc(local->log, more);
        if (grown == NULL) return fail(local, "out of memory");
        local->log = grown;
        local->log_capacity = more;
    }
    if (local->records_count == local->records_capacity) {
        size_t more = local->records_capacity == 0 ? 64 : local->records_capacity * 2;
        struct logged *grown = realloc(local->records, more * sizeof(*grown));
        if (grown == NULL) return fail(local, "out of memory");
        local->records = grown;
        local->records_capacity = more;
    }
    *position = local->log_size / GJ_RECORD_UNIT;
    memcpy(local->log + local->log_size, record, size);
    local->log_size += size;
    local->records[local->records_count++] = (struct logged){*position, local->time_ms};
    return true;
}

static void gather(const struct local *local, const struct needs *wanted, struct decide_input *in)
{
    *in = (struct decide_input){.time_ms = local->time_ms, .seq = state_seq(local->state) + 1};
    for (uint32_t i = 0; i < wanted->count; i++) {
        uint64_t position = wanted->positions[i];
        in->evidence[in->evidence_count++] =
            (struct evidence){position, local->log + position * GJ_RECORD_UNIT};
    }
}

static bool local_execute(struct scenario_target *target, const struct scenario_request *request,
                          struct gj_reply *reply, struct gj_reply_sources *sources)
{
    struct local *local = (struct local *)target;
    struct needs wanted;
    struct decide_input in;
    struct decision decision;
    _Alignas(64) uint8_t record[GJ_RECORD_SIZE_MAX];
    uint64_t position = 0;
    needs(local->state, &request->op, &wanted);
    gather(local, &wanted, &in);
    decide(local->state, &request->op, &in, record, &decision);
    *reply = decision.reply;
    *sources = (struct gj_reply_sources){.remainder = 0};
    if (reply->flags & GJ_REPLY_SOURCES) *sources = decision.sources;
    if (decision.kind != DECISION_RECORD) return true;
    if (!append(local, record, decision.record_size, &position)) return false;
    commit(local->state, record, position, local->time_ms);
    return true;
}

static bool local_query(struct scenario_target *target, const struct scenario_request *request,
                        struct gj_answer *answer, void *payload)
{
    struct local *local = (struct local *)target;
    struct needs wanted;
    struct decide_input in;
    _Alignas(8) static uint8_t out[GJ_READ_ANSWER_MAX];
    query_needs(local->state, &request->read, &wanted);
    gather(local, &wanted, &in);
    uint32_t size = query(local->state, &request->read, &in, out, sizeof(out));
    memcpy(answer, out, sizeof(*answer));
    memcpy(payload, out + sizeof(*answer), size - sizeof(*answer));
    return true;
}

static bool local_set_time(struct scenario_target *target, uint64_t time_ms)
{
    ((struct local *)target)->time_ms = time_ms;
    return true;
}

/* Builds the state again from the log; the old one is only compared with. */
static bool redo(struct local *local, struct state *fresh)
{
    for (size_t i = 0; i < local->records_count; i++) {
        uint64_t at = local->records[i].position * GJ_RECORD_UNIT;
        const uint8_t *record = local->log + at;
        if (record_size(record, local->log_size - at) == 0 ||
            record_fits(fresh, record) != RECORD_FITS) {
            return fail(local, "a record in the log cannot be read back");
        }
        commit(fresh, record, local->records[i].position, local->records[i].time_ms);
    }
    uint64_t before[2], after[2];
    state_digest(local->state, before);
    state_digest(fresh, after);
    if (memcmp(before, after, sizeof(before)) != 0 || state_seq(fresh) != state_seq(local->state)) {
        return fail(local, "the state after redo is not the state before the crash");
    }
    if (state_rid_floor_ms(fresh) != state_rid_floor_ms(local->state)) {
        return fail(local, "the rid floor after redo is not the one before the crash");
    }
    const char *broken = state_audit(fresh);
    return broken == NULL || fail(local, broken);
}

static bool local_crash(struct scenario_target *target)
{
    struct local *local = (struct local *)target;
    struct state *fresh = new_state(&local->config);
    if (fresh == NULL) return fail(local, "out of memory");
    if (!redo(local, fresh)) {
        free(fresh);
        return false;
    }
    free(local->state);
    local->state = fresh;
    return true;
}

struct scenario_target *scenario_local_new(void)
{
    struct local *local = calloc(1, sizeof(*local));
    if (local == NULL) return NULL;
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

void scenario_target_free(struct scenario_target *target)
{
    free(target);
}
