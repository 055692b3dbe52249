/* io/engine/expire.c -- ends holds and pending transfers at their due time, a few in each turn, so
 * that thousands due at one instant do not hold up anybody. */
#include "io/net/server.h"

/* Ends the earliest if it is due. */
static enum sweep expire_one(struct server *s)
{
    struct decide_input in = {.read_only = log_read_only(s->log)};
    bool serving = s->phase == SERVER_SERVING; /* else the log is about to end */
    void *record = serving ? log_reserve(s->log, server_time_ms(s)) : NULL; /* looks for room */
    if (in.read_only) return SWEEP_NEVER;
    if (record == NULL) return SWEEP_ROOM;
    in.time_ms = log_reserved_time_ms(s->log);
    in.seq = state_seq(s->state) + 1;
    /* A group that opened before the due instant takes it no more. */
    if (state_due_ms(s->state) > in.time_ms) return SWEEP_ROOM;
    uint32_t size = expire_due(s->state, &in, record);
    ASSERT(size != 0);
    server_keep(s, record, size, &in);
    s->figures.expired++;
    return SWEEP_MORE;
}

void sweep_run(struct server *s)
{
    s->sweep = SWEEP_DONE;
    if (s->failed) return;
    for (uint32_t i = 0; i < SERVER_EXPIRE_TURN; i++) {
        s->sweep = SWEEP_DONE;
        if (state_due_ms(s->state) > server_time_ms(s)) return;
        s->sweep = (uint8_t)expire_one(s);
        if (s->sweep != SWEEP_MORE) return;
    }
}

uint64_t sweep_read_time_ms(const struct server *s)
{
    uint64_t time_ms = log_next_time_ms(s->log, server_time_ms(s));
    if (s->sweep != SWEEP_ROOM) return time_ms;
    uint64_t written_ms = state_time_ms(s->state), open_ms = state_due_ms(s->state) - 1;
    uint64_t limit_ms = written_ms > open_ms ? written_ms : open_ms;
    return time_ms < limit_ms ? time_ms : limit_ms;
}

uint64_t sweep_wait_ms(const struct server *s)
{
    switch (s->sweep) {
    case SWEEP_MORE: return 0;
    case SWEEP_ROOM: return SERVER_RETRY_MS;
    case SWEEP_NEVER: return SERVER_ROOM_MS;
    default: break;
    }
    uint64_t due_ms = state_due_ms(s->state), now_ms = server_time_ms(s);
    if (due_ms <= now_ms) return 0; /* a client set the clock in this turn */
    if (due_ms == UINT64_MAX || s->config->test_clock) return UINT64_MAX;
    return due_ms - now_ms < SERVER_DUE_MS ? due_ms - now_ms : SERVER_DUE_MS;
}
