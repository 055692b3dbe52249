/* tests/sim/checks.c -- recovered state and log beside what was there before. */
#include "tests/sim/checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool check_kept(const struct log_bytes *before, const struct log_bytes *after, char *fault)
{
    if (after->group_count < before->group_count) {
        snprintf(fault, CHECK_FAULT_SIZE,
                 "the recovered log has %" PRIu64 " groups, but the disk had confirmed %" PRIu64,
                 after->group_count, before->group_count);
        return false;
    }
    if (before->size == 0) return true;
    if (before->size <= after->size && memcmp(before->bytes, after->bytes, before->size) == 0) {
        return true;
    }
    uint64_t at = 0;
    while (at < before->size && at < after->size && before->bytes[at] == after->bytes[at]) at++;
    uint64_t group = 0;
    while (group + 1 < before->group_count && before->groups[group + 1].at <= at) group++;
    snprintf(fault, CHECK_FAULT_SIZE,
             "group %" PRIu64 ", which the disk had confirmed, has changed", group + 1);
    return false;
}

bool check_replay(const struct log_bytes *log, struct shard_memory *shard, const struct state *live,
                  char *fault)
{
    const struct state_config config = shard->config;
    if (!shard_memory_clear(shard, &config, MODEL_REGIONS_MAX)) return false;
    struct state *s = shard->s;
    for (uint64_t i = 0; i < log->record_count; i++) {
        commit(s, log_bytes_op(log, i), log->records[i].line, log_bytes_header(log, i)->time_ms);
    }
    uint64_t of_log[2], of_live[2];
    state_digest(s, of_log);
    state_digest(live, of_live);
    if (state_seq(live) != log->record_count) {
        snprintf(fault, CHECK_FAULT_SIZE,
                 "the recovered state has %" PRIu64 " records, the log %" PRIu64, state_seq(live),
                 log->record_count);
        return false;
    }
    if (memcmp(of_log, of_live, sizeof(of_log)) == 0) return true;
    snprintf(fault, CHECK_FAULT_SIZE,
             "the recovered state is not what its %" PRIu64 " records make of an empty one",
             log->record_count);
    return false;
}

/* ---- all reads ---- */

struct asking {
    struct auditor *a;
    const struct state *live;
    uint64_t time_ms;
};

/* The record that begins at a position, NULL if none does. */
static const void *record_at(const struct log_bytes *log, uint64_t line)
{
    uint64_t low = 0, high = log->record_count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (log->records[middle].line < line)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == log->record_count || log->records[low].line != line) return NULL;
    return log_bytes_op(log, low);
}

static bool ask(struct asking *asking, struct gj_read read)
{
    static _Alignas(64) uint8_t out[GJ_READ_ANSWER_MAX + HISTORY_PAYLOAD_MIN];
    struct auditor *a = asking->a;
    struct decide_input in = {
        .time_ms = asking->time_ms, .seq = state_seq(asking->live) + 1, .dry_run = true};
    struct needs wanted;
    for (;;) {
        query_needs(asking->live, &read, in.fetched, in.fetched_count, &wanted);
        if (wanted.count == in.fetched_count) break;
        for (uint32_t i = in.fetched_count; i < wanted.count; i++) {
            const void *record = record_at(a->log, wanted.positions[i]);
            if (record == NULL) return audit_fault(a, "the state names a record that is not there");
            in.fetched[i] = (struct fetched_record){wanted.positions[i], record};
        }
        in.fetched_count = wanted.count;
    }
    struct gj_answer answer;
    uint32_t cost;
    if (query(asking->live, &read, &in, out, GJ_READ_ANSWER_MAX, &cost) < sizeof(answer)) {
        return audit_fault(a, "a read has no answer");
    }
    memcpy(&answer, out, sizeof(answer));
    return auditor_answer(a, &read, &answer, out + sizeof(answer));
}

static bool ask_world(struct asking *asking)
{
    bool same = ask(asking, (struct gj_read){.type = GJ_READ_AUDIT});
    for (uint64_t id = 99; same && id < 100 + WORLD_PERSONS; id++) {
        same = ask(asking, (struct gj_read){.type = GJ_READ_GET_PERSON, .id = id}) &&
               ask(asking, (struct gj_read){.type = GJ_READ_LIST_HOLDS, .id = id}) &&
               ask(asking, (struct gj_read){.type = GJ_READ_LIST_PENDING, .id = id});
    }
    for (uint16_t region = 1; same && region <= WORLD_REGIONS; region++) {
        same = ask(asking, (struct gj_read){.type = GJ_READ_REGION_TOTALS, .region = region});
    }
    uint16_t today = asking->a->model->day;
    for (uint64_t id = 9; same && id < 10 + WORLD_INSTITUTIONS; id++) {
        same =
            ask(asking, (struct gj_read){.type = GJ_READ_INSTITUTION_DAY, .id = id, .day = today});
    }
    return same;
}

bool check_everything(struct auditor *a, const struct history *h, const struct state *live,
                      uint64_t time_ms)
{
    struct asking asking = {
        .a = a, .live = live, .time_ms = time_ms < a->model->time_ms ? a->model->time_ms : time_ms};
    bool same = ask_world(&asking);
    for (uint64_t i = 0; same && i < h->request_count; i++) {
        const struct gj_op *op = &h->requests[i].what.op;
        same = ask(&asking,
                   (struct gj_read){.type = GJ_READ_GET_OP, .id = op->person, .rid = op->rid});
    }
    return same;
}
