/* io/engine/execute.c -- one operation, one read: fetch, decide, commit, or query. */
#include "io/engine/engine.h"

#include <string.h>

/* What the operation depends on, in as many rounds as it takes; nearly always nothing. */
static enum fetch_result op_fetch(struct engine *e, struct fetch_owner *owner,
                                  const struct gj_op *op, struct decide_input *in)
{
    struct needs n;
    in->fetched_count = 0;
    needs(e->state, op, NULL, 0, &n);
    while (UNLIKELY(n.count != in->fetched_count)) {
        enum fetch_result got = fetch_take(e, owner, &n, in);
        if (got != FETCH_READY) return got;
        needs(e->state, op, in->fetched, in->fetched_count, &n);
    }
    return FETCH_READY;
}

/* As op_fetch(), for a read. */
static enum fetch_result read_fetch(struct engine *e, struct fetch_owner *owner,
                                    const struct gj_read *read, struct decide_input *in)
{
    struct needs n;
    in->fetched_count = 0;
    query_needs(e->state, read, NULL, 0, &n);
    while (n.count != in->fetched_count) {
        enum fetch_result got = fetch_take(e, owner, &n, in);
        if (got != FETCH_READY) return got;
        query_needs(e->state, read, in->fetched, in->fetched_count, &n);
    }
    return FETCH_READY;
}

/* Decides and keeps the record there is, if any. False if the log takes none now. */
static inline bool op_decide(struct engine *e, const struct gj_op *op, const struct op_hint *hint,
                             struct decide_input *in, struct decision *d)
{
    in->read_only = log_read_only(e->log);
    void *record = log_reserve(e->log, e->log_ms);
    if (UNLIKELY(record == NULL)) {
        if (e->stall_ms == 0) e->stall_ms = e->now_ms;
        return false;
    }
    e->stall_ms = 0;
    in->time_ms = log_reserved_time_ms(e->log);
    in->seq = state_seq(e->state) + 1;
    in->dry_run = false;
    in->hint = hint;
    decide(e->state, op, in, record, d);
    e->ops_spent += d->cost;
    if (LIKELY(d->record_size != 0)) append_commit(e, record, d->record_size, in);
    if (UNLIKELY(walk_running(e->state))) e->ops_spent += walk_paid(e->state);
    return true;
}

enum engine_result engine_execute(struct engine *e, struct fetch_owner *owner,
                                  const struct gj_op *op, const struct op_hint *hint,
                                  uint32_t *budget, struct decision *ret)
{
    struct decide_input in;
    if (UNLIKELY(engine_ops_spent(e))) return ENGINE_SPENT;
    for (;;) {
        enum fetch_result got = op_fetch(e, owner, op, &in);
        if (UNLIKELY(got == FETCH_WAITING)) return ENGINE_FETCH;
        if (UNLIKELY(got == FETCH_FAILED)) {
            ret->reply = (struct gj_reply){.code = GJ_OUTCOME_UNKNOWN};
            return ENGINE_DONE;
        }
        bool decided = op_decide(e, op, hint, &in, ret);
        if (LIKELY(decided && ret->kind != DECISION_EXPIRE_FIRST)) break;
        if (decided) {
            e->stats.expired++;
            if (--*budget != 0 && !engine_ops_spent(e)) continue;
        }
        fetch_drop(e, owner);
        return decided ? ENGINE_SPENT : ENGINE_STALLED;
    }
    if (UNLIKELY(owner->set != NULL)) fetch_drop(e, owner);
    e->stats.operations++;
    e->stats.refusals += !gj_code_ok(ret->reply.code);
    e->stats.replays += ret->kind == DECISION_REPLAY;
    return ENGINE_DONE;
}

enum engine_result engine_query(struct engine *e, struct fetch_owner *owner,
                                const struct gj_read *read, void *out, uint32_t capacity,
                                uint32_t *ret_size)
{
    struct decide_input in;
    unsigned wants = query_walk(read);
    /* Who waited for a walk takes its answer now: the next one may have begun in the next tick. */
    if (engine_reads_spent(e) && !owner->walk_waits) return ENGINE_SPENT;
    if (wants != 0 && !engine_walked(e, owner, wants)) return ENGINE_SPENT;
    enum fetch_result got = read_fetch(e, owner, read, &in);
    if (got == FETCH_WAITING) return ENGINE_FETCH;
    if (got == FETCH_FAILED) {
        struct gj_answer answer = {.code = GJ_OUTCOME_UNKNOWN, .type = read->type};
        memcpy(out, &answer, sizeof answer);
        *ret_size = sizeof answer;
        return ENGINE_DONE;
    }
    in.time_ms = expire_read_time_ms(e);
    in.seq = state_seq(e->state) + 1;
    in.read_only = log_read_only(e->log);
    in.dry_run = true;
    in.walked = wants != 0;
    in.hint = NULL;
    uint32_t cost = 0;
    *ret_size = query(e->state, read, &in, out, capacity, &cost);
    ASSERT(*ret_size >= sizeof(struct gj_answer) && *ret_size % 8 == 0);
    fetch_drop(e, owner);
    if (!engine_reads_spent(e)) e->reads_spent += cost;
    e->stats.reads++;
    return ENGINE_DONE;
}

bool engine_overdue(struct engine *e)
{
    if (e->stall_ms == 0 || e->now_ms - e->stall_ms <= ENGINE_STALL_MS) return false;
    /* Whoever met the stall may have been refused or gone since: ask the log, not the past. */
    if (log_reserve(e->log, e->log_ms) == NULL) return true;
    e->stall_ms = 0;
    return false;
}
